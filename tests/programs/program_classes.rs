//! Echoes connections and datagrams with the class that its first argument names, in Python's spelling
//! (`ForkingUDPServer`), at the address in its second, until it is told to stop. The host must serve each class.

use std::io::{self, Read as _};

use socketserver_guest::server::{
    BaseServer, ForkingTcpServer, ForkingUdpServer, ForkingUnixDatagramServer, ForkingUnixStreamServer, TcpServer,
    ThreadingTcpServer, ThreadingUdpServer, ThreadingUnixDatagramServer, ThreadingUnixStreamServer, UdpServer,
    UnixDatagramServer, UnixStreamServer,
};
use socketserver_guest::{DatagramHandler, DatagramRequest, Handler, Request, Result};

#[derive(Default)]
struct Echo;

impl Handler for Echo {
    fn handle(&mut self, request: &mut Request) -> Result {
        request.rfile.copy_to(&mut request.wfile)?;
        Ok(())
    }
}

impl DatagramHandler for Echo {
    fn handle(&mut self, request: &mut DatagramRequest) -> Result {
        request.rfile.read_to_end(&mut request.wfile)?;
        Ok(())
    }
}

fn run() -> Result {
    let mut arguments = std::env::args().skip(1);
    let (Some(class), Some(address)) = (arguments.next(), arguments.next()) else {
        return Err("the arguments are a class and an address".into());
    };
    let mut server = match class.as_str() {
        "TCPServer" => boxed(TcpServer::new(address))?,
        "ThreadingTCPServer" => boxed(ThreadingTcpServer::new(address))?,
        "ForkingTCPServer" => boxed(ForkingTcpServer::new(address))?,
        "UDPServer" => boxed(UdpServer::new(address))?,
        "ThreadingUDPServer" => boxed(ThreadingUdpServer::new(address))?,
        "ForkingUDPServer" => boxed(ForkingUdpServer::new(address))?,
        "UnixStreamServer" => boxed(UnixStreamServer::new(address))?,
        "ThreadingUnixStreamServer" => boxed(ThreadingUnixStreamServer::new(address))?,
        "ForkingUnixStreamServer" => boxed(ForkingUnixStreamServer::new(address))?,
        "UnixDatagramServer" => boxed(UnixDatagramServer::new(address))?,
        "ThreadingUnixDatagramServer" => boxed(ThreadingUnixDatagramServer::new(address))?,
        "ForkingUnixDatagramServer" => boxed(ForkingUnixDatagramServer::new(address))?,
        _ => return Err(format!("there is no class `{class}`").into()),
    };
    server.serve_forever()?;
    Ok(())
}

fn boxed(server: io::Result<impl BaseServer + 'static>) -> io::Result<Box<dyn BaseServer>> {
    Ok(Box::new(server?))
}

socketserver_guest::export!(Echo);
socketserver_guest::export_datagrams!(Echo);
socketserver_guest::main!(run);
