//! Behaves: for each line with a number allocates so many KiB, writes to all of them, keeps them, and answers `ok`. The
//! host must hold it to its limit of memory, and have all of it back at the end.

use std::hint::black_box;
use std::io::{BufRead as _, Write as _};

use socketserver_guest::{Handler, Request, Result};

#[derive(Default)]
struct Allocate {
    kept: Vec<Vec<u8>>,
}

impl Handler for Allocate {
    fn handle(&mut self, request: &mut Request) -> Result {
        let mut line = String::new();
        while request.rfile.read_line(&mut line)? > 0 {
            let kibibytes: usize = line.trim().parse()?;
            // Opaque, so that the compiler cannot leave out memory that nobody reads.
            self.kept.push(black_box(vec![0xa5; kibibytes << 10]));
            request.wfile.write_all(b"ok\n")?;
            line.clear();
        }
        Ok(())
    }
}

socketserver_guest::export!(Allocate);
