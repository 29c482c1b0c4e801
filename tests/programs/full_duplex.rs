//! Behaves: sends 8 MiB while it receives, from one thread, and ends when the peer has sent everything and has got
//! everything. The host must let neither direction wait for the other.
//!
//! Byte number *n* of the 8 MiB is *n* modulo 251. A last line tells how many bytes were received.

use socketserver_guest::{Handler, Readiness, Request, Result};

const TOTAL: usize = 8 << 20;
const PERIOD: usize = 251;
const BLOCK: usize = 65_536;

#[derive(Default)]
struct FullDuplex;

impl Handler for FullDuplex {
    fn handle(&mut self, request: &mut Request) -> Result {
        let connection = request.connection();
        let pattern: Vec<u8> = (0..251).cycle().take(PERIOD + BLOCK).collect();
        let mut interest = Readiness::BOTH;
        let (mut sent, mut received) = (0, 0);
        while interest != Readiness::default() {
            let ready = connection.wait(interest)?;
            if ready.readable {
                let data = connection.receive(u32::MAX)?;
                received += data.len();
                interest.readable = !data.is_empty();
            }
            if ready.writable {
                let start = sent % PERIOD;
                let block = &pattern[start..start + BLOCK.min(TOTAL - sent)];
                sent += connection.send(block)?;
                interest.writable = sent < TOTAL;
            }
        }
        connection.send_all(format!("received {received}\n").as_bytes())?;
        Ok(())
    }
}

socketserver_guest::export!(FullDuplex);
