//! Allocates and touches 1 MiB after the other for ever, and tells the peer how many it has. The host must refuse memory
//! beyond the limit and abort this connection, and no other.

use socketserver_guest::{Handler, Request, Result};

const MIB: usize = 1 << 20;

#[derive(Default)]
struct GrowMemory;

impl Handler for GrowMemory {
    fn handle(&mut self, request: &mut Request) -> Result {
        let mut blocks = Vec::new();
        loop {
            blocks.push(vec![0xa5_u8; MIB]);
            let line = format!("{} MiB\n", blocks.len());
            request.connection().send_all(line.as_bytes())?;
        }
    }
}

socketserver_guest::export!(GrowMemory);
