use socketserver_guest::server::{BaseServer, ThreadingTcpServer};
use socketserver_guest::{Handler, Request, Result};

#[derive(Default)]
struct MyServer;

impl Handler for MyServer {
    fn handle(&mut self, request: &mut Request) -> Result {
        request.rfile.copy_to(&mut request.wfile)?;
        Ok(())
    }
}

fn main() -> Result {
    let mut server = ThreadingTcpServer::new(("127.0.0.1", 9999))?;
    server.serve_forever()?;
    Ok(())
}

socketserver_guest::export!(MyServer);
socketserver_guest::main!(main);
