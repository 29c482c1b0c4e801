//! Behaves: greets, closes its sending side, and logs how many bytes it received after that. The host must pass the
//! half-close on.

use std::io::{Write as _, sink};
use std::net::Shutdown;

use socketserver_guest::{Handler, Request, Result};

#[derive(Default)]
struct HalfClose;

impl Handler for HalfClose {
    fn handle(&mut self, request: &mut Request) -> Result {
        request.wfile.write_all(b"hello\n")?;
        request.shutdown(Shutdown::Write)?;
        let count = request.rfile.copy_to(&mut sink())?;
        #[expect(clippy::print_stdout, reason = "the only way left to tell")]
        {
            println!("received {count} bytes");
        }
        Ok(())
    }
}

socketserver_guest::export!(HalfClose);
