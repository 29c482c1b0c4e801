//! What a peer is told of its request: RFC 1928, section 6.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use crate::handshake::VERSION;
use crate::request::{IPV4, IPV6};

/// Those of the RFC that are used. "Network unreachable" (3) is not: WASI does not tell it from an unreachable host.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub(crate) enum Code {
    Succeeded = 0,
    GeneralFailure = 1,
    NotAllowed = 2,
    HostUnreachable = 4,
    ConnectionRefused = 5,
    TtlExpired = 6,
    CommandNotSupported = 7,
    AddressTypeNotSupported = 8,
}

/// The reply that the connection is there, from this address.
pub(crate) fn success(bound: SocketAddr) -> Vec<u8> {
    reply(Code::Succeeded, bound)
}

/// The reply that there is none. It has an address all the same, which means nothing.
pub(crate) fn failure(code: Code) -> Vec<u8> {
    reply(code, UNSPECIFIED)
}

/// Where there is no address to tell.
pub(crate) const UNSPECIFIED: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

fn reply(code: Code, bound: SocketAddr) -> Vec<u8> {
    let mut bytes = vec![VERSION, code as u8, 0];
    match bound.ip() {
        IpAddr::V4(address) => {
            bytes.push(IPV4);
            bytes.extend(address.octets());
        }
        IpAddr::V6(address) => {
            bytes.push(IPV6);
            bytes.extend(address.octets());
        }
    }
    bytes.extend(bound.port().to_be_bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_of_its_type() {
        let bound = "192.0.2.1:258".parse().unwrap();
        assert_eq!(success(bound), [5, 0, 0, 1, 192, 0, 2, 1, 1, 2]);
        let bound = "[2001:db8::1]:80".parse().unwrap();
        let expected = [
            5, 0, 0, 4, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 80,
        ];
        assert_eq!(success(bound), expected);
    }

    #[test]
    fn a_failure_has_an_address_too() {
        assert_eq!(failure(Code::NotAllowed), [5, 2, 0, 1, 0, 0, 0, 0, 0, 0]);
    }
}
