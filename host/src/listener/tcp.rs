//! TCP over IPv4 and IPv6.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use socket2::{Protocol, Socket, TcpKeepalive, Type};
use tokio::io::unix::AsyncFd;

use super::bound::BoundSocket;
use super::stream::Stream;
use super::unix::SocketFile;
use super::{BindProblem, Io, ip};
use crate::address::{Address, Remote};
use crate::config::SocketOptions;

/// Binds and listens.
pub(super) async fn bind(
    host: &str,
    port: u16,
    options: &SocketOptions,
) -> Result<(Socket, Option<SocketFile>), BindProblem> {
    let socket = ip::bind_first(host, port, |address| bind_to(address, options)).await?;
    Ok((socket, None))
}

fn bind_to(address: SocketAddr, options: &SocketOptions) -> io::Result<Socket> {
    let socket = ip::new_socket(address, Type::STREAM, Protocol::TCP)?;
    socket.set_reuse_address(options.reuse_address)?;
    socket.set_reuse_port(options.reuse_port)?;
    socket.bind(&address.into())?;
    socket.listen(i32::try_from(options.backlog).unwrap_or(i32::MAX))?;
    // Linux hands these on to the sockets that are accepted, which saves a call for each of them.
    socket.set_tcp_nodelay(options.no_delay)?;
    if let Some(time) = options.keep_alive {
        socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(time))?;
    }
    Ok(socket)
}

/// Takes the next connection.
pub(super) fn accept(listening: &AsyncFd<Arc<BoundSocket>>) -> io::Result<(Box<dyn Io>, Remote)> {
    let (stream, remote) = super::accept(listening)?;
    let remote = remote.and_then(|remote| SocketAddr::try_from(remote).ok());
    // A peer that has already reset the connection still has an address; this is for a kernel that forgot it.
    let remote = remote.ok_or_else(|| io::Error::from(io::ErrorKind::ConnectionAborted))?;
    let remote = Remote {
        address: Address::from_ip(remote),
        uid: None,
    };
    Ok((Box::new(Stream::new(stream)), remote))
}
