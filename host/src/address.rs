//! Who is at the two ends of a connection.
//!
//! Plain values: nothing here opens a socket or asks a name server.

use std::fmt::{self, Display, Formatter};
use std::net::SocketAddr;
use std::path::PathBuf;

use percent_encoding::{AsciiSet, CONTROLS, percent_encode};
use thiserror::Error;

/// One end of a connection, or the place where a listener is bound.
#[derive(Clone, Debug, Eq, PartialEq)]
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
            Self::Ip(address) => write!(f, "tcp://{address}"),
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
            (Address::Ip(address), _) => address.fmt(f),
            (address, Some(uid)) => write!(f, "{address} uid {uid}"),
            (address, None) => address.fmt(f),
        }
    }
}

/// The name of a Unix socket (`unix(7)`).
#[derive(Clone, Debug, Eq, PartialEq)]
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

/// The name as a URL, which [`Listen`](crate::Listen) parses back.
impl Display for UnixName {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        use std::os::unix::ffi::OsStrExt as _;

        let (start, bytes) = match self {
            Self::Abstract(name) => ("unix:@", &**name),
            Self::Path(path) => ("unix://", path.as_os_str().as_bytes()),
        };
        write!(f, "{start}{}", percent_encode(bytes, NOT_IN_A_PATH))
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
        assert_eq!(Address::from_ip(mapped).to_string(), "tcp://10.1.2.3:80");
    }
}
