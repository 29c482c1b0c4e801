//! Never receives. The host must not keep what the peer sends, and must end the connection when its time is up.

use std::thread::sleep;
use std::time::Duration;

use socketserver_guest::{Handler, Request, Result};

#[derive(Default)]
struct NeverRead;

impl Handler for NeverRead {
    fn handle(&mut self, _: &mut Request) -> Result {
        loop {
            sleep(Duration::from_secs(3600));
        }
    }
}

socketserver_guest::export!(NeverRead);
