//! Why there is no connection to a target, and by which code the peer is told.

use std::fmt::{self, Display, Formatter};

use crate::reply::Code;

#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Failure {
    /// By the rules of the operator.
    Denied,
    /// The name has no address, or the lookup has failed; in words.
    Name(String),
    /// None of those that the RFC has a code for; in words.
    Other(String),
    Refused,
    TimedOut,
    Unreachable,
}

impl Failure {
    pub(crate) fn code(&self) -> Code {
        match self {
            Self::Denied => Code::NotAllowed,
            Self::Name(_) | Self::Unreachable => Code::HostUnreachable,
            Self::Other(_) => Code::GeneralFailure,
            Self::Refused => Code::ConnectionRefused,
            // The RFC has no code for a timeout. The nearest one says that packets were lost on the way for being too old.
            Self::TimedOut => Code::TtlExpired,
        }
    }

    /// What is told when every address of a target has failed: how the last did, but for a denial, which says nothing of the
    /// target if another address was allowed.
    pub(crate) fn of_all(failures: Vec<Self>) -> Self {
        failures
            .into_iter()
            .reduce(|last, next| if next == Self::Denied { last } else { next })
            .unwrap_or_else(|| Self::Name("the name has no address".into()))
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Denied => "not allowed",
            Self::Name(words) | Self::Other(words) => words,
            Self::Refused => "connection refused",
            Self::TimedOut => "timed out",
            Self::Unreachable => "unreachable",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_denial_is_told_if_nothing_else_was_tried() {
        use Failure::{Denied, Refused, TimedOut};

        assert_eq!(Failure::of_all(vec![Denied, Denied]), Denied);
        assert_eq!(Failure::of_all(vec![Denied, Refused]), Refused);
        assert_eq!(Failure::of_all(vec![Refused, Denied]), Refused);
        assert_eq!(Failure::of_all(vec![Refused, TimedOut]), TimedOut);
        assert_eq!(Failure::of_all(Vec::new()).code(), Code::HostUnreachable);
    }
}
