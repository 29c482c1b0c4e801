//! What an operator can set, and the only place where a default is written.
//!
//! Values are parsed into these types at the edge (the command line, say), so a [`Config`] cannot hold a size that is
//! text or a duration without a unit. What only the machine can tell (does the pool fit the address space, is the port
//! free) is found out by [`Server::bind`](crate::Server::bind).

mod bounds;
mod http;
mod sandbox;

use std::path::PathBuf;
use std::time::Duration;

pub use self::bounds::ConfigError;
pub use self::http::Http;
pub use self::sandbox::{Allocation, AllocationError, MemoryReset, MemoryResetError};
use crate::address::Transport;
use crate::listen::Listen;
use crate::listener::BoundSockets;
use crate::outbound::ConnectRule;
use crate::source::SourceRange;
use crate::worker::{self, Worker};

/// Everything that a server is told.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// The component that serves the connections: a binary component, or its text form (`.wat`).
    pub handler: PathBuf,
    /// Where to listen; at least one place.
    pub listen: Vec<Listen>,
    /// Sockets that are bound already, for the listeners to take.
    pub bound: BoundSockets,
    /// How many processes serve together: 1, unless whoever starts them makes each a [`worker`](Self::worker). Limits are
    /// for all of them, and each has its equal part of `max-connections` and `max-concurrent-requests`.
    pub workers: u16,
    /// Which of them this process is.
    pub worker: Option<Worker>,
    /// Where guests may connect to; nowhere without a rule. Handlers have `wasi:sockets` of WASI 0.2 for that, and so has
    /// a server program.
    pub allow_connect: Vec<ConnectRule>,
    /// How the sockets of listeners, and those that they accept, are set up.
    pub sockets: SocketOptions,
    /// What each connection, and all of them together, may use.
    pub limits: Limits,
    /// How long each thing that waits may wait.
    pub timeouts: Timeouts,
    /// The environment of handlers, which is empty by default.
    pub environment: Vec<(String, String)>,
    /// What handlers that import `wasi:config` find there; `None` refuses them.
    pub variables: Option<Vec<(String, String)>>,
    /// What holds for HTTP listeners beside these.
    pub http: Http,
    /// Where instances get their memory.
    pub allocation: Allocation,
    /// How each reused slot of memory is made new.
    pub memory_reset: MemoryReset,
    /// Where compiled components are kept between runs; `None` compiles at each start. The folder is made, for the
    /// current user only, when it is missing.
    pub cache: Option<PathBuf>,
}

impl Config {
    /// The defaults, for the component at `handler`, with a listener at [`Config::DEFAULT_LISTEN`].
    ///
    /// # Panics
    ///
    /// Never: the default listener is a valid URL, as a test shows.
    pub fn new(handler: impl Into<PathBuf>) -> Self {
        #[expect(clippy::expect_used, reason = "a constant that a test parses")]
        let listen = Self::DEFAULT_LISTEN.parse().expect("the default listener is a URL");
        Self {
            handler: handler.into(),
            listen: vec![listen],
            bound: BoundSockets::default(),
            workers: 1,
            worker: None,
            allow_connect: Vec::new(),
            sockets: SocketOptions::default(),
            limits: Limits::default(),
            timeouts: Timeouts::default(),
            environment: Vec::new(),
            variables: None,
            http: Http::default(),
            allocation: Allocation::default(),
            memory_reset: MemoryReset::default(),
            cache: None,
        }
    }

    /// Loopback only: a server is not reachable from outside until somebody says so. Port 9999 is that of the Python
    /// manual's examples.
    pub const DEFAULT_LISTEN: &str = "tcp://127.0.0.1:9999";

    /// Whether there are sandboxes of connections (and datagrams), and whether there are such of requests of HTTP.
    pub(crate) fn has_sandboxes_for(&self) -> (bool, bool) {
        let has = |is_http| {
            let mut transports = self.listen.iter().map(Listen::transport);
            transports.any(|transport| transport.is_http() == is_http)
        };
        (has(false), has(true))
    }

    /// These settings, with its part of what all workers have together.
    pub(crate) fn of_worker(mut self) -> Self {
        let index = self.worker.as_ref().map_or(0, Worker::index);
        let part = |all| worker::share(all, index, self.workers);
        self.limits.max_connections = part(self.limits.max_connections);
        self.http.max_concurrent_requests = part(self.http.max_concurrent_requests);
        self
    }

    /// Whether this process listens there. Where the kernel cannot spread what comes over several sockets, the first of the
    /// workers has it all: the datagrams of a session must reach the same one.
    pub(crate) fn listens(&self, transport: Transport) -> bool {
        let is_first = self.worker.as_ref().is_none_or(|worker| worker.index() == 0);
        is_first || transport.is_spread()
    }

    /// As many sandboxes as there may be at once, and the setting that says so. A request of HTTP has one, and its connection
    /// has none.
    pub(crate) fn sandboxes(&self) -> (u32, &'static str) {
        let (connections, requests) = (self.limits.max_connections, self.http.max_concurrent_requests);
        match self.has_sandboxes_for() {
            (true, true) => (
                connections.saturating_add(requests),
                "max-connections with max-concurrent-requests",
            ),
            (false, true) => (requests, "max-concurrent-requests"),
            (_, false) => (connections, "max-connections"),
        }
    }
}

/// Options of sockets. Those that a kind of socket does not have are left out for it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SocketOptions {
    /// How many connections the kernel may hold for a listener before they are accepted (`listen(2)`; the kernel lowers
    /// it to `net.core.somaxconn`).
    ///
    /// Python equivalent: `request_queue_size`
    pub backlog: u32,
    /// After so long a silence the kernel asks a TCP peer whether it is still there (`SO_KEEPALIVE`, `TCP_KEEPIDLE`);
    /// `None` never asks. In whole seconds.
    pub keep_alive: Option<Duration>,
    /// Send small writes at once (`TCP_NODELAY`).
    ///
    /// Python equivalent: `disable_nagle_algorithm`
    pub no_delay: bool,
    /// Bind a TCP address although connections of an earlier server linger there in `TIME_WAIT` (`SO_REUSEADDR`). UDP does
    /// not have it: there it would let two servers take the same address, and one of them would get nothing.
    ///
    /// Python equivalent: `allow_reuse_address`
    pub reuse_address: bool,
    /// Share a TCP or UDP address with other servers of the same user that ask for this too; the kernel spreads
    /// connections and datagrams over them (`SO_REUSEPORT`).
    ///
    /// Python equivalent: `allow_reuse_port`
    pub reuse_port: bool,
}

impl Default for SocketOptions {
    fn default() -> Self {
        Self {
            // As Ranch has it: enough for a burst of one round trip, bounded by the kernel's own maximum.
            backlog: 1024,
            keep_alive: None,
            no_delay: true,
            reuse_address: true,
            reuse_port: false,
        }
    }
}

/// What connections may use. Every limit is exact, and holds for the whole server or for one connection as it says.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// Connections at the same time, over all listeners. Further ones wait in the kernel's backlog.
    pub max_connections: u32,
    /// Connections at the same time from one source: an IPv4 address, an IPv6 network of 64 bits, or a user of a Unix
    /// socket. Further ones are closed as soon as they are accepted.
    pub max_connections_per_source: Option<u32>,
    /// Sources that [`max_connections_per_source`](Self::max_connections_per_source) does not hold for: peers that stand
    /// for many others, such as a proxy on the same machine.
    pub exempt_sources: Vec<SourceRange>,
    /// Bytes of memory for one connection's guest, over all of its linear memories and tables.
    pub max_memory: u64,
    /// Processor time for one connection's guest, in all. It is charged at ticks, a millisecond apart while guests compute and
    /// 10 ms otherwise, so that a guest that computes is stopped up to 20 ms late, and what it uses in turns shorter than
    /// that is a sample.
    pub max_cpu_time: Option<Duration>,
    /// Bytes that one connection's guest may write to the log (its standard output and error) in a second; it may write
    /// a second's worth at once. Sixteen times as much is the bound for all guests together.
    pub max_guest_output: u64,
    /// Bytes of a datagram that are received; what is longer is cut there, and the handler is told.
    ///
    /// Python equivalent: `UDPServer.max_packet_size`
    pub max_packet_size: u32,
    /// Sockets that one connection's guest, or a server program, may have open at once to reach what
    /// [`allow_connect`](Config::allow_connect) grants. A further one is refused to it, as `new-socket-limit`.
    ///
    /// Beside its descriptor and the kernel's buffers, each may hold 128 KiB of what is on its way in and out, which is
    /// not part of [`max_memory`](Self::max_memory).
    pub max_outbound: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // What one process holds with the kernel's default of 65,530 mappings. A connection takes six of a small
            // component, and up to 17 of an async one with a runtime of its own; see `sandbox::capacity`.
            max_connections: 3072,
            // One sixteenth of all, so that a single source cannot take the server from the others.
            max_connections_per_source: Some(256),
            exempt_sources: vec![SourceRange::Loopback, SourceRange::Unix],
            max_memory: 64 << 20,
            max_cpu_time: Some(Duration::from_secs(10)),
            max_guest_output: 64 << 10,
            // Python's.
            max_packet_size: 8192,
            // Twice the addresses that a client tries at once (RFC 8305), or a handful of services.
            max_outbound: 8,
        }
    }
}

/// How long things may wait.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Timeouts {
    /// A connection that moves no byte in either direction for so long is closed.
    pub idle: Option<Duration>,
    /// A connection is closed when it is so old, whatever it does.
    pub lifetime: Option<Duration>,
    /// Datagrams of one remote address are handled in one sandbox, one after the other, until none has come for so long;
    /// `None` makes a sandbox for each datagram, and so does a Unix peer without a name, because many can be that. It has no
    /// meaning for connections.
    pub datagram_session: Option<Duration>,
    /// After the handler has returned, the socket is kept for at most so long while the peer still sends, so that the
    /// peer can read the end of the answer before its own unread bytes would reset the connection (RFC 9112, section
    /// 9.6, describes the problem). The sandbox is gone by then.
    pub linger: Duration,
    /// Connections that are open when the server is asked to stop may go on for so long; then they are killed.
    pub drain_grace: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            idle: Some(Duration::from_secs(60)),
            lifetime: Some(Duration::from_secs(3600)),
            datagram_session: None,
            linger: Duration::from_secs(2),
            // Inside the 30 seconds that Kubernetes waits before it kills.
            drain_grace: Duration::from_secs(25),
        }
    }
}
