//! Panics when its peer has sent something. The host must abort this connection and no other, and must log the message
//! that goes to standard error.

use std::io::BufRead as _;

use socketserver_guest::{Handler, Request, Result};

#[derive(Default)]
struct Panic;

impl Handler for Panic {
    fn handle(&mut self, request: &mut Request) -> Result {
        request.rfile.fill_buf()?;
        panic!("the handler gave up on purpose")
    }
}

socketserver_guest::export!(Panic);
