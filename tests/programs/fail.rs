//! Returns an error after having answered. The host must log the error, and close in order: the answer reaches the peer.

use std::io::Write as _;

use socketserver_guest::{Handler, Request, Result};

#[derive(Default)]
struct Fail;

impl Handler for Fail {
    fn handle(&mut self, request: &mut Request) -> Result {
        request.wfile.write_all(b"an answer\n")?;
        Err("told you so".into())
    }
}

socketserver_guest::export!(Fail);
