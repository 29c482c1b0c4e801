//! Requests of HTTP: what is known of one when it has ended, and how it did.

use std::fmt::{self, Display, Formatter};
use std::time::Duration;

/// What is known of a request of HTTP when it and its response have ended.
#[derive(Debug)]
#[non_exhaustive]
pub struct RequestEnded<'a> {
    /// Its number on its connection, from 1 up.
    pub number: u64,
    /// Its method.
    pub method: &'a str,
    /// Its path and query, shortened if they are very long.
    pub path: &'a str,
    /// The status of its response; `None` when no response was begun.
    pub status: Option<u16>,
    /// How it ended.
    pub outcome: Outcome,
    /// What went wrong. Empty for a plain end.
    pub message: String,
    /// The guest's calls when it trapped, innermost first, where the component has names.
    pub backtrace: Vec<String>,
    /// From its head to the end of its handler and of its response.
    pub duration: Duration,
    /// Processor time of the guest, in milliseconds, as [`max_cpu_time`](crate::Limits::max_cpu_time) counts it.
    pub cpu_time: Duration,
    /// Bytes of its body that were received.
    pub received: u64,
    /// Bytes of its response's body that were sent.
    pub sent: u64,
    /// Bytes of guest output that were dropped, being too many.
    pub output_dropped: u64,
    /// How often the guest was refused something of the network.
    pub connects_refused: u64,
}

/// How a request of HTTP ended. Every request ends in exactly one of these ways.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Outcome {
    /// `aborted`: the peer went, or gave the request up, before its response was whole.
    Aborted,
    /// `bug`: the host itself failed. Please report it.
    Bug,
    /// `completed`: the handler returned, and its response was whole.
    Completed,
    /// `cpu-time`: the guest used more processor time than `max-cpu-time`.
    CpuTime,
    /// `exit`: the guest called `exit`.
    Exit,
    /// `handler-error`: the handler answered with an error code, with no response, or with a body of another length than it
    /// said.
    HandlerError,
    /// `idle`: a body did not move for `body-idle-timeout`.
    Idle,
    /// `instantiate`: the sandbox could not be made.
    Instantiate,
    /// `killed`: it was under way when `drain-grace` was over, or the server was told to stop now.
    Killed,
    /// `memory`: the guest failed after it was refused memory beyond `max-memory`.
    Memory,
    /// `refused`: the server answered it itself, without a handler: its head was none that it takes, or all sandboxes were in
    /// use for `queue-timeout`.
    Refused,
    /// `request-size`: its body was longer than `max-request-body`.
    RequestSize,
    /// `response-size`: the body of its response was longer than `max-response-body`.
    ResponseSize,
    /// `timed-out`: it took longer than `request-timeout`.
    TimedOut,
    /// `trap`: the guest trapped.
    Trap,
    /// `worker-died`: the process of its [worker](crate::Worker) ended.
    WorkerDied,
}

impl Outcome {
    /// Every outcome, in alphabetical order.
    pub const ALL: [Self; 16] = [
        Self::Aborted,
        Self::Bug,
        Self::Completed,
        Self::CpuTime,
        Self::Exit,
        Self::HandlerError,
        Self::Idle,
        Self::Instantiate,
        Self::Killed,
        Self::Memory,
        Self::Refused,
        Self::RequestSize,
        Self::ResponseSize,
        Self::TimedOut,
        Self::Trap,
        Self::WorkerDied,
    ];

    /// Its name in logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Aborted => "aborted",
            Self::Bug => "bug",
            Self::Completed => "completed",
            Self::CpuTime => "cpu-time",
            Self::Exit => "exit",
            Self::HandlerError => "handler-error",
            Self::Idle => "idle",
            Self::Instantiate => "instantiate",
            Self::Killed => "killed",
            Self::Memory => "memory",
            Self::Refused => "refused",
            Self::RequestSize => "request-size",
            Self::ResponseSize => "response-size",
            Self::TimedOut => "timed-out",
            Self::Trap => "trap",
            Self::WorkerDied => "worker-died",
        }
    }

    pub(crate) fn index(self) -> usize {
        self as usize
    }
}

impl Display for Outcome {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_outcome_has_its_own_place_and_name() {
        for (index, outcome) in Outcome::ALL.into_iter().enumerate() {
            assert_eq!(outcome.index(), index);
        }
        assert!(Outcome::ALL.map(Outcome::name).is_sorted_by(|a, b| a < b));
    }
}
