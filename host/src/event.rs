//! What happens in a server: the catalogue of events, and the reasons that connections end for.
//!
//! The server emits events and logs nothing itself; an [`Observer`] makes of them what it likes. The command's observer
//! writes log lines (`log.rs`). Whatever the observers do, the books count.

mod request;

use std::error::Error;
use std::fmt::{self, Display, Formatter};
use std::sync::Arc;
use std::time::Duration;

pub use self::request::{Outcome, RequestEnded};
use crate::address::{ListenAddress, Remote};
use crate::listen::Listen;
use crate::outbound::ConnectRefused;
use crate::sandbox::LoadError;

/// Takes part in what happens. Every method has an empty default.
///
/// Methods are called on the server's own tasks, so a method that blocks stops connections: hand work over.
pub trait Observer: Send + Sync + 'static {
    /// A server of a server program takes requests at this address.
    fn listening(&self, _listener: &ListenAddress) {}

    /// A server program asked for an address that it was not granted.
    fn bind_denied(&self, _listen: &Listen) {}

    /// A server program was granted an address, and the system does not bind it.
    fn bind_failed(&self, _error: &(dyn Error + 'static)) {}

    /// A guest wanted to reach something that no rule of [`allow_connect`](crate::Config::allow_connect) grants. Told once
    /// for each guest, and [counted](Closed::connects_refused): a guest may ask without end.
    ///
    /// Grant it if the handler is meant to reach it. If it is not, somebody has taken the handler over, or its author had
    /// other plans than you.
    fn connect_refused(&self, _refused: &ConnectRefused) {}

    /// A connection was accepted and gets its sandbox.
    fn opened(&self, _connection: &Connection) {}

    /// A connection has ended. Exactly one for each `opened`.
    fn closed(&self, _connection: &Connection, _closed: &Closed) {}

    /// A request of HTTP has ended, on this connection. Its connection may have been closed by then.
    fn request_ended(&self, _connection: &Connection, _ended: &RequestEnded<'_>) {}

    /// A connection was accepted and closed at once, or a datagram that would have opened one was not handled: it never
    /// counts as opened. Datagrams that the kernel or a session has no room for are not told one by one: they are
    /// [counted](crate::Counts::rejected).
    fn rejected(&self, _listener: &ListenAddress, _remote: &Remote, _reason: RejectReason) {}

    /// The kernel dropped so many datagrams of a listener, because they came faster than they were received: the server
    /// is too slow for what it is asked, or `net.core.rmem_default` is too low for its bursts.
    fn datagrams_dropped(&self, _listener: &ListenAddress, _count: u64) {}

    /// Accepting failed.
    ///
    /// A single [`AcceptFailure::Connection`] now and then is the weather of the internet. A lasting
    /// [`AcceptFailure::Exhausted`] means that the limit of open files (`ulimit -n`) or the machine's memory is too low
    /// for `max-connections`; it is reported once until an accept succeeds again.
    fn accept_failed(&self, _listener: &ListenAddress, _failure: AcceptFailure, _error: &std::io::Error) {}

    /// Accepting works again after it was reported as [`AcceptFailure::Exhausted`].
    fn accept_recovered(&self, _listener: &ListenAddress) {}

    /// All `max-connections` are in use, and a peer waits in the backlog. Reported once until no peer had to wait for some
    /// seconds.
    fn full(&self, _max_connections: u32) {}

    /// Swap was turned on while memory was reset by `pagemap-scan`, which does not see swapped pages: new connections get
    /// sandboxes with `decommit`. With an error there was no room for those, and the server drains instead.
    fn memory_reset_changed(&self, _error: Option<&LoadError>) {}

    /// A guest wrote a line to its standard output or error.
    fn guest_output(&self, _line: &GuestLine<'_>) {}
}

/// What is known of a connection when it opens.
///
/// At a datagram listener, a connection is one datagram and its answers; with
/// [`datagram_session`](crate::Timeouts::datagram_session), all datagrams of one remote address until they stop.
#[derive(Debug)]
#[non_exhaustive]
pub struct Connection {
    /// Its number, unique in this process, from 1 up.
    pub id: u64,
    /// Where its listener is bound.
    pub listener: Arc<ListenAddress>,
    /// The peer.
    pub remote: Remote,
}

/// What is known of a connection when it has ended.
#[derive(Debug)]
#[non_exhaustive]
pub struct Closed {
    /// The one reason.
    pub reason: CloseReason,
    /// What the guest said (the error of `handle`), or what went wrong. Empty for a plain end.
    pub message: String,
    /// The guest's calls when it trapped, innermost first, where the component has names.
    pub backtrace: Vec<String>,
    /// From accept to close.
    pub duration: Duration,
    /// Processor time of the guest, in milliseconds, as [`max_cpu_time`](crate::Limits::max_cpu_time) counts it.
    pub cpu_time: Duration,
    /// Bytes that the guest received.
    pub received: u64,
    /// Bytes that the system took from the guest.
    pub sent: u64,
    /// Bytes of guest output that were dropped, being too many.
    pub output_dropped: u64,
    /// How often the guest was refused something of the network, the first time included, which is told by
    /// [`Observer::connect_refused`].
    pub connects_refused: u64,
}

/// Why a connection ended. Every connection ends for exactly one reason.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum CloseReason {
    /// `aborted`: a response of HTTP could not be finished, so that its connection could not go on. The request says why.
    Aborted,
    /// `bug`: the host itself failed. Please report it.
    Bug,
    /// `completed`: the handler returned `ok`; with HTTP: the connection was closed after its last response.
    Completed,
    /// `cpu-time`: the guest used more processor time than `max-cpu-time`.
    CpuTime,
    /// `evicted`: the connection had no request of HTTP under way, for longer than all others, when the server was full.
    Evicted,
    /// `exit`: the guest called `exit`.
    Exit,
    /// `handler-error`: the handler returned an error.
    HandlerError,
    /// `header-timeout`: the head of a request of HTTP took longer than `header-timeout`.
    HeaderTimeout,
    /// `idle`: no byte moved for `idle-timeout`; with HTTP: no request came for `keep-alive-timeout`, or the peer did not take
    /// a response for `body-idle-timeout`.
    Idle,
    /// `instantiate`: the sandbox could not be made.
    Instantiate,
    /// `killed`: still open when `drain-grace` was over, or the server was told to stop now.
    Killed,
    /// `lifetime`: the connection was `max-lifetime` old.
    Lifetime,
    /// `memory`: the guest failed after it was refused memory beyond `max-memory`.
    Memory,
    /// `protocol`: the peer broke the rules of HTTP.
    Protocol,
    /// `reset`: the handler returned an error after the peer had broken or reset the connection; with HTTP: the peer did.
    Reset,
    /// `timed-out`: the handler returned an error after a call had reached the time that the handler itself had set.
    TimedOut,
    /// `trap`: the guest trapped: a panic, an invalid access, too deep a recursion.
    Trap,
    /// `worker-died`: the process of its [worker](crate::Worker) ended, by a signal or for want of memory. Its peer sees what
    /// the kernel makes of that, the end of the stream or a reset, and no observer is told.
    WorkerDied,
}

impl CloseReason {
    /// Every reason, in alphabetical order.
    pub const ALL: [Self; 18] = [
        Self::Aborted,
        Self::Bug,
        Self::Completed,
        Self::CpuTime,
        Self::Evicted,
        Self::Exit,
        Self::HandlerError,
        Self::HeaderTimeout,
        Self::Idle,
        Self::Instantiate,
        Self::Killed,
        Self::Lifetime,
        Self::Memory,
        Self::Protocol,
        Self::Reset,
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
            Self::Evicted => "evicted",
            Self::Exit => "exit",
            Self::HandlerError => "handler-error",
            Self::HeaderTimeout => "header-timeout",
            Self::Idle => "idle",
            Self::Instantiate => "instantiate",
            Self::Killed => "killed",
            Self::Lifetime => "lifetime",
            Self::Memory => "memory",
            Self::Protocol => "protocol",
            Self::Reset => "reset",
            Self::TimedOut => "timed-out",
            Self::Trap => "trap",
            Self::WorkerDied => "worker-died",
        }
    }

    /// Whether the handler came to an end of its own, so that what it sent shall reach the peer. Otherwise the connection
    /// is aborted, lest the peer take a part of an answer for the whole.
    pub(crate) fn is_orderly(self) -> bool {
        match self {
            Self::Completed
            | Self::HandlerError
            | Self::HeaderTimeout
            | Self::Protocol
            | Self::Reset
            | Self::TimedOut => true,
            Self::Aborted
            | Self::Bug
            | Self::CpuTime
            | Self::Evicted
            | Self::Exit
            | Self::Idle
            | Self::Instantiate
            | Self::Killed
            | Self::Lifetime
            | Self::Memory
            | Self::Trap
            | Self::WorkerDied => false,
        }
    }

    pub(crate) fn index(self) -> usize {
        self as usize
    }
}

impl Display for CloseReason {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why a connection was closed as soon as it was accepted, or a datagram was not handled.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum RejectReason {
    /// `max-connections`: the first datagram of a session came when the server had no sandbox free. (Connections, and
    /// datagrams without sessions, wait in the kernel's buffers for one.)
    MaxConnections,
    /// `max-connections-per-source`: its source has that many open already.
    MaxConnectionsPerSource,
    /// `program`: the server program refused the request.
    Program,
    /// `receive-buffer`: the kernel dropped a datagram, because they came faster than they were received.
    ReceiveBuffer,
    /// `session-queue`: a datagram came faster than its session handled those before it, or the session failed before its
    /// turn.
    SessionQueue,
}

impl RejectReason {
    /// Every reason, in alphabetical order.
    pub const ALL: [Self; 5] = [
        Self::MaxConnections,
        Self::MaxConnectionsPerSource,
        Self::Program,
        Self::ReceiveBuffer,
        Self::SessionQueue,
    ];

    /// Its name in logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::MaxConnections => "max-connections",
            Self::MaxConnectionsPerSource => "max-connections-per-source",
            Self::Program => "program",
            Self::ReceiveBuffer => "receive-buffer",
            Self::SessionQueue => "session-queue",
        }
    }

    pub(crate) fn index(self) -> usize {
        self as usize
    }
}

impl Display for RejectReason {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What kind of failure `accept` reported.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum AcceptFailure {
    /// `connection`: one connection failed before it was accepted. The next one is accepted at once.
    Connection,
    /// `exhausted`: the process or the machine has no descriptors or no memory left. Connections wait in the backlog
    /// until there are some again.
    Exhausted,
    /// `other`: an error that is none of the documented ones. Handled like `exhausted`.
    Other,
}

impl AcceptFailure {
    /// Its name in logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Connection => "connection",
            Self::Exhausted => "exhausted",
            Self::Other => "other",
        }
    }
}

/// A line, or the beginning of one that is too long, that a guest wrote.
#[derive(Debug)]
#[non_exhaustive]
pub struct GuestLine<'a> {
    /// The number of the guest's connection.
    pub connection: u64,
    /// The number of its request on that connection, where it handles one of HTTP.
    pub request: Option<u64>,
    /// Standard output or standard error.
    pub stream: GuestStream,
    /// The line without its end. Bytes that are not UTF-8 are shown as U+FFFD.
    pub text: &'a str,
    /// Whether the line was longer, so that its rest is missing here and follows as the next line.
    pub cut: bool,
}

/// Where a guest wrote.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum GuestStream {
    /// Standard error.
    Stderr,
    /// Standard output.
    Stdout,
}

impl GuestStream {
    /// Its name in logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stderr => "stderr",
            Self::Stdout => "stdout",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_has_its_own_place_and_name() {
        for (index, reason) in CloseReason::ALL.into_iter().enumerate() {
            assert_eq!(reason.index(), index);
        }
        let mut names = CloseReason::ALL.map(CloseReason::name).to_vec();
        names.dedup();
        assert_eq!(names.len(), CloseReason::ALL.len());
        assert!(names.is_sorted());
        for (index, reason) in RejectReason::ALL.into_iter().enumerate() {
            assert_eq!(reason.index(), index);
        }
        assert!(RejectReason::ALL.map(RejectReason::name).is_sorted());
    }
}
