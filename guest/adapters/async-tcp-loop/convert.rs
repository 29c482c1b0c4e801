//! Addresses and errors of WASI 0.3 in the words of the contract.

use std::net::{SocketAddr, SocketAddrV4, SocketAddrV6};

use adapter_connection::network::ErrorCode;
use wasip3::sockets::types::{ErrorCode as WasiError, IpSocketAddress, Ipv4SocketAddress, Ipv6SocketAddress};

pub(crate) fn address_to_wasi(address: SocketAddr) -> IpSocketAddress {
    match address {
        SocketAddr::V4(address) => IpSocketAddress::Ipv4(Ipv4SocketAddress {
            port: address.port(),
            address: address.ip().octets().into(),
        }),
        SocketAddr::V6(address) => IpSocketAddress::Ipv6(Ipv6SocketAddress {
            port: address.port(),
            flow_info: address.flowinfo(),
            address: address.ip().segments().into(),
            scope_id: address.scope_id(),
        }),
    }
}

pub(crate) fn address_from_wasi(address: IpSocketAddress) -> SocketAddr {
    match address {
        IpSocketAddress::Ipv4(Ipv4SocketAddress { port, address }) => {
            SocketAddrV4::new(<[u8; 4]>::from(address).into(), port).into()
        }
        IpSocketAddress::Ipv6(Ipv6SocketAddress {
            port,
            flow_info,
            address,
            scope_id,
        }) => SocketAddrV6::new(<[u16; 8]>::from(address).into(), port, flow_info, scope_id).into(),
    }
}

pub(crate) fn error(error: WasiError) -> ErrorCode {
    match error {
        WasiError::AccessDenied => ErrorCode::AccessDenied,
        WasiError::ConnectionAborted => ErrorCode::ConnectionAborted,
        WasiError::ConnectionBroken => ErrorCode::ConnectionBroken,
        WasiError::ConnectionReset => ErrorCode::ConnectionReset,
        WasiError::InvalidArgument => ErrorCode::InvalidArgument,
        WasiError::InvalidState => ErrorCode::InvalidState,
        WasiError::OutOfMemory => ErrorCode::OutOfMemory,
        WasiError::RemoteUnreachable => ErrorCode::RemoteUnreachable,
        WasiError::Timeout => ErrorCode::Timeout,
        WasiError::Other(words) => ErrorCode::Other(words),
        other => ErrorCode::Other(Some(other.to_string())),
    }
}
