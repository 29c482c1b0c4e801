//! The trait that a handler of datagrams implements, and the order in which its methods are called.

use crate::address::Address;
use crate::datagram::request::DatagramRequest;
use crate::error::{ErrorCode, Result};

/// One datagram's worth of a service.
///
/// The host makes an instance of the component for each datagram, or, where the operator asks for sessions, for each
/// remote address. In both cases the SDK makes one value of this type for each datagram with [`Default`] and calls
/// [`setup`](Self::setup), [`handle`](Self::handle) and [`finish`](Self::finish) in that order, each at most once.
/// Fields are therefore the state of one datagram. What a session keeps is in a `static` or a `thread_local!`, and
/// there it may be gone at any datagram: its time was over, or there are no sessions.
///
/// ```
/// use std::io::Read as _;
///
/// use socketserver_guest::{DatagramHandler, DatagramRequest, Result};
///
/// /// Sends each datagram back that carries something.
/// #[derive(Default)]
/// struct Echo;
///
/// impl DatagramHandler for Echo {
///     fn handle(&mut self, request: &mut DatagramRequest) -> Result {
///         request.rfile.read_to_end(&mut request.wfile)?;
///         Ok(())
///     }
/// }
///
/// socketserver_guest::export_datagrams!(Echo);
/// ```
///
/// After [`finish`](Self::finish) the SDK sends what is in [`wfile`](DatagramRequest::wfile) as one datagram, whether
/// or not `handle` has failed. It sends nothing when `setup` or `finish` has failed, or after a panic.
///
/// Python equivalent: `socketserver.DatagramRequestHandler`
pub trait DatagramHandler: Default {
    /// Called before [`handle`](Self::handle).
    ///
    /// # Errors
    ///
    /// After an error neither `handle` nor [`finish`](Self::finish) is called, and nothing is sent.
    ///
    /// Python equivalent: `BaseRequestHandler.setup()`
    fn setup(&mut self, request: &mut DatagramRequest) -> Result {
        let _ = request;
        Ok(())
    }

    /// Serve the datagram.
    ///
    /// # Errors
    ///
    /// The error goes to the log of the server; the peer does not see it.
    ///
    /// Python equivalent: `BaseRequestHandler.handle()`
    fn handle(&mut self, request: &mut DatagramRequest) -> Result;

    /// Clean up after [`handle`](Self::handle), whether or not that has failed.
    ///
    /// Afterwards the SDK sends `wfile`.
    ///
    /// # Errors
    ///
    /// The error goes to the log of the server, after that of `handle` if there is one. Nothing is sent.
    ///
    /// Python equivalent: `BaseRequestHandler.finish()`
    fn finish(&mut self, request: &mut DatagramRequest) -> Result {
        let _ = request;
        Ok(())
    }
}

pub(crate) fn serve<H: DatagramHandler>(mut request: DatagramRequest) -> Result {
    let mut handler = H::default();
    handler.setup(&mut request)?;
    let handled = handler.handle(&mut request);
    // As in CPython, the answer is sent by what follows `handle` also when that has failed.
    let finished = handler.finish(&mut request).and_then(|()| answer(&request));
    match (handled, finished) {
        (Err(handled), Err(finished)) => Err(format!("{handled}; then finish failed: {finished}").into()),
        (handled, finished) => handled.and(finished),
    }
}

/// Sends what is in `wfile`, if anything.
///
/// As with the last flush of a connection, a peer that has gone is not an error of the handler, nor is one that left no
/// address to answer to: any client could fill the log of the server with it. An answer that the host does not take is
/// one.
fn answer(request: &DatagramRequest) -> Result {
    if request.wfile.is_empty() || request.remote_address() == Address::Unix(None) {
        return Ok(());
    }
    match request.reply(&request.wfile) {
        Err(error)
            if matches!(
                ErrorCode::of(&error),
                Some(ErrorCode::ConnectionBroken | ErrorCode::RemoteUnreachable)
            ) =>
        {
            Ok(())
        }
        result => Ok(result?),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;
    use crate::testing::{Datagram, serve_datagram};

    /// Fails in the stages that the datagram names, and writes down all that it goes through.
    #[derive(Default)]
    struct Stages;

    impl Stages {
        fn pass(stage: &str, request: &mut DatagramRequest) -> Result {
            writeln!(request.wfile, "{stage}")?;
            let fail_in = str::from_utf8(request.data())?;
            if fail_in.split_whitespace().any(|name| name == stage) {
                return Err(format!("{stage} gave up").into());
            }
            Ok(())
        }
    }

    impl DatagramHandler for Stages {
        fn setup(&mut self, request: &mut DatagramRequest) -> Result {
            Self::pass("setup", request)
        }

        fn handle(&mut self, request: &mut DatagramRequest) -> Result {
            Self::pass("handle", request)
        }

        fn finish(&mut self, request: &mut DatagramRequest) -> Result {
            Self::pass("finish", request)
        }
    }

    fn run(datagram: &Datagram) -> (Option<String>, Vec<String>) {
        let error = serve_datagram::<Stages>(datagram).err().map(|error| error.to_string());
        let sent = datagram.sent().into_iter();
        (error, sent.map(|(data, _)| String::from_utf8(data).unwrap()).collect())
    }

    #[test]
    fn the_stages_are_called_in_pythons_order_and_make_one_datagram() {
        let datagram = Datagram::carrying("");
        assert_eq!(run(&datagram), (None, vec!["setup\nhandle\nfinish\n".to_owned()]));
        assert_eq!(datagram.sent()[0].1, datagram.remote_address());
    }

    /// CPython sends the answer in `finish`, which it calls in a `finally` block around `handle`.
    #[test]
    fn the_answer_is_sent_after_a_failed_handle_and_no_other_failed_stage() {
        let (error, sent) = run(&Datagram::carrying("handle"));
        assert_eq!(error.unwrap(), "handle gave up");
        assert_eq!(sent, ["setup\nhandle\nfinish\n"]);

        let (error, sent) = run(&Datagram::carrying("setup"));
        assert_eq!(error.unwrap(), "setup gave up");
        assert!(sent.is_empty());

        let (error, sent) = run(&Datagram::carrying("handle finish"));
        assert_eq!(error.unwrap(), "handle gave up; then finish failed: finish gave up");
        assert!(sent.is_empty());
    }

    #[test]
    fn nothing_written_is_nothing_sent() {
        #[derive(Default)]
        struct Nothing;
        impl DatagramHandler for Nothing {
            fn handle(&mut self, _: &mut DatagramRequest) -> Result {
                Ok(())
            }
        }

        let datagram = Datagram::carrying("hello");
        serve_datagram::<Nothing>(&datagram).unwrap();
        assert!(datagram.sent().is_empty());
    }

    #[test]
    fn a_peer_that_cannot_be_answered_is_no_error() {
        let gone = Datagram::carrying("").failing([ErrorCode::ConnectionBroken]);
        assert_eq!(run(&gone), (None, vec![]));
        let unnamed = Datagram::carrying("").coming_from(Address::Unix(None));
        assert_eq!(run(&unnamed), (None, vec![]));
    }

    #[test]
    fn an_answer_that_is_not_taken_is_an_error() {
        let datagram = Datagram::carrying("").failing([ErrorCode::DatagramTooLarge]);
        assert_eq!(run(&datagram), (Some("the message is too large".to_owned()), vec![]));
    }
}
