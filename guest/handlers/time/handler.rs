use std::io::Write;
use std::time::{SystemTime, UNIX_EPOCH};

use socketserver_guest::{DatagramHandler, DatagramRequest, Handler, Request, Result};

/// The seconds from 1900 to 1970, as RFC 868 gives them.
const UNIX_EPOCH_SINCE_1900: u64 = 2_208_988_800;

/// Sends the seconds since 1900 as four bytes.
#[derive(Default)]
struct Time;

impl Handler for Time {
    fn handle(&mut self, request: &mut Request) -> Result {
        answer(&mut request.wfile)
    }
}

/// RFC 868 has the client send an empty datagram; what another carries is ignored.
impl DatagramHandler for Time {
    fn handle(&mut self, request: &mut DatagramRequest) -> Result {
        answer(&mut request.wfile)
    }
}

fn answer(writer: &mut impl Write) -> Result {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    writer.write_all(&time(now))?;
    Ok(())
}

/// The RFC's number has 32 bits, so it begins again at 0 in 2036.
fn time(unix: u64) -> [u8; 4] {
    let [_, _, _, _, low @ ..] = (unix + UNIX_EPOCH_SINCE_1900).to_be_bytes();
    low
}

socketserver_guest::export!(Time);
socketserver_guest::export_datagrams!(Time);

#[cfg(test)]
mod tests {
    use socketserver_guest::testing::{Datagram, Peer, serve, serve_datagram};

    use super::*;

    #[test]
    fn a_connection_and_a_datagram_get_four_bytes() {
        let peer = Peer::default();
        serve::<Time>(&peer).unwrap();
        assert_eq!(peer.got_bytes().len(), 4);

        let datagram = Datagram::carrying("");
        serve_datagram::<Time>(&datagram).unwrap();
        let lengths: Vec<_> = datagram.sent_data().iter().map(Vec::len).collect();
        assert_eq!(lengths, [4]);
    }

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
