//! Behaves: answers `timeout` for each 50 ms in which the peer sends nothing, and echoes what it sends.

use std::io::{BufRead as _, ErrorKind, Write as _};
use std::time::Duration;

use socketserver_guest::{Handler, Request, Result};

#[derive(Default)]
struct Timeouts;

impl Handler for Timeouts {
    fn handle(&mut self, request: &mut Request) -> Result {
        request.set_timeout(Some(Duration::from_millis(50)));
        loop {
            match request.rfile.fill_buf() {
                Ok([]) => return Ok(()),
                Ok(data) => {
                    let length = data.len();
                    request.wfile.write_all(data)?;
                    request.rfile.consume(length);
                }
                Err(error) if error.kind() == ErrorKind::TimedOut => request.wfile.write_all(b"timeout\n")?,
                Err(error) => return Err(error.into()),
            }
        }
    }
}

socketserver_guest::export!(Timeouts);
