use std::io::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use socketserver_guest::{Handler, Request, Result};

/// The seconds from 1900 to 1970, as RFC 868 gives them.
const UNIX_EPOCH_SINCE_1900: u64 = 2_208_988_800;

/// Sends the seconds since 1900 as four bytes.
#[derive(Default)]
struct Time;

impl Handler for Time {
    fn handle(&mut self, request: &mut Request) -> Result {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        request.wfile.write_all(&time(now))?;
        Ok(())
    }
}

/// The RFC's number has 32 bits, so it begins again at 0 in 2036.
fn time(unix: u64) -> [u8; 4] {
    let [_, _, _, _, low @ ..] = (unix + UNIX_EPOCH_SINCE_1900).to_be_bytes();
    low
}

socketserver_guest::export!(Time);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_rfc() {
        // RFC 868: "the time 2,208,988,800 corresponds to 00:00 1 Jan 1970 GMT, 2,398,291,200 to 00:00 1 Jan 1976 GMT".
        assert_eq!(time(0), 2_208_988_800_u32.to_be_bytes());
        assert_eq!(time(189_302_400), 2_398_291_200_u32.to_be_bytes());
    }

    #[test]
    fn the_number_begins_again_in_2036() {
        assert_eq!(time(2_085_978_495), [0xff; 4]);
        assert_eq!(time(2_085_978_496), [0; 4]);
    }
}
