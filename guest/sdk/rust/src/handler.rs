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
    outcome(handled, finished)
}

/// Neither of two errors is lost.
pub(crate) fn outcome(handled: Result, finished: Result) -> Result {
    match (handled, finished) {
        (Err(handled), Err(finished)) => Err(format!("{handled}; then finish failed: {finished}").into()),
        (handled, finished) => handled.and(finished),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorCode;
    use crate::testing::{Peer, serve};

    /// Fails in the stages that its peer names, and writes down all that it goes through.
    #[derive(Default)]
    struct Stages {
        fail_in: Vec<String>,
    }

    impl Stages {
        fn pass(&self, stage: &str, request: &mut Request) -> Result {
            writeln!(request.wfile, "{stage}")?;
            if self.fail_in.iter().any(|name| name == stage) {
                return Err(format!("{stage} gave up").into());
            }
            Ok(())
        }
    }

    impl Handler for Stages {
        fn setup(&mut self, request: &mut Request) -> Result {
            let names = std::io::read_to_string(&mut request.rfile)?;
            self.fail_in = names.split_whitespace().map(str::to_owned).collect();
            self.pass("setup", request)
        }

        fn handle(&mut self, request: &mut Request) -> Result {
            self.pass("handle", request)
        }

        fn finish(&mut self, request: &mut Request) -> Result {
            self.pass("finish", request)
        }
    }

    fn run(fail_in: &str) -> (Option<String>, String) {
        let peer = Peer::sending([fail_in]);
        let error = serve::<Stages>(&peer).err().map(|error| error.to_string());
        (error, String::from_utf8(peer.got_bytes()).unwrap())
    }

    #[test]
    fn the_stages_are_called_in_pythons_order() {
        assert_eq!(run(""), (None, "setup\nhandle\nfinish\n".to_owned()));
    }

    /// CPython calls `finish` in a `finally` block around `handle`, which `setup` stands before.
    #[test]
    fn finish_follows_a_failed_handle_and_no_failed_setup() {
        let error = Some("handle gave up".to_owned());
        assert_eq!(run("handle"), (error, "setup\nhandle\nfinish\n".to_owned()));

        let error = Some("setup gave up".to_owned());
        assert_eq!(run("setup"), (error, "setup\n".to_owned()));
    }

    #[test]
    fn neither_of_two_errors_is_lost() {
        let error = Some("handle gave up; then finish failed: finish gave up".to_owned());
        assert_eq!(run("handle finish").0, error);
    }

    #[test]
    fn a_peer_that_is_gone_at_the_last_flush_is_no_error() {
        let peer = Peer::sending([""; 0]).taking([Err(ErrorCode::ConnectionBroken)]);
        serve::<Stages>(&peer).unwrap();
        assert!(peer.got().is_empty());
    }
}
