//! Says `ready`, and then never receives. The host must not keep what the peer sends, and must end the connection when
//! its time is up.

use std::io::Write as _;
use std::thread::sleep;
use std::time::Duration;

use socketserver_guest::{Handler, Request, Result};

#[derive(Default)]
struct NeverRead;

impl Handler for NeverRead {
    fn handle(&mut self, request: &mut Request) -> Result {
        request.wfile.write_all(b"ready\n")?;
        request.wfile.flush()?;
        loop {
            sleep(Duration::from_secs(3600));
        }
    }
}

socketserver_guest::export!(NeverRead);
