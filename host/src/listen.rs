//! Where a server is asked to listen.

use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

use percent_encoding::percent_decode_str;
use thiserror::Error;
use url::{Host, Url};

use crate::address::{Transport, UnixName, UnixNameError};

/// What a listener is asked to bind, spelled as a URL.
///
/// - `tcp://host:port`: an IPv4 address, an IPv6 address in brackets, or a name (its first address that can be bound).
///   Port 0 lets the system choose. `[::]` accepts IPv4 and IPv6.
/// - `http://host:port`: HTTP/1 and HTTP/2 over TCP, with hosts as for `tcp`; without a port it is 80.
/// - `http+unix:///path`: the same over a Unix stream socket.
/// - `unix:///path`, with `?mode=0660` for the permissions of the socket file (0600 otherwise).
/// - `unixpacket:///path`: the same, keeping the boundaries of messages: one `receive` returns one message.
/// - `udp://host:port`, `unixgram:///path`: datagrams, each of which is served by itself.
/// - `icmp://host`: ICMP messages of an IPv4 address, ICMPv6 messages of an IPv6 address. The process needs the capability
///   `CAP_NET_RAW`, and gets a copy of each message that reaches the machine there.
/// - `unix:@name`, `http+unix:@name`, `unixpacket:@name`, `unixgram:@name`: a name of Linux's abstract namespace (`unix(7)`), which has no file and no
///   permissions.
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
    /// A TCP socket whose connections speak HTTP.
    Http {
        /// An IP address or a name, without brackets.
        host: String,
        /// The port; 0 lets the system choose one.
        port: u16,
    },
    /// A Unix stream socket whose connections speak HTTP.
    HttpUnix {
        /// Its name.
        name: UnixName,
        /// As for [`Unix`](Self::Unix).
        mode: u32,
    },
    /// A raw ICMP socket.
    Icmp {
        /// An IP address or a name, without brackets.
        host: String,
    },
    /// A TCP socket.
    Tcp {
        /// An IP address or a name, without brackets.
        host: String,
        /// The port; 0 lets the system choose one.
        port: u16,
    },
    /// A UDP socket.
    Udp {
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
    /// A Unix datagram socket.
    UnixGram {
        /// Its name.
        name: UnixName,
        /// As for [`Unix`](Self::Unix).
        mode: u32,
    },
    /// A Unix socket that keeps the boundaries of messages (`SOCK_SEQPACKET`).
    UnixPacket {
        /// Its name.
        name: UnixName,
        /// As for [`Unix`](Self::Unix).
        mode: u32,
    },
}

impl Listen {
    /// Whether a grant of this address covers `asked`: the same address, however it is spelled. Only the grant says who may
    /// connect to a Unix socket.
    pub(crate) fn covers(&self, asked: &Self) -> bool {
        if self.transport() != asked.transport() {
            return false;
        }
        match (self, asked) {
            (Self::Icmp { host }, Self::Icmp { host: asked }) => host.eq_ignore_ascii_case(asked),
            (Self::Http { host, port }, Self::Http { host: to, port: at })
            | (Self::Tcp { host, port }, Self::Tcp { host: to, port: at })
            | (Self::Udp { host, port }, Self::Udp { host: to, port: at }) => {
                host.eq_ignore_ascii_case(to) && port == at
            }
            // These are names, whose spelling counts.
            _ => self.to_string() == asked.to_string(),
        }
    }

    /// What it speaks.
    pub fn transport(&self) -> Transport {
        match self {
            Self::Http { .. } => Transport::Http,
            Self::HttpUnix { .. } => Transport::HttpUnix,
            Self::Icmp { .. } => Transport::Icmp,
            Self::Tcp { .. } => Transport::Tcp,
            Self::Udp { .. } => Transport::Udp,
            Self::Unix { .. } => Transport::Unix,
            Self::UnixGram { .. } => Transport::UnixGram,
            Self::UnixPacket { .. } => Transport::UnixPacket,
        }
    }
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
            "http" => parse_host(&url).map(|host| Self::Http {
                host,
                port: url.port().unwrap_or(HTTP_PORT),
            }),
            "http+unix" => parse_unix(&url).map(|(name, mode)| Self::HttpUnix { name, mode }),
            "icmp" => parse_host(&url).and_then(|host| match url.port() {
                None => Ok(Self::Icmp { host }),
                Some(_) => Err(Problem::PortOfIcmp),
            }),
            "rdm" => Err(Problem::Rdm),
            "tcp" => parse_host_and_port(&url).map(|(host, port)| Self::Tcp { host, port }),
            "udp" => parse_host_and_port(&url).map(|(host, port)| Self::Udp { host, port }),
            "unix" => parse_unix(&url).map(|(name, mode)| Self::Unix { name, mode }),
            "unixgram" => parse_unix(&url).map(|(name, mode)| Self::UnixGram { name, mode }),
            "unixpacket" => parse_unix(&url).map(|(name, mode)| Self::UnixPacket { name, mode }),
            _ => Err(Problem::Scheme),
        }
        .map_err(wrong)
    }
}

impl Display for Listen {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let scheme = self.transport().scheme();
        match self {
            Self::Icmp { host } if host.contains(':') => write!(f, "{scheme}://[{host}]"),
            Self::Icmp { host } => write!(f, "{scheme}://{host}"),
            Self::Http { host, port } | Self::Tcp { host, port } | Self::Udp { host, port } if host.contains(':') => {
                write!(f, "{scheme}://[{host}]:{port}")
            }
            Self::Http { host, port } | Self::Tcp { host, port } | Self::Udp { host, port } => {
                write!(f, "{scheme}://{host}:{port}")
            }
            Self::HttpUnix { name, .. }
            | Self::Unix { name, .. }
            | Self::UnixGram { name, .. }
            | Self::UnixPacket { name, .. } => name.fmt_url(scheme, f),
        }
    }
}

fn parse_host_and_port(url: &Url) -> Result<(String, u16), Problem> {
    let host = parse_host(url)?;
    Ok((host, url.port().ok_or(Problem::NoPort)?))
}

fn parse_host(url: &Url) -> Result<String, Problem> {
    let host = match url.host() {
        Some(Host::Domain(name)) if !name.is_empty() => name.to_owned(),
        Some(Host::Ipv4(address)) => address.to_string(),
        Some(Host::Ipv6(address)) => address.to_string(),
        _ => return Err(Problem::NoHost),
    };
    if !matches!(url.path(), "" | "/")
        || url.query().is_some()
        || url.fragment().is_some()
        || !url.username().is_empty()
        || url.password().is_some()
    {
        return Err(Problem::MoreThanHostAndPort);
    }
    Ok(host)
}

fn parse_unix(url: &Url) -> Result<(UnixName, u32), Problem> {
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
    Ok((name, mode))
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
    #[error("write tcp://host:port, or icmp://host, and nothing after it")]
    MoreThanHostAndPort,
    #[error("the host is missing; write tcp://127.0.0.1:9999, or tcp://[::]:9999 for every interface")]
    NoHost,
    #[error("the port is missing; write tcp://host:port, with port 0 to let the system choose one")]
    NoPort,
    #[error("there is no option `{0}`; a Unix listener takes `mode`, as in unix:///path?mode=0660")]
    Option(String),
    #[error("ICMP has no ports; write icmp://0.0.0.0 or icmp://[::]")]
    PortOfIcmp,
    #[error(
        "no address family of Linux offers a server reliable datagrams (SOCK_RDM); write unixpacket:///path or tcp://host:port"
    )]
    Rdm,
    #[error(
        "its scheme is none of tcp, udp, icmp, http, unix, http+unix, unixpacket and unixgram; write tcp://127.0.0.1:9999 \
         or unix:///path"
    )]
    Scheme,
    #[error("a Unix listener has no host; write unix:///path with three slashes, or unix:@name")]
    UnixHost,
    #[error(transparent)]
    UnixName(#[from] UnixNameError),
    #[error("{0}; write tcp://127.0.0.1:9999 or unix:///path")]
    Url(url::ParseError),
}

/// That of the scheme (RFC 9110, section 4.2.1). `url` leaves it out of what it parses, so a listener cannot be told to be
/// without one.
const HTTP_PORT: u16 = 80;

/// Only the user who runs the server may connect, unless the operator says more.
const DEFAULT_SOCKET_MODE: u32 = 0o600;

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
            "unixpacket:///run/echo.sock",
            "unixpacket:@echo",
            "udp://127.0.0.1:53",
            "udp://[::]:53",
            "unixgram:///run/log.sock",
            "icmp://0.0.0.0",
            "icmp://[::]",
            "http://127.0.0.1:0",
            "http://[::1]:80",
            "http+unix:///run/http.sock",
            "http+unix:@http",
        ] {
            assert_eq!(url.parse::<Listen>().unwrap().to_string(), url);
        }
    }

    #[test]
    fn http_has_a_port_of_its_own() {
        for url in ["http://localhost", "http://localhost:80"] {
            assert_eq!(url.parse::<Listen>().unwrap().to_string(), "http://localhost:80");
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
        assert_eq!(listen.to_string(), "unix:///run/a%20b");
        let listen: Listen = "unix:@%ff%3f".parse().unwrap();
        assert_eq!(listen.to_string(), "unix:@%FF%3F");
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
            ("https://127.0.0.1:443", "none of tcp, udp"),
            ("http://127.0.0.1:80/x", "nothing after it"),
            ("http+unix://run/x", "three slashes"),
            ("udp://127.0.0.1", "port is missing"),
            ("icmp://127.0.0.1:7", "no ports"),
            ("icmp://", "host is missing"),
            ("rdm://127.0.0.1:7", "SOCK_RDM"),
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
}
