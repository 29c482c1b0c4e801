use std::io::{BufRead as _, Read as _, Write as _};

use socketserver_guest::{Handler, Request, Result};

/// Answers each line in upper case.
#[derive(Default)]
struct Shout;

impl Handler for Shout {
    fn handle(&mut self, request: &mut Request) -> Result {
        let mut line = Vec::new();
        // A line of more than 1,024 bytes is answered in parts, so that no peer can fill the memory.
        while (&mut request.rfile).take(1024).read_until(b'\n', &mut line)? > 0 {
            line.make_ascii_uppercase();
            request.wfile.write_all(&line)?;
            line.clear();
        }
        Ok(())
    }
}

socketserver_guest::export!(Shout);
