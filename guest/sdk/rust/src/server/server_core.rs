//! What every server has: its settings, and its handle of the host.

use std::io;
use std::time::Duration;

use crate::address::Address;
use crate::error::ErrorCode;
use crate::server::listener::{Counters, Event, Listener, Options};
use crate::server::outcome::Outcome;

/// How a server handles its requests. Each of them has a fresh instance of the handler in any case.
///
/// Python equivalent: the mixins
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Concurrency {
    /// One at a time; the others wait.
    ///
    /// Python equivalent: no mixin
    OneAtATime,
    /// In the background, any number at a time.
    ///
    /// Python equivalent: `socketserver.ThreadingMixIn`
    Threading,
    /// In the background, 40 at a time unless told otherwise.
    ///
    /// Python equivalent: `socketserver.ForkingMixIn`
    Forking,
}

/// What every server has: the settings that Python keeps in attributes of the class or of the instance, and the
/// [`Listener`].
///
/// Settings that are `None` are as the operator has set them. Those that the system is asked for when the address is
/// bound have an effect before that only: see [`unbound`](super::TcpServer::unbound).
///
/// Dropping it closes the server as [`BaseServer::server_close`](super::BaseServer::server_close) does by default, so
/// it is also the end of Python's `with` block. A `server_close` or a `handle_error` of your own is not called then.
pub struct ServerCore {
    /// How long [`handle_request`](super::BaseServer::handle_request) waits for a request; `None` is as long as it
    /// takes.
    ///
    /// Python equivalent: `BaseServer.timeout`; 300 seconds in `ForkingMixIn`, and here
    pub timeout: Option<Duration>,
    /// How many requests are handled at a time, at most, if they are handled in the background. Further ones wait until
    /// one has finished.
    ///
    /// Python equivalent: `ForkingMixIn.max_children`, 40; Python has none for threads
    pub max_children: Option<u32>,
    /// Whether [`server_close`](super::BaseServer::server_close) waits for the requests in the background.
    ///
    /// Python equivalent: `block_on_close`, true
    pub block_on_close: bool,
    /// Whether requests in the background are nothing to wait for, whatever `block_on_close` says. They do not end with
    /// the program: the operator's drain grace is theirs.
    ///
    /// Python equivalent: `ThreadingMixIn.daemon_threads`, false
    pub daemon_threads: bool,
    /// Connections that the kernel may hold until they are taken.
    ///
    /// Python equivalent: `TCPServer.request_queue_size`
    pub request_queue_size: Option<u32>,
    /// Bind although connections of an earlier server linger at the address.
    ///
    /// Python equivalent: `TCPServer.allow_reuse_address`
    pub allow_reuse_address: Option<bool>,
    /// Share the address with other servers that ask for this too.
    ///
    /// Python equivalent: `TCPServer.allow_reuse_port`
    pub allow_reuse_port: Option<bool>,
    /// Bytes of a datagram that are received, at most what the operator has set.
    ///
    /// Python equivalent: `UDPServer.max_packet_size`
    pub max_packet_size: Option<u32>,
    /// The component that handles the requests, by the name that the operator has given it; `None` is the program
    /// itself where it has a handler, or else the only one that was given.
    ///
    /// Python equivalent: `RequestHandlerClass`
    pub handler: Option<String>,
    url: String,
    concurrency: Concurrency,
    listener: Option<Listener>,
    is_closed: bool,
    is_suspended: bool,
    /// Suspended because of `max_children`.
    is_full: bool,
    is_stopping: bool,
    shutdown_requested: bool,
}

impl ServerCore {
    /// A server for an address, which is a URL. Nothing is bound yet: for classes of your own; those of this module
    /// have constructors like Python's.
    pub fn new(url: impl Into<String>, concurrency: Concurrency) -> Self {
        let is_forking = concurrency == Concurrency::Forking;
        Self {
            timeout: is_forking.then_some(Duration::from_secs(300)),
            max_children: is_forking.then_some(40),
            block_on_close: true,
            daemon_threads: false,
            request_queue_size: None,
            allow_reuse_address: None,
            allow_reuse_port: None,
            max_packet_size: None,
            handler: None,
            url: url.into(),
            concurrency,
            listener: None,
            is_closed: false,
            is_suspended: false,
            is_full: false,
            is_stopping: false,
            shutdown_requested: false,
        }
    }

    /// The URL of the address that was asked for.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The address that is bound, with the port that the system chose; `None` before and after.
    ///
    /// Python equivalent: `server_address`
    pub fn server_address(&self) -> Option<Address> {
        self.listener.as_ref()?.address()
    }

    /// How the requests are handled.
    pub fn concurrency(&self) -> Concurrency {
        self.concurrency
    }

    /// What the host offers of the server; `None` before [`server_bind`](super::BaseServer::server_bind).
    ///
    /// Python equivalent: `socket`
    pub fn listener(&self) -> Option<&Listener> {
        self.listener.as_ref()
    }

    /// The numbers of this moment; all are 0 before the address is bound.
    pub fn counters(&self) -> Counters {
        self.listener.as_ref().map(Listener::counters).unwrap_or_default()
    }

    /// Whether the operator wants the program to end.
    pub fn is_stopping(&self) -> bool {
        self.is_stopping
    }

    /// Leave requests in the kernel's buffers until [`resume`](Self::resume). Those that are being handled go on, and
    /// so does the loop.
    pub fn suspend(&mut self) {
        self.is_suspended = true;
        self.set_suspended();
    }

    /// Take requests again.
    pub fn resume(&mut self) {
        self.is_suspended = false;
        self.set_suspended();
    }

    fn set_suspended(&self) {
        match &self.listener {
            Some(listener) if self.is_suspended || self.is_full => listener.suspend(),
            Some(listener) => listener.resume(),
            None => {}
        }
    }

    fn active_listener(&self) -> io::Result<&Listener> {
        Ok(self.listener.as_ref().ok_or(ErrorCode::InvalidState)?)
    }

    pub(super) fn bind(&mut self) -> io::Result<()> {
        if self.listener.is_some() {
            return Err(ErrorCode::InvalidState.into());
        }
        let options = Options {
            request_queue_size: self.request_queue_size,
            reuse_address: self.allow_reuse_address,
            reuse_port: self.allow_reuse_port,
            max_packet_size: self.max_packet_size,
            handler: self.handler.clone(),
        };
        let listener = Listener::create(&self.url, &options)?;
        listener.bind()?;
        self.listener = Some(listener);
        if self.is_suspended {
            self.set_suspended();
        }
        Ok(())
    }

    pub(super) fn activate(&self) -> io::Result<()> {
        self.active_listener()?.activate()
    }

    pub(super) fn request_shutdown(&mut self) {
        self.shutdown_requested = true;
    }

    pub(super) fn is_shutdown_requested(&self) -> bool {
        self.shutdown_requested
    }

    pub(super) fn forget_shutdown(&mut self) {
        self.shutdown_requested = false;
    }

    /// Waits for the next event, and for no request while all children are busy.
    pub(super) fn wait(&mut self, timeout: Option<Duration>) -> io::Result<Event> {
        if let Some(max) = self.max_children
            && self.concurrency != Concurrency::OneAtATime
        {
            // `suspend`, and not a second loop: hooks are called and timeouts pass while there is no room.
            let is_full = self.counters().active >= max;
            if is_full != self.is_full {
                self.is_full = is_full;
                self.set_suspended();
            }
        }
        let event = self.active_listener()?.wait(timeout)?;
        self.is_stopping |= event == Event::Shutdown;
        Ok(event)
    }

    pub(super) fn collect(&self) -> Vec<Outcome> {
        self.listener.as_ref().map(Listener::collect).unwrap_or_default()
    }

    pub(super) fn close(&mut self) {
        if let Some(listener) = &self.listener
            && !self.is_closed
        {
            listener.close();
        }
        self.is_closed = true;
    }

    /// Whether closing waits for the requests in the background.
    pub(super) fn joins(&self) -> bool {
        self.block_on_close && !self.daemon_threads
    }

    /// Waits until requests in the background have ended, and returns how; `None` when none is left. For a server that
    /// is closed.
    pub(super) fn join_some(&self) -> Option<Vec<Outcome>> {
        let listener = self.listener.as_ref()?;
        loop {
            // In this order: none becomes active any more, so what was collected after 0 was seen is all there is.
            let active = listener.counters().active;
            let outcomes = listener.collect();
            if !outcomes.is_empty() {
                return Some(outcomes);
            }
            if active == 0 {
                return None;
            }
            // Nothing but the end of one is reported for a server that is closed.
            listener.wait(None).ok()?;
        }
    }
}

impl Drop for ServerCore {
    fn drop(&mut self) {
        if self.is_closed {
            return;
        }
        self.close();
        if self.joins() {
            while let Some(outcomes) = self.join_some() {
                outcomes
                    .iter()
                    .filter(|outcome| !outcome.is_completed())
                    .for_each(print);
            }
        }
    }
}

/// Says on standard error whose request failed, and why, between two lines as Python does.
pub(super) fn print(outcome: &Outcome) {
    let line = "-".repeat(40);
    let remote = &outcome.remote;
    #[expect(clippy::print_stderr, reason = "as Python does")]
    {
        // One call, so that it stays together in a log.
        eprint!("{line}\nException occurred during processing of request from {remote}\n{outcome}\n{line}\n");
    }
}
