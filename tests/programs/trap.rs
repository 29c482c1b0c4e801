//! Executes an unreachable instruction when its peer has sent something. The host must abort this connection and no
//! other.

use std::io::BufRead as _;

use socketserver_guest::{Handler, Request, Result};

#[derive(Default)]
struct Trap;

impl Handler for Trap {
    fn handle(&mut self, request: &mut Request) -> Result {
        request.rfile.fill_buf()?;
        core::arch::wasm32::unreachable()
    }
}

socketserver_guest::export!(Trap);
