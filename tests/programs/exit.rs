//! Ends the program in the middle of a connection. The host must abort this connection and live on. (Of the status, WASI
//! passes on no more than that it is not 0.)

use socketserver_guest::{Handler, Request, Result};

#[derive(Default)]
struct Exit;

impl Handler for Exit {
    fn handle(&mut self, _: &mut Request) -> Result {
        #[expect(clippy::exit, reason = "the fault of this program")]
        std::process::exit(3)
    }
}

socketserver_guest::export!(Exit);
