//! Who is at the two ends of a connection.
//!
//! Plain values: nothing here opens a socket or asks a name server.

use std::fmt::{self, Display, Formatter};
use std::net::SocketAddr;
use std::path::PathBuf;

use percent_encoding::{AsciiSet, CONTROLS, percent_encode};
use thiserror::Error;

/// Where a listener is bound. Its text is a URL, which [`Listen`](crate::Listen) parses back.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct ListenAddress {
    /// What it speaks.
    pub transport: Transport,
    /// Its own end, with the port that the system chose.
    pub address: Address,
}

impl Display for ListenAddress {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let scheme = self.transport.scheme();
        match &self.address {
            Address::Ip(SocketAddr::V6(address)) if !self.transport.has_ports() => {
                write!(f, "{scheme}://[{}]", address.ip())
            }
            Address::Ip(address) if !self.transport.has_ports() => write!(f, "{scheme}://{}", address.ip()),
            Address::Ip(address) => write!(f, "{scheme}://{address}"),
            Address::Unix(Some(name)) => name.fmt_url(scheme, f),
            Address::Unix(None) => write!(f, "{scheme}:"),
        }
    }
}

/// What a listener speaks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Transport {
    /// HTTP/1 and HTTP/2 over TCP.
    Http,
    /// HTTP/1 and HTTP/2 over a Unix stream socket.
    HttpUnix,
    /// ICMP over IPv4, or ICMPv6, as messages without their IP header (`SOCK_RAW`, `raw(7)`).
    Icmp,
    /// TCP over IPv4 or IPv6.
    Tcp,
    /// UDP over IPv4 or IPv6.
    Udp,
    /// A stream between processes of one machine (`SOCK_STREAM`, `unix(7)`).
    Unix,
    /// Datagrams between processes of one machine (`SOCK_DGRAM`, `unix(7)`).
    UnixGram,
    /// A stream that keeps the boundaries of messages (`SOCK_SEQPACKET`, `unix(7)`).
    UnixPacket,
}

impl Transport {
    /// The scheme of its URLs.
    pub fn scheme(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::HttpUnix => "http+unix",
            Self::Icmp => "icmp",
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Unix => "unix",
            Self::UnixGram => "unixgram",
            Self::UnixPacket => "unixpacket",
        }
    }

    /// Whether it has no connections of its own, so that each datagram is served by itself.
    pub fn is_datagram(self) -> bool {
        match self {
            Self::Icmp | Self::Udp | Self::UnixGram => true,
            Self::Http | Self::HttpUnix | Self::Tcp | Self::Unix | Self::UnixPacket => false,
        }
    }

    /// Whether its connections carry requests, each of which is served by itself.
    pub fn is_http(self) -> bool {
        matches!(self, Self::Http | Self::HttpUnix)
    }

    /// Whether several processes can share what comes in, as connections one by one, or as datagrams by their remote.
    pub fn is_spread(self) -> bool {
        match self {
            Self::Http | Self::HttpUnix | Self::Tcp | Self::Udp | Self::Unix | Self::UnixPacket => true,
            Self::Icmp | Self::UnixGram => false,
        }
    }

    fn has_ports(self) -> bool {
        self != Self::Icmp
    }
}

/// One end of a connection.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Address {
    /// An IP address and a port. An IPv4-mapped IPv6 address is always given as IPv4.
    Ip(SocketAddr),
    /// A Unix socket; `None` when it has no name, as a client's usually has none.
    Unix(Option<UnixName>),
}

impl Address {
    pub(crate) fn from_ip(address: SocketAddr) -> Self {
        Self::Ip(match address {
            SocketAddr::V6(v6) if v6.ip().to_ipv4_mapped().is_some() => {
                SocketAddr::new(v6.ip().to_canonical(), v6.port())
            }
            other => other,
        })
    }
}

impl Display for Address {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(address) => address.fmt(f),
            Self::Unix(Some(name)) => name.fmt(f),
            Self::Unix(None) => f.write_str("unix:"),
        }
    }
}

/// The peer of a connection.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Remote {
    /// Its address.
    pub address: Address,
    /// The user who connected, for a Unix socket (`SO_PEERCRED`, `unix(7)`).
    pub uid: Option<u32>,
}

impl Display for Remote {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match (&self.address, self.uid) {
            (Address::Unix(_), Some(uid)) => write!(f, "{} uid {uid}", self.address),
            _ => self.address.fmt(f),
        }
    }
}

/// The name of a Unix socket (`unix(7)`).
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum UnixName {
    /// A name of the abstract namespace, without its leading zero byte.
    Abstract(Vec<u8>),
    /// An absolute path.
    Path(PathBuf),
}

impl UnixName {
    pub(crate) fn from_bytes(bytes: Vec<u8>) -> Result<Self, UnixNameError> {
        use std::os::unix::ffi::OsStringExt as _;

        if bytes.len() > MAX_UNIX_NAME {
            return Err(UnixNameError::TooLong);
        }
        if bytes.contains(&0) {
            return Err(UnixNameError::Zero);
        }
        match bytes.split_first() {
            Some((b'@', name)) if !name.is_empty() => Ok(Self::Abstract(name.to_vec())),
            Some((b'/', rest)) if !rest.is_empty() && !rest.ends_with(b"/") => {
                Ok(Self::Path(PathBuf::from(std::ffi::OsString::from_vec(bytes))))
            }
            _ => Err(UnixNameError::NotAbsolute),
        }
    }
}

impl UnixName {
    pub(crate) fn fmt_url(&self, scheme: &str, f: &mut Formatter<'_>) -> fmt::Result {
        use std::os::unix::ffi::OsStrExt as _;

        let (start, bytes) = match self {
            Self::Abstract(name) => (":@", &**name),
            Self::Path(path) => ("://", path.as_os_str().as_bytes()),
        };
        write!(f, "{scheme}{start}{}", percent_encode(bytes, NOT_IN_A_PATH))
    }
}

/// The name as a URL of the scheme `unix`.
impl Display for UnixName {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.fmt_url(Transport::Unix.scheme(), f)
    }
}

/// What has a meaning of its own in a URL, or none.
const NOT_IN_A_PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'`');

/// Bytes that name no Unix socket.
#[derive(Debug, Error)]
pub(crate) enum UnixNameError {
    #[error("write an absolute path, as in unix:///run/echo.sock, or an abstract name, as in unix:@echo")]
    NotAbsolute,
    #[error("the name of a Unix socket has at most {MAX_UNIX_NAME} bytes")]
    TooLong,
    #[error("the name of a Unix socket holds no zero byte")]
    Zero,
}

/// The room in `sun_path` (108 bytes on Linux, `unix(7)`) less the final zero byte.
const MAX_UNIX_NAME: usize = 107;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mapped_addresses_are_ipv4() {
        let mapped = "[::ffff:10.1.2.3]:80".parse().unwrap();
        assert_eq!(Address::from_ip(mapped).to_string(), "10.1.2.3:80");
    }

    #[test]
    fn a_transport_without_ports_shows_none() {
        let listening = |transport, address: &str| {
            let address = Address::from_ip(address.parse().unwrap());
            ListenAddress { transport, address }.to_string()
        };
        assert_eq!(listening(Transport::Icmp, "0.0.0.0:0"), "icmp://0.0.0.0");
        assert_eq!(listening(Transport::Icmp, "[::]:0"), "icmp://[::]");
        assert_eq!(listening(Transport::Udp, "[::1]:53"), "udp://[::1]:53");
    }
}
