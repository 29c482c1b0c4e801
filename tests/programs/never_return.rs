//! Echoes to the end of the stream and then sleeps for ever. The host must end it although the peer has gone.

use std::thread::sleep;
use std::time::Duration;

use socketserver_guest::{Handler, Request, Result};

#[derive(Default)]
struct NeverReturn;

impl Handler for NeverReturn {
    fn handle(&mut self, request: &mut Request) -> Result {
        request.rfile.copy_to(&mut request.wfile)?;
        loop {
            sleep(Duration::from_secs(3600));
        }
    }
}

socketserver_guest::export!(NeverReturn);
