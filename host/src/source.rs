//! What the limit for each source counts together, and whom it leaves out.

use std::fmt::{self, Display, Formatter};
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use ipnet::IpNet;
use thiserror::Error;

use crate::address::{Address, Remote};

/// What the limit for each source counts together.
///
/// An IPv6 host usually owns the /64 that it lives in (RFC 7421), so that its addresses are one source.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Source {
    Ip(IpAddr),
    User(u32),
}

impl Source {
    pub(crate) fn of(remote: &Remote) -> Option<Self> {
        match (&remote.address, remote.uid) {
            (Address::Ip(address), _) => Some(Self::of_ip(address.ip())),
            (Address::Unix(_), uid) => uid.map(Self::User),
        }
    }

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

#[cfg(test)]
mod tests {
    use super::*;

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
