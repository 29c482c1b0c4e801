//! Ends the program when its peer has sent something. The host must abort this connection and live on. (Of the status,
//! WASI passes on no more than that it is not 0.)

use std::io::BufRead as _;

use socketserver_guest::{Handler, Request, Result};

#[derive(Default)]
struct Exit;

impl Handler for Exit {
    fn handle(&mut self, request: &mut Request) -> Result {
        request.rfile.fill_buf()?;
        std::process::exit(3)
    }
}

socketserver_guest::export!(Exit);
