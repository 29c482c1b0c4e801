//! Behaves: receives one line, answers with 256 KiB of `x`, and returns while its peer may still be sending. The host
//! must let the peer get the whole answer, and not reset the connection over what nobody received.

use std::io::{BufRead as _, Read as _, Write as _};

use socketserver_guest::{Handler, Request, Result};

const LONGEST_LINE: u64 = 1024;
const ANSWER: usize = 256 << 10;

#[derive(Default)]
struct EarlyAnswer;

impl Handler for EarlyAnswer {
    fn handle(&mut self, request: &mut Request) -> Result {
        (&mut request.rfile).take(LONGEST_LINE).skip_until(b'\n')?;
        request.wfile.write_all(&vec![b'x'; ANSWER])?;
        Ok(())
    }
}

socketserver_guest::export!(EarlyAnswer);
