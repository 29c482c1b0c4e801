//! The trait that a handler implements, and the order in which its methods are called.

use std::io::Write as _;

use crate::connection::Connection;
use crate::error::Result;
use crate::request::Request;

/// One connection's worth of a service.
///
/// The host makes an instance of the component for each connection. The SDK then makes one value of this type with
/// [`Default`] and calls [`setup`](Self::setup), [`handle`](Self::handle) and [`finish`](Self::finish) in that order, each
/// at most once. Fields are therefore the state of one connection.
///
/// Returning, with `Ok` or with an error, closes the connection in order: what was written still reaches the peer. A
/// panic aborts it, and the peer sees a reset.
///
/// Python equivalent: `socketserver.BaseRequestHandler`
pub trait Handler: Default {
    /// Called before [`handle`](Self::handle).
    ///
    /// # Errors
    ///
    /// After an error neither `handle` nor [`finish`](Self::finish) is called.
    ///
    /// Python equivalent: `BaseRequestHandler.setup()`
    fn setup(&mut self, request: &mut Request) -> Result {
        let _ = request;
        Ok(())
    }

    /// Serve the connection.
    ///
    /// # Errors
    ///
    /// The error goes to the log of the server; the peer does not see it.
    ///
    /// Python equivalent: `BaseRequestHandler.handle()`
    fn handle(&mut self, request: &mut Request) -> Result;

    /// Clean up after [`handle`](Self::handle), whether or not that has failed.
    ///
    /// Afterwards the SDK flushes `wfile`.
    ///
    /// # Errors
    ///
    /// The error goes to the log of the server, after that of `handle` if there is one.
    ///
    /// Python equivalent: `BaseRequestHandler.finish()`
    fn finish(&mut self, request: &mut Request) -> Result {
        let _ = request;
        Ok(())
    }
}

pub(crate) fn serve<H: Handler>(connection: Connection) -> Result {
    let mut request = Request::new(connection);
    let result = call::<H>(&mut request);
    // As in CPython's `StreamRequestHandler.finish`, a peer that has gone before the last bytes is not an error of the
    // handler. One that must know flushes in `handle`.
    let _ = request.wfile.flush();
    result
}

fn call<H: Handler>(request: &mut Request) -> Result {
    let mut handler = H::default();
    handler.setup(request)?;
    let handled = handler.handle(request);
    let finished = handler.finish(request);
    match (handled, finished) {
        (Err(handled), Err(finished)) => Err(format!("{handled}; then finish failed: {finished}").into()),
        (handled, finished) => handled.and(finished),
    }
}
