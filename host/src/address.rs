//! Where a server listens, and who is at the two ends of a connection.
//!
//! Plain values: nothing here opens a socket or asks a name server.

use std::fmt::{self, Display, Formatter};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use ipnet::IpNet;
use percent_encoding::percent_decode_str;
use thiserror::Error;
use url::{Host, Url};

/// What a listener is asked to bind, spelled as a URL.
///
/// - `tcp://host:port`: an IPv4 address, an IPv6 address in brackets, or a name (its first address that can be bound).
///   Port 0 lets the system choose. `[::]` accepts IPv4 and IPv6.
/// - `unix:///path`, with `?mode=0660` for the permissions of the socket file (0600 otherwise).
/// - `unix:@name`: a name of Linux's abstract namespace (`unix(7)`), which has no file and no permissions.
///
/// ```
/// use socketserver::Listen;
///
/// let listen: Listen = "tcp://[::1]:9999".parse()?;
/// assert_eq!(listen.to_string(), "tcp://[::1]:9999");
/// assert!("tcp://localhost".parse::<Listen>().is_err(), "a port is missing");
/// # Ok::<(), socketserver::ListenError>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Listen {
    /// A TCP socket.
    Tcp {
        /// An IP address or a name, without brackets.
        host: String,
        /// The port; 0 lets the system choose one.
        port: u16,
    },
    /// A Unix stream socket.
    Unix {
        /// Its name.
        name: UnixName,
        /// The permissions of the socket file, as for `chmod`. An abstract name has none.
        mode: u32,
    },
}

impl FromStr for Listen {
    type Err = ListenError;

    fn from_str(text: &str) -> Result<Self, ListenError> {
        let wrong = |problem| ListenError {
            url: text.to_owned(),
            problem,
        };
        let url = Url::parse(text).map_err(|error| wrong(Problem::Url(error)))?;
        match url.scheme() {
            "tcp" => parse_tcp(&url),
            "unix" => parse_unix(&url),
            _ => Err(Problem::Scheme),
        }
        .map_err(wrong)
    }
}

impl Display for Listen {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port } if host.contains(':') => write!(f, "tcp://[{host}]:{port}"),
            Self::Tcp { host, port } => write!(f, "tcp://{host}:{port}"),
            Self::Unix { name, .. } => name.fmt(f),
        }
    }
}

fn parse_tcp(url: &Url) -> Result<Listen, Problem> {
    let host = match url.host() {
        Some(Host::Domain(name)) if !name.is_empty() => name.to_owned(),
        Some(Host::Ipv4(address)) => address.to_string(),
        Some(Host::Ipv6(address)) => address.to_string(),
        _ => return Err(Problem::NoHost),
    };
    let port = url.port().ok_or(Problem::NoPort)?;
    if !matches!(url.path(), "" | "/")
        || url.query().is_some()
        || url.fragment().is_some()
        || !url.username().is_empty()
        || url.password().is_some()
    {
        return Err(Problem::MoreThanHostAndPort);
    }
    Ok(Listen::Tcp { host, port })
}

fn parse_unix(url: &Url) -> Result<Listen, Problem> {
    if url.host_str().is_some_and(|host| !host.is_empty()) {
        return Err(Problem::UnixHost);
    }
    let name = UnixName::from_bytes(percent_decode_str(url.path()).collect())?;
    let mut mode = DEFAULT_SOCKET_MODE;
    for (key, value) in url.query_pairs() {
        match (&*key, &name) {
            ("mode", UnixName::Abstract(_)) => return Err(Problem::ModeOfAbstract),
            ("mode", UnixName::Path(_)) => {
                mode = u32::from_str_radix(&value, 8)
                    .ok()
                    .filter(|mode| *mode <= 0o777)
                    .ok_or_else(|| Problem::Mode(value.into_owned()))?;
            }
            _ => return Err(Problem::Option(key.into_owned())),
        }
    }
    Ok(Listen::Unix { name, mode })
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
    fn from_bytes(bytes: Vec<u8>) -> Result<Self, Problem> {
        use std::os::unix::ffi::OsStringExt as _;

        if bytes.len() > MAX_UNIX_NAME {
            return Err(Problem::UnixTooLong);
        }
        if bytes.contains(&0) {
            return Err(Problem::UnixZero);
        }
        match bytes.split_first() {
            Some((b'@', name)) if !name.is_empty() => Ok(Self::Abstract(name.to_vec())),
            Some((b'/', rest)) if !rest.is_empty() && !rest.ends_with(b"/") => {
                Ok(Self::Path(PathBuf::from(std::ffi::OsString::from_vec(bytes))))
            }
            _ => Err(Problem::UnixPath),
        }
    }
}

impl Display for UnixName {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Abstract(name) => write!(f, "unix:@{}", String::from_utf8_lossy(name)),
            Self::Path(path) => write!(f, "unix://{}", path.display()),
        }
    }
}

/// A URL that names no listener.
#[derive(Debug, Error)]
#[error("`{url}` is not a listener: {problem}")]
pub struct ListenError {
    url: String,
    problem: Problem,
}

#[derive(Debug, Error)]
enum Problem {
    #[error("an abstract name has no file, so it takes no mode")]
    ModeOfAbstract,
    #[error("mode `{0}` is not an octal number up to 0777")]
    Mode(String),
    #[error("write tcp://host:port and nothing after it")]
    MoreThanHostAndPort,
    #[error("the host is missing; write tcp://127.0.0.1:9999, or tcp://[::]:9999 for every interface")]
    NoHost,
    #[error("the port is missing; write tcp://host:port, with port 0 to let the system choose one")]
    NoPort,
    #[error("there is no option `{0}`; a Unix listener takes `mode`, as in unix:///path?mode=0660")]
    Option(String),
    #[error("its scheme is neither tcp nor unix; write tcp://127.0.0.1:9999 or unix:///path")]
    Scheme,
    #[error("a Unix listener has no host; write unix:///path with three slashes, or unix:@name")]
    UnixHost,
    #[error("write an absolute path, as in unix:///run/echo.sock, or an abstract name, as in unix:@echo")]
    UnixPath,
    #[error("the name of a Unix socket has at most {MAX_UNIX_NAME} bytes")]
    UnixTooLong,
    #[error("the name of a Unix socket holds no zero byte")]
    UnixZero,
    #[error("{0}; write tcp://127.0.0.1:9999 or unix:///path")]
    Url(url::ParseError),
}

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

impl Remote {
    /// What the limit for each source counts this peer as.
    pub(crate) fn source(&self) -> Option<Source> {
        match (&self.address, self.uid) {
            (Address::Ip(address), _) => Some(Source::of_ip(address.ip())),
            (Address::Unix(_), uid) => uid.map(Source::User),
        }
    }
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

/// What the limit for each source counts together.
///
/// An IPv6 host usually owns the /64 that it lives in (RFC 7421), so that its addresses are one source.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Source {
    Ip(IpAddr),
    User(u32),
}

impl Source {
    fn of_ip(address: IpAddr) -> Self {
        Self::Ip(match address {
            IpAddr::V4(v4) => v4.into(),
            IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64)).into(),
        })
    }
}

/// Sources that the limit for each source leaves out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum SourceRange {
    /// `loopback`: 127.0.0.0/8 and `::1`.
    Loopback,
    /// A range of addresses, such as `10.0.0.0/8`, or one address.
    Net(IpNet),
    /// `unix`: every peer of a Unix listener.
    Unix,
}

impl SourceRange {
    pub(crate) fn contains(self, address: &Address) -> bool {
        match (self, address) {
            (Self::Loopback, Address::Ip(address)) => address.ip().is_loopback(),
            (Self::Net(net), Address::Ip(address)) => net.contains(&address.ip()),
            (Self::Unix, Address::Unix(_)) => true,
            _ => false,
        }
    }
}

impl FromStr for SourceRange {
    type Err = SourceRangeError;

    fn from_str(text: &str) -> Result<Self, SourceRangeError> {
        match text {
            "loopback" => Ok(Self::Loopback),
            "unix" => Ok(Self::Unix),
            _ => text
                .parse::<IpNet>()
                .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
                .map(Self::Net)
                .map_err(|_| SourceRangeError(text.to_owned())),
        }
    }
}

impl Display for SourceRange {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Loopback => f.write_str("loopback"),
            Self::Net(net) => net.fmt(f),
            Self::Unix => f.write_str("unix"),
        }
    }
}

/// A text that names no range of sources.
#[derive(Debug, Error)]
#[error("`{0}` is not a range of sources: write loopback, unix, an address or a range such as 10.0.0.0/8")]
pub struct SourceRangeError(String);

/// Only the user who runs the server may connect, unless the operator says more.
const DEFAULT_SOCKET_MODE: u32 = 0o600;

/// The room in `sun_path` (108 bytes on Linux, `unix(7)`) less the final zero byte.
const MAX_UNIX_NAME: usize = 107;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_printed_as_they_are_written() {
        for url in [
            "tcp://127.0.0.1:0",
            "tcp://[::]:9999",
            "tcp://localhost:7",
            "unix:///run/echo.sock",
            "unix:@echo",
        ] {
            assert_eq!(url.parse::<Listen>().unwrap().to_string(), url);
        }
    }

    #[test]
    fn a_mode_is_octal() {
        let listen: Listen = "unix:///run/echo.sock?mode=0660".parse().unwrap();
        assert!(matches!(listen, Listen::Unix { mode: 0o660, .. }));
    }

    #[test]
    fn a_path_may_hold_any_byte_but_zero() {
        let listen: Listen = "unix:///run/a%20b".parse().unwrap();
        assert_eq!(listen.to_string(), "unix:///run/a b");
        assert!("unix:///run/a%00b".parse::<Listen>().is_err());
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (url, words) in [
            ("9999", "relative URL"),
            ("tcp://127.0.0.1", "port is missing"),
            ("tcp://:9999", "write tcp://127.0.0.1:9999"),
            ("tcp://127.0.0.1:99999", "invalid port"),
            ("tcp://127.0.0.1:9/x", "nothing after it"),
            ("http://127.0.0.1:80", "neither tcp nor unix"),
            ("unix://run/x", "three slashes"),
            ("unix:x", "absolute path"),
            ("unix:///", "absolute path"),
            ("unix:///x?mode=0999", "octal"),
            ("unix:///x?owner=1", "no option `owner`"),
            ("unix:@x?mode=0600", "no mode"),
        ] {
            let error = url.parse::<Listen>().unwrap_err().to_string();
            assert!(error.contains(words), "{url}: {error}");
        }
        let long = format!("unix:///{}", "x".repeat(108));
        assert!(long.parse::<Listen>().unwrap_err().to_string().contains("107 bytes"));
    }

    #[test]
    fn mapped_addresses_are_ipv4() {
        let mapped = "[::ffff:10.1.2.3]:80".parse().unwrap();
        assert_eq!(Address::from_ip(mapped).to_string(), "tcp://10.1.2.3:80");
    }

    #[test]
    fn an_ipv6_source_is_its_network_of_64_bits() {
        let of = |text: &str| Source::of_ip(text.parse().unwrap());
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:1"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_ne!(of("10.0.0.1"), of("10.0.0.2"));
    }

    #[test]
    fn ranges_contain_their_addresses() {
        let at = |text: &str| Address::from_ip(text.parse().unwrap());
        let range = |text: &str| text.parse::<SourceRange>().unwrap();
        assert!(range("loopback").contains(&at("127.9.9.9:1")));
        assert!(range("loopback").contains(&at("[::1]:1")));
        assert!(!range("loopback").contains(&at("10.0.0.1:1")));
        assert!(range("10.0.0.0/8").contains(&at("10.200.0.1:1")));
        assert!(range("10.0.0.1").contains(&at("10.0.0.1:1")));
        assert!(range("unix").contains(&Address::Unix(None)));
        assert!("ten".parse::<SourceRange>().is_err());
    }
}
