//! Why a peer is not served, what it is told, and what the log of the server is told.

use std::fmt::{self, Display, Formatter};

use crate::failure::Failure;
use crate::greeting::NO_METHOD;
use crate::handshake::{TIME, VERSION};
use crate::reply::{self, Code};
use crate::target::Target;

#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Refusal {
    /// The peer left without a word, as those do that look whether a port answers.
    Absent,
    AddressType(u8),
    Command(u8),
    GreetingVersion(u8),
    /// The peer offers no method that is served.
    Method,
    /// The name of the target is empty, or not text.
    Name,
    /// Port 0 cannot be connected to.
    Port,
    RequestVersion(u8),
    TimedOut,
    /// The peer left before it had said all, or does not take what it is told.
    Truncated,
    Unconnected(Target, Failure),
}

impl Refusal {
    /// What the peer is told before the connection is closed, where the RFC has words for it.
    pub(crate) fn answer(&self) -> Option<Vec<u8>> {
        let code = match self {
            Self::Absent | Self::GreetingVersion(_) | Self::TimedOut | Self::Truncated => return None,
            Self::Method => return Some(vec![VERSION, NO_METHOD]),
            Self::AddressType(_) => Code::AddressTypeNotSupported,
            Self::Command(_) => Code::CommandNotSupported,
            // As of a name that has no address.
            Self::Name => Code::HostUnreachable,
            Self::Port | Self::RequestVersion(_) => Code::GeneralFailure,
            Self::Unconnected(_, failure) => failure.code(),
        };
        Some(reply::failure(code))
    }
}

impl Display for Refusal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("the peer said nothing"),
            Self::AddressType(kind) => write!(f, "address type {kind} is unknown"),
            Self::Command(command) => write!(f, "command {command} is not served, only CONNECT is"),
            Self::GreetingVersion(version) => write!(f, "version {version} is not served, only SOCKS5 is"),
            Self::Method => f.write_str("the peer does not offer to go without authentication"),
            Self::Name => f.write_str("the name of the target is empty or not UTF-8"),
            Self::Port => f.write_str("port 0 cannot be connected to"),
            Self::RequestVersion(version) => write!(f, "the request is of version {version}, its greeting was of 5"),
            Self::TimedOut => write!(f, "the handshake took more than {} s", TIME.as_secs()),
            Self::Truncated => f.write_str("the peer left in the middle of the handshake"),
            Self::Unconnected(target, failure) => write!(f, "cannot connect to {target}: {failure}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::Host;

    #[test]
    fn the_rfc_has_no_words_for_some() {
        assert_eq!(Refusal::GreetingVersion(4).answer(), None);
        assert_eq!(Refusal::Method.answer().unwrap(), [5, 0xff]);
        assert_eq!(Refusal::Command(2).answer().unwrap()[1], 7);
        assert_eq!(Refusal::AddressType(2).answer().unwrap()[1], 8);
    }

    #[test]
    fn a_target_that_is_not_allowed_is_told_so() {
        let host = Host::Name("example.com".into());
        let refusal = Refusal::Unconnected(Target { host, port: 80 }, Failure::Denied);
        assert_eq!(refusal.answer().unwrap()[1], 2);
        assert_eq!(refusal.to_string(), "cannot connect to example.com:80: not allowed");
    }
}
