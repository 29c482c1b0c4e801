//! Sends for ever, whether or not the peer receives. The host must stop it in `send` while the peer does not receive.

use socketserver_guest::{Handler, Request, Result};

#[derive(Default)]
struct Flood;

impl Handler for Flood {
    fn handle(&mut self, request: &mut Request) -> Result {
        let block = [b'x'; 65_536];
        loop {
            request.connection().send_all(&block)?;
        }
    }
}

socketserver_guest::export!(Flood);
