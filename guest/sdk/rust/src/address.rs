//! Who is at the two ends of a connection, or of the way of a datagram.

use std::fmt::{self, Display, Formatter};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

use crate::bindings::socketserver::core::network::{Ipv4SocketAddress, Ipv6SocketAddress, SocketAddress};

/// One end of a connection.
///
/// An IPv4 peer of a dual-stack listener is an IPv4 address, never an IPv4-mapped IPv6 address. Where the transport has
/// no ports (`icmp`), the port is 0.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Address {
    /// An IPv4 or IPv6 address with its port.
    Ip(SocketAddr),
    /// A Unix domain socket: a path, `@name` for Linux's abstract namespace, or `None` for a socket without a name, as
    /// a client's usually is. Bytes that are not UTF-8 are shown as U+FFFD.
    Unix(Option<String>),
}

/// `127.0.0.1:49152`, `[::1]:49152`, `/run/echo.sock`, `@echo`, or `unnamed`.
impl Display for Address {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(address) => address.fmt(f),
            Self::Unix(Some(name)) => name.fmt(f),
            Self::Unix(None) => "unnamed".fmt(f),
        }
    }
}

impl From<SocketAddress> for Address {
    fn from(address: SocketAddress) -> Self {
        match address {
            SocketAddress::Ipv4(v4) => {
                let (a, b, c, d) = v4.address;
                Self::Ip(SocketAddrV4::new(Ipv4Addr::new(a, b, c, d), v4.port).into())
            }
            SocketAddress::Ipv6(v6) => {
                let (a, b, c, d, e, f, g, h) = v6.address;
                let ip = Ipv6Addr::new(a, b, c, d, e, f, g, h);
                Self::Ip(SocketAddrV6::new(ip, v6.port, v6.flow_info, v6.scope_id).into())
            }
            SocketAddress::Unix(name) => Self::Unix(name),
        }
    }
}

/// The way back, to send to an address.
impl From<&Address> for SocketAddress {
    fn from(address: &Address) -> Self {
        match address {
            Address::Ip(SocketAddr::V4(v4)) => Self::Ipv4(Ipv4SocketAddress {
                port: v4.port(),
                address: v4.ip().octets().into(),
            }),
            Address::Ip(SocketAddr::V6(v6)) => Self::Ipv6(Ipv6SocketAddress {
                port: v6.port(),
                flow_info: v6.flowinfo(),
                address: v6.ip().segments().into(),
                scope_id: v6.scope_id(),
            }),
            Address::Unix(name) => Self::Unix(name.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_keep_their_octets_in_order() {
        let v4 = SocketAddress::Ipv4(Ipv4SocketAddress {
            port: 80,
            address: (192, 0, 2, 1),
        });
        assert_eq!(Address::from(v4).to_string(), "192.0.2.1:80");

        let v6 = SocketAddress::Ipv6(Ipv6SocketAddress {
            port: 80,
            flow_info: 0,
            address: (0xfe80, 0, 0, 0, 0, 0, 0, 1),
            scope_id: 3,
        });
        assert_eq!(Address::from(v6).to_string(), "[fe80::1%3]:80");
    }

    #[test]
    fn a_unix_socket_shows_its_name() {
        let named = SocketAddress::Unix(Some("/run/echo.sock".to_owned()));
        assert_eq!(Address::from(named).to_string(), "/run/echo.sock");
        assert_eq!(Address::from(SocketAddress::Unix(None)).to_string(), "unnamed");
    }

    /// Answers go to the address that a datagram came from, so nothing of it may be lost on the way through here.
    #[test]
    fn addresses_find_the_way_back() {
        for address in [
            Address::Ip("192.0.2.1:80".parse().unwrap()),
            Address::Ip(SocketAddrV6::new("fe80::1".parse().unwrap(), 80, 7, 3).into()),
            Address::Unix(Some("@echo".to_owned())),
            Address::Unix(None),
        ] {
            assert_eq!(Address::from(SocketAddress::from(&address)), address);
        }
    }
}
