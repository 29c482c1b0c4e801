//! Between our types and those of the WIT.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;

use super::bindings::socketserver::core::connections::Readiness;
use super::bindings::socketserver::core::network::{ErrorCode, Ipv4SocketAddress, Ipv6SocketAddress, SocketAddress};
use rustix::io::Errno;

use crate::address::{Address, UnixName};
use crate::event::Connection;
use crate::socket::{Ready, Socket};

pub(super) fn error_code(error: io::Error) -> ErrorCode {
    // They have no kind of their own.
    match error.raw_os_error().map(Errno::from_raw_os_error) {
        Some(Errno::MSGSIZE) => return ErrorCode::DatagramTooLarge,
        Some(Errno::NOBUFS) => return ErrorCode::OutOfMemory,
        _ => {}
    }
    match error.kind() {
        ErrorKind::PermissionDenied => ErrorCode::AccessDenied,
        ErrorKind::AddrInUse => ErrorCode::AddressInUse,
        ErrorKind::AddrNotAvailable => ErrorCode::AddressNotBindable,
        ErrorKind::InvalidInput => ErrorCode::InvalidArgument,
        ErrorKind::NotConnected => ErrorCode::InvalidState,
        ErrorKind::OutOfMemory => ErrorCode::OutOfMemory,
        // A call that does not wait has nothing to return.
        ErrorKind::TimedOut | ErrorKind::WouldBlock => ErrorCode::Timeout,
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable | ErrorKind::NetworkDown => {
            ErrorCode::RemoteUnreachable
        }
        // The last two are those of a Unix datagram whose receiver has gone.
        ErrorKind::BrokenPipe | ErrorKind::WriteZero | ErrorKind::ConnectionRefused | ErrorKind::NotFound => {
            ErrorCode::ConnectionBroken
        }
        ErrorKind::ConnectionReset => ErrorCode::ConnectionReset,
        ErrorKind::ConnectionAborted => ErrorCode::ConnectionAborted,
        _ => ErrorCode::Other(Some(error.to_string())),
    }
}

/// An error that a guest gives back to the host, in words for the log.
pub(super) fn words(error: ErrorCode) -> String {
    let name = match error {
        ErrorCode::AccessDenied => "access-denied",
        ErrorCode::AddressInUse => "address-in-use",
        ErrorCode::AddressNotBindable => "address-not-bindable",
        ErrorCode::InvalidArgument => "invalid-argument",
        ErrorCode::InvalidState => "invalid-state",
        ErrorCode::OutOfMemory => "out-of-memory",
        ErrorCode::Timeout => "timeout",
        ErrorCode::RemoteUnreachable => "remote-unreachable",
        ErrorCode::ConnectionBroken => "connection-broken",
        ErrorCode::ConnectionReset => "connection-reset",
        ErrorCode::ConnectionAborted => "connection-aborted",
        ErrorCode::DatagramTooLarge => "datagram-too-large",
        ErrorCode::Other(Some(words)) => return words,
        ErrorCode::Other(None) => "other",
    };
    name.to_owned()
}

pub(super) fn readiness(ready: Ready) -> Readiness {
    let mut readiness = Readiness::empty();
    if ready.readable {
        readiness |= Readiness::READABLE;
    }
    if ready.writable {
        readiness |= Readiness::WRITABLE;
    }
    readiness
}

/// The address that the peer connected to: the socket's own, where the transport tells more than its listener.
pub(super) fn local_address(connection: &Connection, socket: &Socket) -> SocketAddress {
    let local = socket.local_address();
    socket_address(local.as_ref().unwrap_or(&connection.listener.address))
}

pub(super) fn socket_address(address: &Address) -> SocketAddress {
    match address {
        Address::Ip(SocketAddr::V4(v4)) => SocketAddress::Ipv4(Ipv4SocketAddress {
            port: v4.port(),
            address: v4.ip().octets().into(),
        }),
        Address::Ip(SocketAddr::V6(v6)) => SocketAddress::Ipv6(Ipv6SocketAddress {
            port: v6.port(),
            flow_info: v6.flowinfo(),
            address: v6.ip().segments().into(),
            scope_id: v6.scope_id(),
        }),
        Address::Unix(name) => SocketAddress::Unix(name.as_ref().map(|name| match name {
            UnixName::Abstract(name) => format!("@{}", String::from_utf8_lossy(name)),
            UnixName::Path(path) => path.to_string_lossy().into_owned(),
        })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_the_system_have_their_codes() {
        for (errno, code) in [
            (Errno::CONNRESET, "ErrorCode::ConnectionReset"),
            (Errno::PIPE, "ErrorCode::ConnectionBroken"),
            (Errno::TIMEDOUT, "ErrorCode::Timeout"),
            (Errno::HOSTUNREACH, "ErrorCode::RemoteUnreachable"),
            (Errno::NOTCONN, "ErrorCode::InvalidState"),
            (Errno::MSGSIZE, "ErrorCode::DatagramTooLarge"),
            (Errno::NOBUFS, "ErrorCode::OutOfMemory"),
            (Errno::NOENT, "ErrorCode::ConnectionBroken"),
            (Errno::CONNREFUSED, "ErrorCode::ConnectionBroken"),
            (Errno::PERM, "ErrorCode::AccessDenied"),
        ] {
            assert_eq!(format!("{:?}", error_code(errno.into())), code);
        }
        assert!(matches!(error_code(Errno::DOM.into()), ErrorCode::Other(Some(_))));
    }

    #[test]
    fn abstract_names_start_with_an_at_sign() {
        let address = Address::Unix(Some(UnixName::Abstract(b"echo".to_vec())));
        assert!(matches!(socket_address(&address), SocketAddress::Unix(Some(name)) if name == "@echo"));
    }
}
