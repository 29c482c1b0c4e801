//! Opens a connection of its own. The host must refuse the component by the name of what it imports, `wasi:sockets`.

use std::net::TcpStream;

use socketserver_guest::{Handler, Request, Result};

#[derive(Default)]
struct SocketsImport;

impl Handler for SocketsImport {
    fn handle(&mut self, request: &mut Request) -> Result {
        let mut elsewhere = TcpStream::connect("127.0.0.1:9")?;
        request.rfile.copy_to(&mut elsewhere)?;
        Ok(())
    }
}

socketserver_guest::export!(SocketsImport);
