use std::io::{BufRead as _, Read as _, Write as _};

use socketserver_guest::server::{BaseServer, ThreadingTcpServer};
use socketserver_guest::{Handler, Request, Result};

/// Answers each line in upper case; each connection has a sandbox of its own.
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

/// Runs once, from the start of the server to its end.
fn main() -> Result {
    let mut server = ThreadingTcpServer::new(("127.0.0.1", 9999))?;
    server.serve_forever()?;
    Ok(())
}

socketserver_guest::export!(Shout);
socketserver_guest::main!(main);
