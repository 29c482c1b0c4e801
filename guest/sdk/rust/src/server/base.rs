//! The loop, and its hooks: Python's `BaseServer` as a trait.

use std::io;
use std::time::{Duration, Instant};

use crate::error::ErrorCode;
use crate::server::listener::Event;
use crate::server::outcome::Outcome;
use crate::server::parent::Super;
use crate::server::request::PendingRequest;
use crate::server::server_core::ServerCore;

/// How often [`BaseServer::serve_forever`] calls [`BaseServer::service_actions`] while nothing happens.
///
/// Python's default of `poll_interval`.
pub const POLL_INTERVAL: Duration = Duration::from_millis(500);

/// A server: the loop, and the hooks that it calls.
///
/// Every method but [`core`](Self::core) is there already and does what Python's does. To override some, put one of the
/// classes into a type of your own, return its core, and write the methods that differ; [`Super`] is Python's `super()`
/// in them:
///
/// ```
/// use socketserver_guest::Address;
/// use socketserver_guest::server::{BaseServer, Outcome, PendingRequest, ServerCore, Super, ThreadingTcpServer};
///
/// /// Serves this machine alone, and counts failures.
/// struct LocalServer {
///     base: ThreadingTcpServer,
///     failures: u64,
/// }
///
/// impl BaseServer for LocalServer {
///     fn core(&mut self) -> &mut ServerCore {
///         self.base.core()
///     }
///
///     fn verify_request(&mut self, request: &PendingRequest) -> bool {
///         matches!(request.remote_address(), Address::Ip(remote) if remote.ip().is_loopback())
///     }
///
///     fn handle_error(&mut self, outcome: &Outcome) {
///         self.failures += 1;
///         Super(self).handle_error(outcome);
///     }
/// }
/// ```
///
/// Hooks run in the program, one after the other, with all of its state. Handlers do not: each runs in an instance of
/// its own and shares nothing with the program, so there is no `self.server` in them.
///
/// Python equivalent: `socketserver.BaseServer`
pub trait BaseServer {
    /// The settings and the handle of the server.
    fn core(&mut self) -> &mut ServerCore;

    /// Bind the address.
    ///
    /// The constructors of the classes bind, and call no override of a type around them. For one that overrides this or
    /// [`server_activate`](Self::server_activate), begin with `unbound` and call
    /// [`bind_and_activate`](Self::bind_and_activate).
    ///
    /// # Errors
    ///
    /// - [`PermissionDenied`](io::ErrorKind::PermissionDenied): the operator has not granted the address, or the system
    ///   forbids it.
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput): the address is none, or there is no such handler, or it does not
    ///   handle requests of this kind.
    /// - [`AddrInUse`](io::ErrorKind::AddrInUse), [`AddrNotAvailable`](io::ErrorKind::AddrNotAvailable).
    /// - [`NotConnected`](io::ErrorKind::NotConnected): it was bound before.
    fn server_bind(&mut self) -> io::Result<()> {
        Super(self).server_bind()
    }

    /// Take requests from here on.
    ///
    /// # Errors
    ///
    /// [`NotConnected`](io::ErrorKind::NotConnected) when it is not bound, or was closed.
    fn server_activate(&mut self) -> io::Result<()> {
        Super(self).server_activate()
    }

    /// Bind and activate; and close, when one of them fails.
    ///
    /// # Errors
    ///
    /// Those of [`server_bind`](Self::server_bind) and [`server_activate`](Self::server_activate).
    ///
    /// Python equivalent: what the constructor does unless `bind_and_activate` is false
    fn bind_and_activate(&mut self) -> io::Result<()> {
        Super(self).bind_and_activate()
    }

    /// Stop listening, and wait for the requests in the background if
    /// [`block_on_close`](ServerCore::block_on_close) says so. A server that is closed stays so.
    ///
    /// Dropping the server does the same, without calling hooks.
    fn server_close(&mut self) {
        Super(self).server_close();
    }

    /// A number that stands for the server in logs; `None` before it is bound.
    fn fileno(&mut self) -> Option<u32> {
        self.core().listener().map(|listener| listener.number())
    }

    /// Serve until [`shutdown`](Self::shutdown) is called or the operator wants the program to end.
    ///
    /// # Errors
    ///
    /// [`NotConnected`](io::ErrorKind::NotConnected) when the server is not active. What happens to single requests is
    /// no error: see [`handle_error`](Self::handle_error).
    fn serve_forever(&mut self) -> io::Result<()> {
        self.serve_forever_with(POLL_INTERVAL)
    }

    /// Serve as [`serve_forever`](Self::serve_forever) does, with another time between two calls of
    /// [`service_actions`](Self::service_actions) while nothing happens. To shut down needs no polling here.
    ///
    /// # Errors
    ///
    /// As for `serve_forever`.
    ///
    /// Python equivalent: `serve_forever(poll_interval)`
    fn serve_forever_with(&mut self, poll_interval: Duration) -> io::Result<()> {
        let result = serve(self, poll_interval);
        self.core().forget_shutdown();
        result
    }

    /// Handle one request, if one comes within [`timeout`](ServerCore::timeout); otherwise call
    /// [`handle_timeout`](Self::handle_timeout). One that has gone before it was taken does not count.
    ///
    /// Returns false when the operator wants the program to end, so `while server.handle_request()? {}` is a loop.
    ///
    /// # Errors
    ///
    /// As for [`serve_forever`](Self::serve_forever).
    fn handle_request(&mut self) -> io::Result<bool> {
        let timeout = self.core().timeout;
        let began = Instant::now();
        loop {
            let left = timeout.map(|timeout| timeout.saturating_sub(began.elapsed()));
            match self.core().wait(left)? {
                Event::Request => {
                    if take(self) {
                        return Ok(true);
                    }
                }
                Event::Finished => self.collect_children(),
                Event::TimedOut => {
                    self.handle_timeout();
                    return Ok(true);
                }
                Event::Shutdown => return Ok(false),
            }
        }
    }

    /// End [`serve_forever`](Self::serve_forever) when the hook that calls this has returned.
    ///
    /// Python calls it from another thread, and waits there for the end of the loop. Here a program has one thread, so
    /// it is called in a hook, and does not wait.
    fn shutdown(&mut self) {
        self.core().request_shutdown();
    }

    /// Called by [`serve_forever`](Self::serve_forever) after every event, and when none has happened for the poll
    /// interval. Does nothing: override it for what a program does beside serving.
    ///
    /// Unlike in Python, children are collected whether or not this is overridden.
    fn service_actions(&mut self) {}

    /// Take the next request.
    ///
    /// # Errors
    ///
    /// Any error means that there is none, and is passed over in silence: the peer has gone in the meantime, or it was
    /// over a limit of the operator.
    fn get_request(&mut self) -> io::Result<PendingRequest> {
        Super(self).get_request()
    }

    /// Whether to handle a request; otherwise it is [shut down](Self::shutdown_request).
    fn verify_request(&mut self, request: &PendingRequest) -> bool {
        Super(self).verify_request(request)
    }

    /// Have a request handled: [finish](Self::finish_request) it here, or in the background.
    ///
    /// Python equivalent: that of `BaseServer`, `ThreadingMixIn` or `ForkingMixIn`, as
    /// [`Concurrency`](super::Concurrency) says
    fn process_request(&mut self, request: PendingRequest) {
        Super(self).process_request(request);
    }

    /// Handle a request, and return when it has ended.
    ///
    /// Not called for requests in the background.
    fn finish_request(&mut self, request: PendingRequest) -> Outcome {
        Super(self).finish_request(request)
    }

    /// Refuse a request that is not to be handled. The host closes those that were.
    fn shutdown_request(&mut self, request: PendingRequest) {
        Super(self).shutdown_request(request);
    }

    /// Close a request that was not handled.
    fn close_request(&mut self, request: PendingRequest) {
        Super(self).close_request(request);
    }

    /// Called by [`handle_request`](Self::handle_request) when no request has come within
    /// [`timeout`](ServerCore::timeout). Collects the children.
    fn handle_timeout(&mut self) {
        Super(self).handle_timeout();
    }

    /// Called with how a request ended, unless its handler returned `Ok`. Prints to standard error who had sent it, and
    /// why it ended.
    ///
    /// What Python calls it for, an exception in the handler, is an error that the handler returns, or a panic. Here it
    /// also says that the handler crossed a limit of the operator.
    fn handle_error(&mut self, outcome: &Outcome) {
        Super(self).handle_error(outcome);
    }

    /// Report to [`handle_error`](Self::handle_error) how requests in the background ended. Does not wait.
    ///
    /// Python equivalent: `ForkingMixIn.collect_children()`
    fn collect_children(&mut self) {
        Super(self).collect_children();
    }

    /// How many requests are being handled.
    ///
    /// Python equivalent: the length of `ForkingMixIn.active_children`
    fn active_children(&mut self) -> u32 {
        self.core().counters().active
    }
}

fn serve<S: BaseServer + ?Sized>(server: &mut S, poll_interval: Duration) -> io::Result<()> {
    while !server.core().is_shutdown_requested() {
        match server.core().wait(Some(poll_interval))? {
            Event::Request => {
                take(server);
            }
            Event::Finished => server.collect_children(),
            Event::TimedOut => {}
            Event::Shutdown => return Ok(()),
        }
        server.service_actions();
    }
    Ok(())
}

/// Returns false when there was no request after all, so that who wants one waits on.
///
/// Python equivalent: `BaseServer._handle_request_noblock()`
fn take<S: BaseServer + ?Sized>(server: &mut S) -> bool {
    match server.get_request() {
        Ok(request) if server.verify_request(&request) => server.process_request(request),
        Ok(request) => server.shutdown_request(request),
        Err(error) => return ErrorCode::of(&error) != Some(&ErrorCode::Timeout),
    }
    true
}
