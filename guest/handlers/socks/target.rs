//! Where a peer wants to be connected to.

use std::fmt::{self, Display, Formatter};
use std::net::{IpAddr, SocketAddr};

#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Target {
    pub(crate) host: Host,
    pub(crate) port: u16,
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Host {
    Address(IpAddr),
    /// To be looked up by the host of the handler.
    Name(String),
}

impl Display for Target {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.host {
            Host::Address(address) => SocketAddr::new(*address, self.port).fmt(f),
            // The peer chose it, and it goes to the log: a line feed in it shall not make a line.
            Host::Name(name) => write!(f, "{}:{}", name.escape_debug(), self.port),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv6Addr;

    use super::*;

    #[test]
    fn a_name_stays_on_its_line() {
        let host = Host::Name("a\nb".into());
        assert_eq!(Target { host, port: 80 }.to_string(), "a\\nb:80");
        let host = Host::Address(Ipv6Addr::LOCALHOST.into());
        assert_eq!(Target { host, port: 80 }.to_string(), "[::1]:80");
    }
}
