use socketserver_guest::{Handler, Request, Result};

/// Sends back whatever it receives, until the peer has sent everything.
#[derive(Default)]
struct Echo;

impl Handler for Echo {
    fn handle(&mut self, request: &mut Request) -> Result {
        request.rfile.copy_to(&mut request.wfile)?;
        Ok(())
    }
}

socketserver_guest::export!(Echo);
