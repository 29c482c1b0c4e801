//! Executes an unreachable instruction. The host must abort this connection and no other.

use socketserver_guest::{Handler, Request, Result};

#[derive(Default)]
struct Trap;

impl Handler for Trap {
    fn handle(&mut self, _: &mut Request) -> Result {
        core::arch::wasm32::unreachable()
    }
}

socketserver_guest::export!(Trap);
