//! Recurses without end when its peer has sent something. The host must abort this connection and no other, and must
//! not run out of stack itself.

use std::hint::black_box;
use std::io::BufRead as _;

use socketserver_guest::{Handler, Request, Result};

#[derive(Default)]
struct StackOverflow;

impl Handler for StackOverflow {
    fn handle(&mut self, request: &mut Request) -> Result {
        request.rfile.fill_buf()?;
        descend(1);
        Ok(())
    }
}

/// Works with the result of the call, so that the compiler can turn this into no loop, and has next to nothing in
/// memory: the stack that the host keeps must run out before the one that the guest keeps in its memory.
#[expect(unconditional_recursion, reason = "the fault of this program")]
fn descend(depth: u64) -> u64 {
    descend(black_box(depth) + 1).rotate_left(7) ^ depth
}

socketserver_guest::export!(StackOverflow);
