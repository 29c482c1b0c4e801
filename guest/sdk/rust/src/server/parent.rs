//! What an override calls in the place of Python's `super()`.

use std::io;

use crate::error::ErrorCode;
use crate::server::base::BaseServer;
use crate::server::outcome::Outcome;
use crate::server::request::PendingRequest;
use crate::server::server_core::{Concurrency, print};

/// What the methods of [`BaseServer`] do where they are not overridden: `Super(self).server_close()`.
///
/// As with Python's `super()`, what they call of the server in turn are its overrides: `Super(self).server_close()`
/// reports to the `handle_error` of the server itself. A field that holds one of the classes knows nothing of the type
/// around it, so `self.base.server_close()` would report to the `handle_error` of the class.
///
/// Python equivalent: `super()`
pub struct Super<'a, S: ?Sized>(pub &'a mut S);

#[expect(
    clippy::missing_errors_doc,
    reason = "the methods of `BaseServer` say what these do, and how they fail"
)]
impl<S: BaseServer + ?Sized> Super<'_, S> {
    /// What [`BaseServer::server_bind`] does by default.
    pub fn server_bind(self) -> io::Result<()> {
        self.0.core().bind()
    }

    /// What [`BaseServer::server_activate`] does by default.
    pub fn server_activate(self) -> io::Result<()> {
        self.0.core().activate()
    }

    /// What [`BaseServer::bind_and_activate`] does by default.
    pub fn bind_and_activate(self) -> io::Result<()> {
        let result = self.0.server_bind().and_then(|()| self.0.server_activate());
        if result.is_err() {
            self.0.server_close();
        }
        result
    }

    /// What [`BaseServer::server_close`] does by default.
    pub fn server_close(mut self) {
        self.0.core().close();
        if self.0.core().joins() {
            while let Some(outcomes) = self.0.core().join_some() {
                self.report(&outcomes);
            }
        }
        self.0.collect_children();
    }

    /// What [`BaseServer::get_request`] does by default.
    pub fn get_request(self) -> io::Result<PendingRequest> {
        let listener = self.0.core().listener().ok_or(ErrorCode::InvalidState)?;
        listener.get_request()
    }

    /// What [`BaseServer::verify_request`] does by default.
    pub fn verify_request(self, request: &PendingRequest) -> bool {
        let _ = request;
        true
    }

    /// What [`BaseServer::process_request`] does by default.
    pub fn process_request(mut self, request: PendingRequest) {
        if self.0.core().concurrency() == Concurrency::OneAtATime {
            let outcome = self.0.finish_request(request);
            self.report(&[outcome]);
        } else {
            request.process();
        }
    }

    /// What [`BaseServer::finish_request`] does by default.
    pub fn finish_request(self, request: PendingRequest) -> Outcome {
        request.finish()
    }

    /// What [`BaseServer::shutdown_request`] does by default.
    pub fn shutdown_request(self, request: PendingRequest) {
        self.0.close_request(request);
    }

    /// What [`BaseServer::close_request`] does by default.
    pub fn close_request(self, request: PendingRequest) {
        drop(request);
    }

    /// What [`BaseServer::handle_timeout`] does by default.
    pub fn handle_timeout(self) {
        self.0.collect_children();
    }

    /// What [`BaseServer::handle_error`] does by default.
    pub fn handle_error(self, outcome: &Outcome) {
        print(outcome);
    }

    /// What [`BaseServer::collect_children`] does by default.
    pub fn collect_children(mut self) {
        let outcomes = self.0.core().collect();
        self.report(&outcomes);
    }

    fn report(&mut self, outcomes: &[Outcome]) {
        for outcome in outcomes.iter().filter(|outcome| !outcome.is_completed()) {
            self.0.handle_error(outcome);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Address;
    use crate::server::{Reason, ServerCore, TcpServer};
    use crate::testing::Host;

    /// As with Python's `super()`: an override that calls what it overrides takes no other override away.
    #[test]
    fn what_an_override_calls_knows_the_other_overrides() {
        struct Polite {
            base: TcpServer,
            told: Vec<&'static str>,
        }

        impl BaseServer for Polite {
            fn core(&mut self) -> &mut ServerCore {
                self.base.core()
            }

            fn process_request(&mut self, request: PendingRequest) {
                Super(self).process_request(request);
            }

            fn finish_request(&mut self, request: PendingRequest) -> Outcome {
                self.told.push("finish");
                Super(self).finish_request(request)
            }

            fn handle_error(&mut self, _: &Outcome) {
                self.told.push("error");
            }

            fn verify_request(&mut self, _: &PendingRequest) -> bool {
                self.told.is_empty()
            }

            fn shutdown_request(&mut self, request: PendingRequest) {
                Super(self).shutdown_request(request);
            }

            fn close_request(&mut self, request: PendingRequest) {
                self.told.push("close");
                Super(self).close_request(request);
            }
        }

        let remote = Address::Ip(([192, 0, 2, 1], 1).into());
        let failed = Outcome::new(remote, Reason::Trap, None);
        let host = Host::new().then_request(failed.clone()).then_request(failed);
        let mut server = Polite {
            base: TcpServer::new(("127.0.0.1", 9999)).unwrap(),
            told: Vec::new(),
        };
        server.serve_forever().unwrap();
        assert_eq!(server.told, ["finish", "error", "close"]);
        assert_eq!(
            host.calls()[3..],
            ["get-request 192.0.2.1:1", "finish", "get-request 192.0.2.1:1", "refuse"]
        );
    }
}
