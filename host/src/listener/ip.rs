//! What sockets over IPv4 and IPv6 have in common, whatever they speak.

use std::io;
use std::net::SocketAddr;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::lookup_host;

use super::BindProblem;

/// Binds the first of the host's addresses that can be bound, as std does.
pub(super) async fn bind_first<T>(
    host: &str,
    port: u16,
    bind: impl Fn(SocketAddr) -> io::Result<T>,
) -> Result<T, BindProblem> {
    let unresolved = |source| BindProblem::Resolve {
        host: host.to_owned(),
        source,
    };
    let addresses = lookup_host((host, port))
        .await
        .map_err(|error| unresolved(Some(error)))?;
    let mut failure = None;
    for address in addresses {
        match bind(address) {
            Ok(bound) => return Ok(bound),
            Err(error) => failure = Some(error),
        }
    }
    Err(failure.map_or_else(|| unresolved(None), BindProblem::from))
}

/// Makes a socket in non-blocking mode for an address.
pub(super) fn new_socket(address: SocketAddr, kind: Type, protocol: Protocol) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), kind, Some(protocol))?;
    if address.is_ipv6() && kind != Type::RAW {
        // Whether `[::]` takes IPv4 too shall not depend on net.ipv6.bindv6only. A raw socket never does.
        socket.set_only_v6(false)?;
    }
    socket.set_nonblocking(true)?;
    Ok(socket)
}
