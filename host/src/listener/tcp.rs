//! TCP over IPv4 and IPv6.

use std::io;
use std::net::SocketAddr;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::unix::AsyncFd;
use tokio::net::lookup_host;

use super::stream::Stream;
use super::{BindProblem, Io, accept, register};
use crate::address::{Address, ListenAddress, Remote, Transport};

#[derive(Debug)]
pub(crate) struct Listener {
    socket: AsyncFd<Socket>,
    local: SocketAddr,
}

impl Listener {
    /// Binds the first of the host's addresses that can be bound, as std does.
    pub(super) async fn bind(host: &str, port: u16, backlog: i32) -> Result<Self, BindProblem> {
        let unresolved = |source| BindProblem::Resolve {
            host: host.to_owned(),
            source,
        };
        let addresses = lookup_host((host, port))
            .await
            .map_err(|error| unresolved(Some(error)))?;
        let mut failure = None;
        for address in addresses {
            match Self::bind_to(address, backlog) {
                Ok(listener) => return Ok(listener),
                Err(error) => failure = Some(error),
            }
        }
        Err(failure.map_or_else(|| unresolved(None), BindProblem::from))
    }

    fn bind_to(address: SocketAddr, backlog: i32) -> io::Result<Self> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        // A restart does not have to wait for connections of the last run in TIME_WAIT.
        socket.set_reuse_address(true)?;
        if address.is_ipv6() {
            // Whether `[::]` takes IPv4 too shall not depend on net.ipv6.bindv6only.
            socket.set_only_v6(false)?;
        }
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        socket.listen(backlog)?;
        // Linux hands this on to the sockets that are accepted, which saves a call for each of them.
        socket.set_tcp_nodelay(true)?;
        let local = socket.local_addr()?.as_socket().ok_or(io::ErrorKind::Unsupported)?;
        let socket = register(socket)?;
        Ok(Self { socket, local })
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
            transport: Transport::Tcp,
            address: Address::Ip(self.local),
        }
    }
}
