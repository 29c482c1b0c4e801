//! Panics. The host must abort this connection and no other, and must log the message that goes to standard error.

use socketserver_guest::{Handler, Request, Result};

#[derive(Default)]
struct Panic;

impl Handler for Panic {
    fn handle(&mut self, _: &mut Request) -> Result {
        panic!("the handler gave up on purpose")
    }
}

socketserver_guest::export!(Panic);
