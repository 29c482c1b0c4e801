//! Addresses of the standard library, and those of WASI.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

use crate::bindings::wasi::sockets::types::{
    IpAddress, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, Ipv6SocketAddress,
};

pub(crate) fn family(address: IpAddr) -> IpAddressFamily {
    match address {
        IpAddr::V4(_) => IpAddressFamily::Ipv4,
        IpAddr::V6(_) => IpAddressFamily::Ipv6,
    }
}

pub(crate) fn of_ip(address: IpAddress) -> IpAddr {
    match address {
        IpAddress::Ipv4(address) => v4(address).into(),
        IpAddress::Ipv6(address) => v6(address).into(),
    }
}

pub(crate) fn of_socket(address: IpSocketAddress) -> SocketAddr {
    match address {
        IpSocketAddress::Ipv4(Ipv4SocketAddress { port, address }) => SocketAddrV4::new(v4(address), port).into(),
        IpSocketAddress::Ipv6(address) => {
            let Ipv6SocketAddress {
                port,
                flow_info,
                address,
                scope_id,
            } = address;
            SocketAddrV6::new(v6(address), port, flow_info, scope_id).into()
        }
    }
}

pub(crate) fn to_socket(address: IpAddr, port: u16) -> IpSocketAddress {
    match address {
        IpAddr::V4(address) => {
            let [a, b, c, d] = address.octets();
            let address = (a, b, c, d);
            IpSocketAddress::Ipv4(Ipv4SocketAddress { port, address })
        }
        IpAddr::V6(address) => {
            let [a, b, c, d, e, f, g, h] = address.segments();
            IpSocketAddress::Ipv6(Ipv6SocketAddress {
                port,
                flow_info: 0,
                address: (a, b, c, d, e, f, g, h),
                scope_id: 0,
            })
        }
    }
}

fn v4((a, b, c, d): (u8, u8, u8, u8)) -> Ipv4Addr {
    Ipv4Addr::new(a, b, c, d)
}

#[expect(clippy::many_single_char_names, reason = "WASI has tuples where others have arrays")]
fn v6((a, b, c, d, e, f, g, h): (u16, u16, u16, u16, u16, u16, u16, u16)) -> Ipv6Addr {
    Ipv6Addr::new(a, b, c, d, e, f, g, h)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_come_back_as_they_went() {
        for address in ["192.0.2.1:80", "[2001:db8::1:2]:443"] {
            let address: SocketAddr = address.parse().unwrap();
            assert_eq!(of_socket(to_socket(address.ip(), address.port())), address);
        }
    }
}
