//! TCP over IPv4 and IPv6.

use std::io;
use std::net::{Shutdown, SocketAddr};
use std::task::{Context, Poll};
use std::time::Duration;

use rustix::event::PollFlags;
use socket2::{Domain, Protocol, SockRef, Socket, Type};
use tokio::io::Interest;
use tokio::net::{TcpListener, TcpStream, lookup_host};

use super::{BindProblem, Io, check_events};
use crate::address::{Address, Remote};

#[derive(Debug)]
pub(crate) struct Listener {
    socket: TcpListener,
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
        let socket = TcpListener::from_std(socket.into())?;
        let local = socket.local_addr()?;
        Ok(Self { socket, local })
    }

    pub(super) async fn accept(&self) -> io::Result<(Box<dyn Io>, Remote)> {
        let (stream, remote) = self.socket.accept().await?;
        // It fails when the peer has already reset the connection, which the first read will tell.
        let _ = stream.set_nodelay(true);
        let remote = Remote {
            address: Address::from_ip(remote),
            uid: None,
        };
        Ok((Box::new(stream), remote))
    }

    pub(super) fn local_address(&self) -> Address {
        Address::Ip(self.local)
    }
}

impl Io for TcpStream {
    fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_read_ready(cx)
    }

    fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_write_ready(cx)
    }

    fn is_readable(&self) -> bool {
        let check = || check_events(self, PollFlags::IN);
        self.try_io(Interest::READABLE, check).is_ok()
    }

    fn is_writable(&self) -> bool {
        let check = || check_events(self, PollFlags::OUT);
        self.try_io(Interest::WRITABLE, check).is_ok()
    }

    /// A listener on every interface does not know which of them a peer chose.
    fn local_address(&self) -> Option<Address> {
        self.local_addr().ok().map(Address::from_ip)
    }

    fn shutdown_receive(&self) -> io::Result<()> {
        SockRef::from(self).shutdown(Shutdown::Read)
    }

    fn shutdown_send(&self) -> io::Result<()> {
        SockRef::from(self).shutdown(Shutdown::Write)
    }

    fn abort_on_close(&self) {
        // With a linger time of zero, close(2) sends a reset.
        let _ = SockRef::from(self).set_linger(Some(Duration::ZERO));
    }
}
