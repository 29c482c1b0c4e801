//! TCP over IPv4 and IPv6.

use std::io;
use std::net::SocketAddr;

use socket2::{Protocol, Socket, TcpKeepalive, Type};
use tokio::io::unix::AsyncFd;

use super::stream::Stream;
use super::{BindProblem, Io, accept, ip, register};
use crate::address::{Address, ListenAddress, Remote, Transport};
use crate::config::SocketOptions;

#[derive(Debug)]
pub(crate) struct Listener {
    socket: AsyncFd<Socket>,
    local: SocketAddr,
    transport: Transport,
}

impl Listener {
    pub(super) async fn bind(
        host: &str,
        port: u16,
        transport: Transport,
        options: &SocketOptions,
    ) -> Result<Self, BindProblem> {
        ip::bind_first(host, port, |address| Self::bind_to(address, transport, options)).await
    }

    fn bind_to(address: SocketAddr, transport: Transport, options: &SocketOptions) -> io::Result<Self> {
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
        let local = socket.local_addr()?.as_socket().ok_or(io::ErrorKind::Unsupported)?;
        let socket = register(socket)?;
        Ok(Self {
            socket,
            local,
            transport,
        })
    }

    pub(super) fn socket(&self) -> &AsyncFd<Socket> {
        &self.socket
    }

    pub(super) fn accept(&self) -> io::Result<(Box<dyn Io>, Remote)> {
        let (stream, remote) = accept(&self.socket)?;
        let remote = remote.and_then(|remote| SocketAddr::try_from(remote).ok());
        // A peer that has already reset the connection still has an address; this is for a kernel that forgot it.
        let remote = remote.ok_or_else(|| io::Error::from(io::ErrorKind::ConnectionAborted))?;
        let remote = Remote {
            address: Address::from_ip(remote),
            uid: None,
        };
        Ok((Box::new(Stream::new(stream)), remote))
    }

    pub(super) fn local_address(&self) -> ListenAddress {
        ListenAddress {
            transport: self.transport,
            address: Address::Ip(self.local),
        }
    }
}
