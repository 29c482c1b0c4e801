//! Behaves: echoes connections as they are, and datagrams after the word `datagram`. The host must give each listener
//! the handler of its kind.

use std::io::Read as _;

use socketserver_guest::{DatagramHandler, DatagramRequest, Handler, Request, Result};

#[derive(Default)]
struct Both;

impl Handler for Both {
    fn handle(&mut self, request: &mut Request) -> Result {
        request.rfile.copy_to(&mut request.wfile)?;
        Ok(())
    }
}

impl DatagramHandler for Both {
    fn handle(&mut self, request: &mut DatagramRequest) -> Result {
        request.wfile.extend_from_slice(b"datagram ");
        request.rfile.read_to_end(&mut request.wfile)?;
        Ok(())
    }
}

socketserver_guest::export!(Both);
socketserver_guest::export_datagrams!(Both);
