//! Behaves: sends both addresses of the connection, the remote one first, and closes.

use std::io::Write as _;

use socketserver_guest::{Handler, Request, Result};

#[derive(Default)]
struct Addresses;

impl Handler for Addresses {
    fn handle(&mut self, request: &mut Request) -> Result {
        let (remote, local) = (request.remote_address(), request.local_address());
        writeln!(request.wfile, "{remote}\n{local}")?;
        Ok(())
    }
}

socketserver_guest::export!(Addresses);
