//! Python's `socketserver`, reborn for WebAssembly components.
//!
//! `socketserver` in Python lets you write a network server by writing one class with one method, `handle()`. Here the
//! class is a WebAssembly component, in any language that can make one, and the method is a function of its WIT world.
//! The server owns the sockets. It hands each handler one thing: its own connection, or its own datagram.
//!
//! # The axes
//!
//! A server varies along four axes, as in Python:
//!
//! - **Address family**: TCP over IPv4 and IPv6 (`tcp://host:port`), and Unix sockets, as streams (`unix:///path`,
//!   `unix:@name`) or with the boundaries of messages (`unixpacket:///path`); datagrams over UDP (`udp://host:port`), Unix
//!   sockets (`unixgram:///path`) and ICMP (`icmp://host`); HTTP over TCP and Unix sockets (`http://host:port`,
//!   `http+unix:///path`). [`Listen`] has the spellings. One server may have several listeners.
//! - **Verification**: what Python's `verify_request` decides is decided here by limits, for all connections together and
//!   for each source: [`Limits`].
//! - **Concurrency**: Python has servers that handle one request at a time, one in each thread, or one in each process.
//!   Here each connection has a sandbox: as separate as a process, and far cheaper.
//! - **Isolation**: always. Each connection runs in an instance of its own, made when it is accepted and dropped when it
//!   ends. A crash, a leak, an endless loop or an exploit costs one connection.
//!
//! Connections have two kinds of handler, and the server finds out by the exports of the component which it has. The
//! blocking one is called with its connection, and waits in each call. The async one has the streams of WASI 0.3, and may
//! do several things at once; a connection costs it about twice as much.
//!
//! A datagram is a connection in all of this: it has a permit, an instance, a number, and one reason for its end. With
//! [`datagram_session`](Timeouts::datagram_session) all datagrams of one remote address are one connection, until they stop.
//!
//! HTTP is the one protocol that the server speaks itself, so that a component of `wasi:http` is served as it is. Its
//! connections have no instance: each request has one, with the limits and the books of its own that a connection has
//! ([`Http`], [`RequestEnded`]).
//!
//! ```text
//!  peers         listeners     accept loop            for each connection
//!
//!  TCP ──────────▶ tcp:// ──┐                        ┌─▶ instance ◀─▶ its socket
//!  TCP, IPv6 ────▶ tcp:// ──┼─▶ permit ─▶ accept ────┼─▶ instance ◀─▶ its socket
//!  Unix ─────────▶ unix:/// ┤   (limits)   (spawn)   ├─▶ instance ◀─▶ its socket
//!  UDP, ICMP ────▶ udp:// ──┘                        └─▶ instance ──▶ answers, by the listener's socket
//!                                                          │
//!                                     one Opened and one Closed event, one CloseReason
//! ```
//!
//! # How to serve
//!
//! The command `socketserver serve` does what most need. To embed a server, load and bind it, keep its handle, and serve:
//!
//! ```no_run
//! use std::sync::Arc;
//! use socketserver::{Config, LogObserver, Server};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let mut config = Config::new("echo.wasm");
//! config.listen = vec!["tcp://127.0.0.1:0".parse()?, "unix:///run/echo.sock".parse()?];
//! config.limits.max_connections = 1000;
//!
//! let server = Server::bind(config, Arc::new(LogObserver)).await?; // bound and known; nothing is accepted
//! let handle = server.handle();
//! println!("{:?}", handle.addresses());
//! let serving = server.serve();                                    // accepts when it is polled
//! # handle.stop();                                                 // from anywhere: drain, and let `serve` return
//! let stopped = serving.await;
//! assert_eq!(stopped.counts.active, 0);
//! # Ok(())
//! # }
//! ```
//!
//! Draining is made of verbs: [`Handle::suspend`] leaves new connections in the backlog, [`Handle::resume`] takes them
//! up, [`Handle::stop`] closes the listeners and lets open connections finish within
//! [`drain_grace`](Timeouts::drain_grace), [`Handle::kill`] ends them now. To drain and stop by hand: suspend, wait until
//! [`Handle::status`] has nothing active, stop.
//!
//! A [`Program`] is a component that makes its servers and drives their loops itself, with the same sandboxes, limits and
//! books. It binds what its [`Grants`] name, and nothing else.
//!
//! # What is promised
//!
//! 1. Nothing that one connection wrote (memory, globals, tables, stack) can be read by another.
//! 2. A guest reaches its connection (or who sent its datagram), clocks, random numbers and the log, and no file. Of the
//!    network beyond that it reaches what [`allow_connect`](Config::allow_connect) names, and its environment is what
//!    [`environment`](Config::environment) names: both are nothing by default.
//! 3. Every accepted connection yields exactly one [`opened`](Observer::opened) and one [`closed`](Observer::closed), with
//!    one [`CloseReason`]: `accepted = active + closed by reason`, always ([`Counts`]).
//! 4. A connection that fails never reaches the accept loop, and an accept that fails never ends it.
//! 5. Every wait has a limit with a name ([`Timeouts`]), enforced from outside the guest; computing has one too
//!    ([`Limits::max_cpu_time`]), enforced from inside.
//! 6. When [`Server::serve`] returns, no task is left.
//! 7. A limit is exact, for the whole server; none is "soft" or multiplied by a number of threads.
//!
//! # Use your head
//!
//! A sandbox for each connection has its price. State does not outlive a connection, and two connections share none:
//! a chat room needs something outside of the handlers to hold it together. A guest that computes is interrupted after 10 ms,
//! and each millisecond from then on, so that others are served, and on a machine with two processors and many such guests
//! all of them are slow: [`Limits::max_cpu_time`] is there for that. Memory is reserved for [`Limits::max_connections`] when
//! the server starts: address space, not pages, but the kernel bounds that too, and says so at start.
//!
//! # Why it is like this
//!
//! **Why a pool and not a fork?** A fresh instance costs some tens of microseconds of processor time, a process some
//! thousands. **Why a slab beside the pool?** A pool takes mappings of memory for each instance, of which the kernel has
//! some ten thousand connections' worth; a slab takes two in all. **Why a pool, then?** Because it catches an access beyond a
//! memory's end by the processor's own means, and a slab by a comparison before each ([`Allocation`]). **Why not keep instances for the next connection?** Because then the second promise of a sandbox, that it
//! starts clean, would rest on the handler. **Why does the server wait when it is full, but close when a source is?** A
//! peer that waits in the backlog is served when there is room, which is what its user wants; a source over its limit
//! would take up the backlog for everybody. **Why is a connection reset when its handler traps?** Because an orderly close
//! would tell a peer whose protocol ends with the stream (HTTP/1.0, `daytime`) that the answer is whole. **Why no
//! `accept` error in the interface?** Nobody above the loop could do anything about it; it is an event. **Why does a
//! datagram wait for a sandbox, but the first of a session not?** The kernel keeps datagrams as it keeps connections, but
//! behind one that begins a session may be those of sessions that are open. **Why does a name not grant a private address?**
//! Because who owns the name decides what it stands for, and the operator has granted a name, not the network behind the
//! firewall (DNS rebinding).
//!
//! # Words
//!
//! One word for each thing, in WIT, flags, Rust and logs: *server*, *listener*, *connection*, *datagram*, *session* (the
//! datagrams of one remote that share a sandbox), *handler* (a component's function that serves one connection or one
//! datagram), *component*, *instance* and *sandbox* (an instance with its limits), *remote* (the peer), *source* (what a
//! limit counts remotes as), *limit*, *drain*, *grace*, *suspend*, *resume*, *stop*, *reason*, *phase*. Where a
//! program drives the loop, a connection or datagram that it has not decided about is a *request*, as in Python; elsewhere a
//! *request* is one of HTTP, and how it ends is its *outcome*.
//!
//! # Open problems
//!
//! A server holds as many connections as its process has descriptors for ([`Capacity`]). Where that is too few, several
//! processes are one server ([`Worker`], [`Ledger`], [`BoundSocket`], by which the command's `--workers` does it); all of them
//! are woken for a connection that one takes, which costs each some microseconds. Handlers are not told that the server
//! drains, so a connection that idles holds the drain up to its grace. A UDP address that servers share is still given
//! datagrams while one of them drains and answers, and those are lost.

mod accept;
mod address;
mod books;
mod capacity;
mod config;
mod connection;
mod datagram;
mod dial;
mod drain;
mod drive;
mod event;
mod http;
mod intake;
mod limit;
mod listen;
mod listener;
mod log;
mod meter;
mod outbound;
mod program;
mod record;
mod replies;
mod sandbox;
mod server;
mod session;
mod slot;
mod socket;
mod source;
mod supervise;
mod worker;

pub use address::{Address, ListenAddress, Remote, Transport, UnixName};
pub use books::Counts;
pub use capacity::{Bound, Capacity, Measured, Resource};
pub use config::{
    Allocation, AllocationError, Config, ConfigError, Http, Limits, MemoryReset, MemoryResetError, SocketOptions,
    Timeouts,
};
pub use drain::Phase;
pub use event::{
    AcceptFailure, CloseReason, Closed, Connection, GuestLine, GuestStream, Observer, Outcome, RejectReason,
    RequestEnded,
};
pub use listen::{Listen, ListenError};
pub use listener::{BindError, BoundSocket, BoundSockets};
pub use log::LogObserver;
pub use outbound::{ConnectRefused, ConnectRule, ConnectRuleError, Wanted};
pub use program::{Grants, Program, ProgramEnded, ProgramStopped};
pub use sandbox::{
    CacheError, CapacityError, Code, Facts, Grant, Import, Inspection, LoadError, Producer, ResetError, Role, inspect,
};
pub use server::{Handle, Problems, Server, StartError, Status, Stopped};
pub use slot::Slot;
pub use source::{SourceRange, SourceRangeError};
pub use worker::{Ledger, Worker};
