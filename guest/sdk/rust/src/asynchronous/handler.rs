//! The trait that an asynchronous handler implements, and the order in which its methods are called.

use super::request::AsyncRequest;
use crate::error::Result;

/// One connection's worth of a service, which may do several things at once.
///
/// All that [`Handler`](crate::Handler) says holds here too: the SDK makes one value of this type for each connection, and
/// calls [`setup`](Self::setup), [`handle`](Self::handle) and [`finish`](Self::finish) in that order, each at most once.
/// Returning closes the connection in order, and a panic aborts it.
///
/// Python equivalent: `socketserver.BaseRequestHandler` with coroutines
#[expect(
    async_fn_in_trait,
    reason = "a component has one thread, so that no future need be `Send`"
)]
pub trait AsyncHandler: Default + 'static {
    /// Called before [`handle`](Self::handle).
    ///
    /// # Errors
    ///
    /// After an error neither `handle` nor [`finish`](Self::finish) is called.
    async fn setup(&mut self, request: &mut AsyncRequest) -> Result {
        let _ = request;
        Ok(())
    }

    /// Serve the connection.
    ///
    /// # Errors
    ///
    /// The error goes to the log of the server; the peer does not see it.
    async fn handle(&mut self, request: &mut AsyncRequest) -> Result;

    /// Clean up after [`handle`](Self::handle), whether or not that has failed.
    ///
    /// Afterwards the SDK sends what is left in the buffer of the sender.
    ///
    /// # Errors
    ///
    /// The error goes to the log of the server, after that of `handle` if there is one.
    async fn finish(&mut self, request: &mut AsyncRequest) -> Result {
        let _ = request;
        Ok(())
    }
}

pub(crate) async fn serve<H: AsyncHandler>(mut request: AsyncRequest) -> Result {
    let result = call::<H>(&mut request).await;
    // As in `handler::serve`: a peer that has gone before the last bytes is not an error of the handler.
    let _ = request.sender.shutdown().await;
    result
}

async fn call<H: AsyncHandler>(request: &mut AsyncRequest) -> Result {
    let mut handler = H::default();
    handler.setup(request).await?;
    let handled = handler.handle(request).await;
    let finished = handler.finish(request).await;
    crate::handler::outcome(handled, finished)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;
    use crate::error::ErrorCode;
    use crate::testing::{Peer, serve_async};

    /// Fails in the stages that its peer names, and writes down all that it goes through.
    #[derive(Default)]
    struct Stages {
        fail_in: Vec<String>,
    }

    impl Stages {
        fn pass(&self, stage: &str, request: &mut AsyncRequest) -> Result {
            writeln!(request.sender.buffer(), "{stage}")?;
            if self.fail_in.iter().any(|name| name == stage) {
                return Err(format!("{stage} gave up").into());
            }
            Ok(())
        }
    }

    impl AsyncHandler for Stages {
        async fn setup(&mut self, request: &mut AsyncRequest) -> Result {
            if let Some(names) = request.receiver.receive_line(100).await? {
                let names = String::from_utf8(names.to_vec())?;
                self.fail_in = names.split_whitespace().map(str::to_owned).collect();
            }
            self.pass("setup", request)
        }

        async fn handle(&mut self, request: &mut AsyncRequest) -> Result {
            self.pass("handle", request)
        }

        async fn finish(&mut self, request: &mut AsyncRequest) -> Result {
            self.pass("finish", request)
        }
    }

    fn run(fail_in: &str) -> (Option<String>, String) {
        let peer = Peer::sending([fail_in]);
        let error = serve_async::<Stages>(&peer).err().map(|error| error.to_string());
        (error, String::from_utf8(peer.got_bytes()).unwrap())
    }

    #[test]
    fn the_stages_are_those_of_a_blocking_handler() {
        assert_eq!(run(""), (None, "setup\nhandle\nfinish\n".to_owned()));

        let error = Some("handle gave up".to_owned());
        assert_eq!(run("handle"), (error, "setup\nhandle\nfinish\n".to_owned()));

        let error = Some("setup gave up".to_owned());
        assert_eq!(run("setup"), (error, "setup\n".to_owned()));

        let error = Some("handle gave up; then finish failed: finish gave up".to_owned());
        assert_eq!(run("handle finish").0, error);
    }

    #[test]
    fn a_peer_that_is_gone_at_the_last_flush_is_no_error() {
        let peer = Peer::sending([""; 0]).taking([Err(ErrorCode::ConnectionBroken)]);
        serve_async::<Stages>(&peer).unwrap();
        assert!(peer.got().is_empty());
    }
}
