//! What the host offers of a server: its primitives, one call for each.

use std::io;
use std::time::Duration;

use crate::address::Address;
use crate::connection::milliseconds;
use crate::server::outcome::Outcome;
use crate::server::request::PendingRequest;

/// In a component the server of the host, elsewhere what a test supplies.
#[cfg(target_family = "wasm")]
type Inner = crate::server::host::Inner;
#[cfg(not(target_family = "wasm"))]
type Inner = crate::testing::ScriptedServer;

/// What a [`Listener`] is made with. What is `None` is as the operator has set it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Options {
    /// Connections that the kernel may hold until they are taken.
    pub request_queue_size: Option<u32>,
    /// Bind although connections of an earlier server linger at the address.
    pub reuse_address: Option<bool>,
    /// Share the address with other servers that ask for this too.
    pub reuse_port: Option<bool>,
    /// Bytes of a datagram that are received, at most what the operator has set.
    pub max_packet_size: Option<u32>,
    /// The component that handles the requests, by the name that the operator has given it; `None` is the program
    /// itself where it has a handler, or else the only one that was given.
    pub handler: Option<String>,
}

/// Why [`Listener::wait`] returned.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Event {
    /// A request waits: [`Listener::get_request`] takes it.
    Request,
    /// The time has passed.
    TimedOut,
    /// A request that was processed in the background has ended: [`Listener::collect`] tells how.
    Finished,
    /// The operator wants the program to end. Reported by every later call, until the server is closed.
    Shutdown,
}

/// Numbers of one server. They wrap around at 2 to the power of 32.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Counters {
    /// Requests that were handled up to now, or are being handled.
    pub accepted: u32,
    /// Those that are being handled.
    pub active: u32,
    /// Requests that were refused, by the program or by a limit.
    pub rejected: u32,
}

/// What the host offers of a server, without a loop: one call here is one call to the host.
///
/// Most programs use the classes of [this module](super). This type is for those that want another loop, or that drive
/// several servers with one. Dropping it stops listening; requests that are being handled go on.
///
/// Errors are those of the [crate]: [`ErrorCode::of`](crate::ErrorCode::of) returns the host's own code.
pub struct Listener(Inner);

impl Listener {
    /// Make a server for an address, which is a URL: `tcp://127.0.0.1:9999`, `unix:///run/echo.sock`. Nothing is bound
    /// yet.
    ///
    /// # Errors
    ///
    /// - [`PermissionDenied`](io::ErrorKind::PermissionDenied): the operator has not granted this address. In an
    ///   instance that handles a request, none is.
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput): the URL is none, or there is no such handler, or it does not
    ///   handle requests of this kind.
    pub fn create(url: &str, options: &Options) -> io::Result<Self> {
        Ok(Self(Inner::create(url, options)?))
    }

    /// Bind the address.
    ///
    /// # Errors
    ///
    /// - [`AddrInUse`](io::ErrorKind::AddrInUse): something else listens there.
    /// - [`AddrNotAvailable`](io::ErrorKind::AddrNotAvailable): no interface of the host has the address.
    /// - [`PermissionDenied`](io::ErrorKind::PermissionDenied): the system forbids it.
    /// - [`NotConnected`](io::ErrorKind::NotConnected): it is bound already, or was closed.
    pub fn bind(&self) -> io::Result<()> {
        Ok(self.0.bind()?)
    }

    /// Take requests from here on.
    ///
    /// # Errors
    ///
    /// [`NotConnected`](io::ErrorKind::NotConnected) when it is not bound, or was closed.
    pub fn activate(&self) -> io::Result<()> {
        Ok(self.0.activate()?)
    }

    /// The address that was bound, with the port that the system chose.
    pub fn address(&self) -> Option<Address> {
        self.0.address()
    }

    /// A number that stands for the server in logs.
    pub fn number(&self) -> u32 {
        self.0.number()
    }

    /// Wait for the next event, at most for so long; `None` waits as long as it takes, zero does not wait.
    ///
    /// Of several events that have happened, [`Event::Shutdown`] is reported first, then [`Event::Finished`], then
    /// [`Event::Request`]. A server that was closed reports `Finished` alone.
    ///
    /// # Errors
    ///
    /// [`NotConnected`](io::ErrorKind::NotConnected) when it was closed and nothing that it processed is left to wait
    /// for.
    pub fn wait(&self, timeout: Option<Duration>) -> io::Result<Event> {
        Ok(self.0.wait(timeout.map(milliseconds))?)
    }

    /// Take the next request, without waiting.
    ///
    /// # Errors
    ///
    /// - [`TimedOut`](io::ErrorKind::TimedOut): there is none; its peer has gone in the meantime, or it was over a
    ///   limit of the operator.
    /// - [`NotConnected`](io::ErrorKind::NotConnected): the server is not active.
    pub fn get_request(&self) -> io::Result<PendingRequest> {
        Ok(PendingRequest::new(self.0.get_request()?))
    }

    /// How the requests ended that were processed in the background, and have ended since the last call.
    pub fn collect(&self) -> Vec<Outcome> {
        self.0.collect()
    }

    /// Leave requests in the kernel's buffers, and report none, until [`resume`](Self::resume).
    pub fn suspend(&self) {
        self.0.suspend();
    }

    /// Report requests again.
    pub fn resume(&self) {
        self.0.resume();
    }

    /// The numbers of this moment.
    pub fn counters(&self) -> Counters {
        self.0.counters()
    }

    /// Stop listening. Requests that are being handled go on.
    pub fn close(&self) {
        self.0.close();
    }
}
