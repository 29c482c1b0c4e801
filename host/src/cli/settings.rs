//! The settings that all commands that serve have in common.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args};
use etcetera::BaseStrategy as _;
use socketserver::{Allocation, Config, ConnectRule, Limits, MemoryReset, SocketOptions, SourceRange, Timeouts};

use super::Output;
use super::http::HttpArgs;
use super::value::{Optional, Size, Time};

#[derive(Clone, Debug, Args)]
pub(crate) struct Settings {
    #[command(flatten)]
    sockets: SocketArgs,

    #[command(flatten)]
    limits: LimitArgs,

    #[command(flatten)]
    http: HttpArgs,

    #[command(flatten)]
    sandbox: SandboxArgs,

    #[command(flatten)]
    pub(crate) process: ProcessArgs,
}

#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Sockets")]
struct SocketArgs {
    /// Connections that the kernel may hold for a listener until they are accepted.
    #[arg(long, value_name = "NUMBER", default_value_t = SocketOptions::default().backlog)]
    backlog: u32,

    /// Ask a silent TCP peer after this time whether it is still there; none to never ask.
    #[arg(long, value_name = "TIME", default_value_t = Optional(SocketOptions::default().keep_alive).map(Time))]
    keep_alive: Optional<Time>,

    /// Send small writes of a TCP connection at once.
    #[arg(long, value_name = "BOOL", default_value_t = SocketOptions::default().no_delay, action = ArgAction::Set)]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    no_delay: bool,

    /// Bind a TCP address although connections of an earlier server linger there.
    #[arg(long, value_name = "BOOL", default_value_t = SocketOptions::default().reuse_address, action = ArgAction::Set)]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    reuse_address: bool,

    /// Share a TCP or UDP address with other servers of the same user that ask for this too.
    #[arg(long, value_name = "BOOL", default_value_t = SocketOptions::default().reuse_port, action = ArgAction::Set)]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    reuse_port: bool,
}

#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Limits")]
struct LimitArgs {
    /// Connections at the same time. Further ones wait in the backlog.
    #[arg(long, alias = "max-concurrent-connections", value_name = "NUMBER")]
    #[arg(default_value_t = Limits::default().max_connections)]
    max_connections: u32,

    /// Connections at the same time from one IPv4 address, IPv6 network of 64 bits, or Unix user; none for no limit.
    /// Further ones are closed at once.
    #[arg(long, value_name = "NUMBER", default_value_t = Optional(Limits::default().max_connections_per_source))]
    max_connections_per_source: Optional<u32>,

    /// Sources that --max-connections-per-source leaves out: loopback, unix, an address, or a range such as 10.0.0.0/8;
    /// none to leave out nobody. May be given several times.
    #[arg(long, value_name = "RANGE", default_values_t = default_exempt())]
    exempt_source: Vec<Optional<SourceRange>>,

    /// Memory of one connection's guest, over all of its memories and tables.
    #[arg(long, value_name = "SIZE", default_value_t = Size(Limits::default().max_memory))]
    max_memory: Size,

    /// Processor time of one connection's guest, in all; none for no limit.
    #[arg(long, value_name = "TIME", default_value_t = Optional(Limits::default().max_cpu_time).map(Time))]
    max_cpu_time: Optional<Time>,

    /// What one connection's guest may write to the log in a second. All guests together may write 16 times as much.
    #[arg(long, value_name = "SIZE", default_value_t = Size(Limits::default().max_guest_output))]
    max_guest_output: Size,

    /// Bytes of a datagram that are received. A longer one is cut, and the handler is told.
    #[arg(long, value_name = "SIZE", default_value_t = Limits::default().max_packet_size)]
    max_packet_size: u32,

    /// Sockets that one guest may have open at once to reach what --allow-connect grants.
    #[arg(long, value_name = "NUMBER", default_value_t = Limits::default().max_outbound)]
    max_outbound: u32,

    /// Keep a sandbox for each remote address of a datagram listener, until it has sent nothing for so long; none for a
    /// sandbox for each datagram.
    #[arg(long, value_name = "TIME", default_value_t = Optional(Timeouts::default().datagram_session).map(Time))]
    datagram_session: Optional<Time>,

    /// Close a connection that moves no byte for so long; none for no limit.
    #[arg(long, value_name = "TIME", default_value_t = Optional(Timeouts::default().idle).map(Time))]
    idle_timeout: Optional<Time>,

    /// Close a connection that is so old, whatever it does; none for no limit.
    #[arg(long, value_name = "TIME", default_value_t = Optional(Timeouts::default().lifetime).map(Time))]
    max_lifetime: Optional<Time>,

    /// When a handler has returned while its peer still sends: how long to let the peer read the end of the answer.
    #[arg(long, value_name = "TIME", default_value_t = Time(Timeouts::default().linger))]
    linger: Time,

    /// When the server is asked to stop: how long open connections may go on.
    #[arg(long, value_name = "TIME", default_value_t = Time(Timeouts::default().drain_grace))]
    drain_grace: Time,
}

#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Sandbox")]
struct SandboxArgs {
    /// Where guests may connect to: [tcp://|udp://]HOST:PORT. Nowhere without it. May be given several times.
    ///
    /// HOST is an address, a range (10.0.0.0/8, [2001:db8::/32]), a name, *.NAME for the names below one, or * for every name
    /// and every global address. PORT is a number, a range (8000-8099), or *. Addresses that are not global (loopback, private,
    /// link-local, multicast) are reached only by a rule that gives them or their range; a name never reaches them, but for
    /// localhost.
    #[arg(long, value_name = "RULE")]
    allow_connect: Vec<ConnectRule>,

    /// Where instances get their memory: auto, pool or slab.
    ///
    /// A pool shares the data of a component among its instances until they write to it, and holds about 10,000 of them. A
    /// slab holds as many as there is memory for; each has a copy of the data, and its code checks each access. auto is pool,
    /// but slab for a component with up to 64 KiB of data if a pool does not hold its instances, or if memory can be swapped
    /// out.
    #[arg(long, value_name = "WAY", default_value_t)]
    allocation: Allocation,

    /// How memory is made new for the next connection: auto, decommit, pagemap-scan or zero.
    ///
    /// Each way leaves nothing behind; they differ in cost. auto is pagemap-scan in a slab, and where nothing can be swapped
    /// out, and decommit elsewhere.
    #[arg(long, value_name = "WAY", default_value_t)]
    memory_reset: MemoryReset,

    /// Where compiled components are kept [default: socketserver in the user's cache folder].
    #[arg(long, value_name = "FOLDER", conflicts_with = "no_cache")]
    cache_dir: Option<PathBuf>,

    /// Compile at each start, and keep nothing.
    #[arg(long)]
    no_cache: bool,
}

#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Process")]
pub(crate) struct ProcessArgs {
    /// Threads that serve [default: one for each processor, divided among the workers].
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,

    /// What to log: off, error, warn, info (a line for each connection), debug, or a filter such as
    /// `info,socketserver::guest=off`.
    #[arg(long, value_name = "FILTER", env = "RUST_LOG", default_value = "warn")]
    pub(crate) log: String,

    /// The form of log lines.
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub(crate) log_format: Output,
}

impl Settings {
    /// Sets all of it but what is about this process.
    pub(crate) fn configure(self, config: &mut Config) {
        let Self {
            sockets,
            limits,
            http,
            sandbox,
            process: _,
        } = self;
        http.configure(&mut config.http);
        let SocketArgs {
            backlog,
            keep_alive,
            no_delay,
            reuse_address,
            reuse_port,
        } = sockets;
        let options = &mut config.sockets;
        options.backlog = backlog;
        options.keep_alive = keep_alive.map(Duration::from).0;
        options.no_delay = no_delay;
        options.reuse_address = reuse_address;
        options.reuse_port = reuse_port;
        config.cache = sandbox.cache();
        config.allocation = sandbox.allocation;
        config.memory_reset = sandbox.memory_reset;
        config.allow_connect = sandbox.allow_connect;
        let LimitArgs {
            max_connections,
            max_connections_per_source,
            exempt_source,
            max_memory,
            max_cpu_time,
            max_guest_output,
            max_packet_size,
            max_outbound,
            datagram_session,
            idle_timeout,
            max_lifetime,
            linger,
            drain_grace,
        } = limits;
        let limits = &mut config.limits;
        limits.max_connections = max_connections;
        limits.max_connections_per_source = max_connections_per_source.0;
        limits.exempt_sources = exempt_source.into_iter().filter_map(|range| range.0).collect();
        limits.max_memory = max_memory.0;
        limits.max_cpu_time = max_cpu_time.map(Duration::from).0;
        limits.max_guest_output = max_guest_output.0;
        limits.max_packet_size = max_packet_size;
        limits.max_outbound = max_outbound;
        let timeouts = &mut config.timeouts;
        timeouts.datagram_session = datagram_session.map(Duration::from).0;
        timeouts.idle = idle_timeout.map(Duration::from).0;
        timeouts.lifetime = max_lifetime.map(Duration::from).0;
        timeouts.linger = linger.0;
        timeouts.drain_grace = drain_grace.0;
    }

    /// What stands for the defaults that depend on the machine.
    pub(crate) fn machine_defaults(&self, workers: u16) -> [(&'static str, String); 2] {
        let cache = self.sandbox.cache();
        let threads = self.process.threads(workers);
        [
            (
                "cache_dir",
                cache.map_or_else(|| "none".to_owned(), |folder| folder.display().to_string()),
            ),
            ("threads", threads.to_string()),
        ]
    }

    /// What each guest may have.
    pub(crate) fn max_memory(&self) -> u64 {
        self.limits.max_memory.0
    }

    /// As many sockets as may be open, for a look at the limit of descriptors.
    pub(crate) fn max_sockets(&self) -> u64 {
        let outbound = if self.sandbox.allow_connect.is_empty() {
            0
        } else {
            self.limits.max_outbound
        };
        u64::from(self.limits.max_connections) * (1 + u64::from(outbound))
    }
}

impl ProcessArgs {
    /// The threads of each of so many workers.
    pub(crate) fn threads(&self, workers: u16) -> usize {
        let processors = || std::thread::available_parallelism().map_or(1, usize::from);
        let each = || (processors() / usize::from(workers.max(1))).max(1);
        self.threads.map_or_else(each, usize::from)
    }
}

impl SandboxArgs {
    /// The folder of compiled components. A user without a home has none, and compiles at each start.
    fn cache(&self) -> Option<PathBuf> {
        if self.no_cache {
            return None;
        }
        self.cache_dir.clone().or_else(|| {
            let base = etcetera::choose_base_strategy().ok()?;
            Some(base.cache_dir().join("socketserver"))
        })
    }
}

fn default_exempt() -> Vec<Optional<SourceRange>> {
    Limits::default()
        .exempt_sources
        .into_iter()
        .map(|range| Optional(Some(range)))
        .collect()
}
