//! How a request ended.

use std::fmt::{self, Display, Formatter};

use crate::address::Address;

/// How a request ended.
///
/// Python equivalent: what `BaseServer.handle_error()` finds in `sys.exception()`
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Outcome {
    /// Who had sent it.
    pub remote: Address,
    /// Why it ended.
    pub reason: Reason,
    /// The handler's words, or the host's, where there are some.
    pub message: Option<String>,
}

impl Outcome {
    /// How a request of `remote` ended: for tests, and for servers that handle requests in ways of their own.
    pub fn new(remote: Address, reason: Reason, message: Option<String>) -> Self {
        Self {
            remote,
            reason,
            message,
        }
    }

    /// Whether the handler returned `Ok`.
    pub fn is_completed(&self) -> bool {
        self.reason == Reason::Completed
    }
}

/// The reason, and the words after a colon: `handler-error: an empty line`.
impl Display for Outcome {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.reason.fmt(f)?;
        match &self.message {
            Some(message) => write!(f, ": {message}"),
            None => Ok(()),
        }
    }
}

/// Why a request ended; the names are those of the host's log.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Reason {
    /// The host itself failed.
    Bug,
    /// The handler returned `Ok`.
    Completed,
    /// It used more processor time than it may.
    CpuTime,
    /// It called `exit`.
    Exit,
    /// It returned an error.
    HandlerError,
    /// No byte moved for too long.
    Idle,
    /// The sandbox could not be made.
    Instantiate,
    /// It was still open when the server had to stop.
    Killed,
    /// It was open for too long.
    Lifetime,
    /// It failed after it was refused memory.
    Memory,
    /// It returned an error after the peer had broken off.
    Reset,
    /// It returned an error after a timeout of its own.
    TimedOut,
    /// It panicked, or trapped.
    Trap,
}

/// The name in the host's log: `handler-error`.
impl Display for Reason {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bug => "bug",
            Self::Completed => "completed",
            Self::CpuTime => "cpu-time",
            Self::Exit => "exit",
            Self::HandlerError => "handler-error",
            Self::Idle => "idle",
            Self::Instantiate => "instantiate",
            Self::Killed => "killed",
            Self::Lifetime => "lifetime",
            Self::Memory => "memory",
            Self::Reset => "reset",
            Self::TimedOut => "timed-out",
            Self::Trap => "trap",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_reads_as_a_line_of_the_log() {
        let outcome = |reason, message: Option<&str>| {
            Outcome::new(Address::Unix(None), reason, message.map(str::to_owned)).to_string()
        };
        assert_eq!(
            outcome(Reason::HandlerError, Some("no such key")),
            "handler-error: no such key"
        );
        assert_eq!(outcome(Reason::CpuTime, None), "cpu-time");
    }
}
