//! Recurses without end. The host must abort this connection and no other, and must not run out of stack itself.

use std::hint::black_box;

use socketserver_guest::{Handler, Request, Result};

#[derive(Default)]
struct StackOverflow;

impl Handler for StackOverflow {
    fn handle(&mut self, _: &mut Request) -> Result {
        descend(1);
        Ok(())
    }
}

/// The frame is used after the call, so that the compiler can turn this into no loop.
#[expect(unconditional_recursion, reason = "the fault of this program")]
fn descend(depth: u64) -> u64 {
    let frame = black_box([depth; 16]);
    descend(black_box(depth + 1)) + black_box(frame)[3]
}

socketserver_guest::export!(StackOverflow);
