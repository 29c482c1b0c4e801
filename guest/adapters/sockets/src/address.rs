//! Addresses, in the three forms that adapters meet them.

use std::net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

use adapter_connection::network::{Ipv4SocketAddress, Ipv6SocketAddress, SocketAddress};
use wasi::sockets::network as wasi_network;
use wasi::sockets::network::IpSocketAddress;

/// Whether it is one of IPv6.
#[must_use]
pub const fn is_of_ipv6(address: &SocketAddr) -> bool {
    address.is_ipv6()
}

/// From the standard library's form to the contract's.
#[must_use]
pub fn from_std(address: SocketAddr) -> SocketAddress {
    match address {
        SocketAddr::V4(address) => SocketAddress::Ipv4(Ipv4SocketAddress {
            port: address.port(),
            address: address.ip().octets().into(),
        }),
        SocketAddr::V6(address) => SocketAddress::Ipv6(Ipv6SocketAddress {
            port: address.port(),
            flow_info: address.flowinfo(),
            address: address.ip().segments().into(),
            scope_id: address.scope_id(),
        }),
    }
}

/// From the contract's form to the standard library's; nothing for a Unix address.
#[must_use]
pub fn to_std(address: &SocketAddress) -> Option<SocketAddr> {
    match address {
        SocketAddress::Ipv4(Ipv4SocketAddress { port, address }) => {
            let octets = <[u8; 4]>::from(*address);
            Some(SocketAddr::new(IpAddr::from(octets), *port))
        }
        SocketAddress::Ipv6(Ipv6SocketAddress {
            port,
            flow_info,
            address,
            scope_id,
        }) => {
            let ip = Ipv6Addr::from(<[u16; 8]>::from(*address));
            Some(SocketAddrV6::new(ip, *port, *flow_info, *scope_id).into())
        }
        SocketAddress::Unix(_) => None,
    }
}

/// From WASI's form to the standard library's.
#[must_use]
pub fn from_wasi(address: IpSocketAddress) -> SocketAddr {
    match address {
        IpSocketAddress::Ipv4(wasi_network::Ipv4SocketAddress { port, address }) => {
            SocketAddrV4::new(<[u8; 4]>::from(address).into(), port).into()
        }
        IpSocketAddress::Ipv6(wasi_network::Ipv6SocketAddress {
            port,
            flow_info,
            address,
            scope_id,
        }) => SocketAddrV6::new(<[u16; 8]>::from(address).into(), port, flow_info, scope_id).into(),
    }
}

/// From the standard library's form to WASI's.
#[must_use]
pub fn to_wasi(address: SocketAddr) -> IpSocketAddress {
    match address {
        SocketAddr::V4(address) => IpSocketAddress::Ipv4(wasi_network::Ipv4SocketAddress {
            port: address.port(),
            address: address.ip().octets().into(),
        }),
        SocketAddr::V6(address) => IpSocketAddress::Ipv6(wasi_network::Ipv6SocketAddress {
            port: address.port(),
            flow_info: address.flowinfo(),
            address: address.ip().segments().into(),
            scope_id: address.scope_id(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_says_the_same() {
        for text in ["127.0.0.1:80", "[::1]:0", "[fe80::1%7]:9"] {
            let address: SocketAddr = text.parse().unwrap();
            assert_eq!(to_std(&from_std(address)), Some(address));
            assert_eq!(from_wasi(to_wasi(address)), address);
        }
        assert_eq!(to_std(&SocketAddress::Unix(None)), None);
    }
}
