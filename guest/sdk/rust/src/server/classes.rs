//! Python's twelve classes: four transports, each without a mixin and with either of the two.

use std::io;
use std::ops::{Deref, DerefMut};

use crate::server::address::{IpServerAddress, UnixServerAddress};
use crate::server::base::BaseServer;
use crate::server::server_core::{Concurrency, ServerCore};

macro_rules! class {
    ($(#[$doc:meta])* $name:ident, $scheme:literal, $address:ident, $concurrency:ident) => {
        $(#[$doc])*
        pub struct $name(ServerCore);

        impl $name {
            /// A server that is bound and takes requests, for the handler that the program itself has.
            ///
            /// # Errors
            ///
            /// Those of [`server_bind`](BaseServer::server_bind).
            pub fn new(address: impl $address) -> io::Result<Self> {
                let mut server = Self::unbound(address);
                server.bind_and_activate()?;
                Ok(server)
            }

            /// A server that is bound and takes requests, for the handler to which the operator has given this name.
            ///
            /// # Errors
            ///
            /// Those of [`server_bind`](BaseServer::server_bind).
            pub fn with_handler(address: impl $address, handler: impl Into<String>) -> io::Result<Self> {
                let mut server = Self::unbound(address);
                server.handler = Some(handler.into());
                server.bind_and_activate()?;
                Ok(server)
            }

            /// A server that is not bound yet, to change its settings before
            /// [`bind_and_activate`](BaseServer::bind_and_activate).
            ///
            /// Python equivalent: `bind_and_activate=False`
            pub fn unbound(address: impl $address) -> Self {
                Self(ServerCore::new(address.url($scheme), Concurrency::$concurrency))
            }
        }

        impl BaseServer for $name {
            fn core(&mut self) -> &mut ServerCore {
                &mut self.0
            }
        }

        /// The settings: `server.timeout`.
        impl Deref for $name {
            type Target = ServerCore;

            fn deref(&self) -> &ServerCore {
                &self.0
            }
        }

        impl DerefMut for $name {
            fn deref_mut(&mut self) -> &mut ServerCore {
                &mut self.0
            }
        }
    };
}

class! {
    /// TCP, one connection at a time.
    ///
    /// Python equivalent: `socketserver.TCPServer`
    TcpServer, "tcp", IpServerAddress, OneAtATime
}
class! {
    /// TCP, any number of connections at a time.
    ///
    /// Python equivalent: `socketserver.ThreadingTCPServer`
    ThreadingTcpServer, "tcp", IpServerAddress, Threading
}
class! {
    /// TCP, at most [`max_children`](ServerCore::max_children) connections at a time.
    ///
    /// Python equivalent: `socketserver.ForkingTCPServer`
    ForkingTcpServer, "tcp", IpServerAddress, Forking
}
class! {
    /// UDP, one datagram at a time.
    ///
    /// Python equivalent: `socketserver.UDPServer`
    UdpServer, "udp", IpServerAddress, OneAtATime
}
class! {
    /// UDP, any number of datagrams at a time.
    ///
    /// Python equivalent: `socketserver.ThreadingUDPServer`
    ThreadingUdpServer, "udp", IpServerAddress, Threading
}
class! {
    /// UDP, at most [`max_children`](ServerCore::max_children) datagrams at a time.
    ///
    /// Python equivalent: `socketserver.ForkingUDPServer`
    ForkingUdpServer, "udp", IpServerAddress, Forking
}
class! {
    /// Unix streams, one connection at a time.
    ///
    /// Python equivalent: `socketserver.UnixStreamServer`
    UnixStreamServer, "unix", UnixServerAddress, OneAtATime
}
class! {
    /// Unix streams, any number of connections at a time.
    ///
    /// Python equivalent: `socketserver.ThreadingUnixStreamServer`
    ThreadingUnixStreamServer, "unix", UnixServerAddress, Threading
}
class! {
    /// Unix streams, at most [`max_children`](ServerCore::max_children) connections at a time.
    ///
    /// Python equivalent: `socketserver.ForkingUnixStreamServer`
    ForkingUnixStreamServer, "unix", UnixServerAddress, Forking
}
class! {
    /// Unix datagrams, one at a time.
    ///
    /// Python equivalent: `socketserver.UnixDatagramServer`
    UnixDatagramServer, "unixgram", UnixServerAddress, OneAtATime
}
class! {
    /// Unix datagrams, any number at a time.
    ///
    /// Python equivalent: `socketserver.ThreadingUnixDatagramServer`
    ThreadingUnixDatagramServer, "unixgram", UnixServerAddress, Threading
}
class! {
    /// Unix datagrams, at most [`max_children`](ServerCore::max_children) at a time.
    ///
    /// Python equivalent: `socketserver.ForkingUnixDatagramServer`
    ForkingUnixDatagramServer, "unixgram", UnixServerAddress, Forking
}
