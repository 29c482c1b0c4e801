//! How a program says where to serve.
//!
//! Every spelling becomes a URL, which is what the host takes and what the operator grants.

use std::fmt::{Display, Write as _};
use std::net::SocketAddr;

/// Where to serve over IP: `("127.0.0.1", 9999)`, a [`SocketAddr`], `"127.0.0.1:9999"`, or a URL.
///
/// As in Python, the host `""` is every IPv4 address of the machine. A URL is taken as it is, so it may also name
/// another transport of the same kind: `icmp://127.0.0.1` for a [`UdpServer`](super::UdpServer).
///
/// Python equivalent: `server_address` with `AF_INET` or `AF_INET6`
pub trait IpServerAddress {
    /// The URL, with this scheme unless the address has one.
    fn url(&self, scheme: &str) -> String;
}

impl<H: Display> IpServerAddress for (H, u16) {
    fn url(&self, scheme: &str) -> String {
        let (host, port) = (self.0.to_string(), self.1);
        match host.as_str() {
            "" => format!("{scheme}://0.0.0.0:{port}"),
            v6 if v6.contains(':') => format!("{scheme}://[{v6}]:{port}"),
            _ => format!("{scheme}://{host}:{port}"),
        }
    }
}

impl IpServerAddress for SocketAddr {
    fn url(&self, scheme: &str) -> String {
        (self.ip(), self.port()).url(scheme)
    }
}

impl IpServerAddress for &str {
    fn url(&self, scheme: &str) -> String {
        if self.contains("://") {
            (*self).to_owned()
        } else {
            format!("{scheme}://{self}")
        }
    }
}

impl IpServerAddress for String {
    fn url(&self, scheme: &str) -> String {
        IpServerAddress::url(&self.as_str(), scheme)
    }
}

/// Where to serve over Unix sockets: a path, `@name` for a name of Linux's abstract namespace, or a URL.
///
/// A URL is taken as it is, so it may also name another transport of the same kind: `unixpacket:@echo` for a
/// [`UnixStreamServer`](super::UnixStreamServer).
///
/// Python equivalent: `server_address` with `AF_UNIX`
pub trait UnixServerAddress {
    /// The URL, with this scheme unless the address has one.
    fn url(&self, scheme: &str) -> String;
}

impl UnixServerAddress for &str {
    fn url(&self, scheme: &str) -> String {
        if ["unix:", "unixgram:", "unixpacket:"]
            .iter()
            .any(|scheme| self.starts_with(scheme))
            || self.contains("://")
        {
            return (*self).to_owned();
        }
        let root = if self.starts_with('/') { "//" } else { "" };
        let mut url = format!("{scheme}:{root}");
        for byte in self.bytes() {
            if byte.is_ascii_alphanumeric() || b"/@._-~".contains(&byte) {
                url.push(byte.into());
            } else {
                let _ = write!(url, "%{byte:02X}");
            }
        }
        url
    }
}

impl UnixServerAddress for String {
    fn url(&self, scheme: &str) -> String {
        UnixServerAddress::url(&self.as_str(), scheme)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(address: impl IpServerAddress) -> String {
        address.url("tcp")
    }

    fn unix(address: impl UnixServerAddress) -> String {
        address.url("unix")
    }

    #[test]
    fn an_ip_address_has_many_spellings() {
        assert_eq!(ip(("127.0.0.1", 9999)), "tcp://127.0.0.1:9999");
        assert_eq!(ip(("localhost".to_owned(), 9999)), "tcp://localhost:9999");
        assert_eq!(ip(("", 9999)), "tcp://0.0.0.0:9999");
        assert_eq!(ip(("::1", 9999)), "tcp://[::1]:9999");
        assert_eq!(ip(SocketAddr::from(([0u16; 8], 80))), "tcp://[::]:80");
        assert_eq!(ip("[::1]:9999"), "tcp://[::1]:9999");
        assert_eq!(ip("tcp://[::1]:9999"), "tcp://[::1]:9999");
        assert_eq!(ip("icmp://[::1]".to_owned()), "icmp://[::1]");
    }

    #[test]
    fn a_path_keeps_all_of_its_characters() {
        assert_eq!(unix("/run/echo.sock"), "unix:///run/echo.sock");
        assert_eq!(unix("/run/50% of?#"), "unix:///run/50%25%20of%3F%23");
        assert_eq!(unix("echo.sock"), "unix:echo.sock");
        assert_eq!(unix("@echo"), "unix:@echo");
        assert_eq!(unix("unixpacket:@echo"), "unixpacket:@echo");
        assert_eq!(
            unix("unix:///run/echo.sock?mode=0660"),
            "unix:///run/echo.sock?mode=0660"
        );
    }
}
