//! A host that runs no component.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use crate::address::Address;
use crate::error::{ErrorCode, Result};
use crate::server::{Counters, Event, Options, Outcome};

/// What happens to the servers of a program, said beforehand, and what it did about it.
///
/// While it lives it is the host of its thread. What was said happens in that order, each step when the program waits
/// and nothing else is left to report. After the last one the operator wants the program to end; when that has
/// happened, or the server is closed, requests in the background end one after the other. No time passes but that of
/// [`then_quiet`](Self::then_quiet).
///
/// ```
/// use socketserver_guest::Address;
/// use socketserver_guest::server::{BaseServer, Outcome, Reason, ThreadingTcpServer};
/// use socketserver_guest::testing::Host;
///
/// let remote = Address::Ip("192.0.2.1:49152".parse()?);
/// let host = Host::new().then_request(Outcome::new(remote, Reason::Completed, None));
///
/// ThreadingTcpServer::new(("127.0.0.1", 9999))?.serve_forever()?;
/// assert_eq!(host.calls()[..3], ["create tcp://127.0.0.1:9999", "bind", "activate"]);
/// assert_eq!(host.calls()[3..], ["get-request 192.0.2.1:49152", "process", "close"]);
/// # Ok::<(), socketserver_guest::Error>(())
/// ```
pub struct Host(Rc<RefCell<Script>>);

#[derive(Default)]
struct Script {
    steps: VecDeque<Step>,
    create_error: Option<ErrorCode>,
    bind_error: Option<ErrorCode>,
    options: Vec<Options>,
    calls: Vec<String>,
    servers: u32,
    is_bound: bool,
    is_activated: bool,
    is_suspended: bool,
    is_closed: bool,
    is_shutdown: bool,
    /// `None` is one that has gone before it is taken.
    arrived: VecDeque<Option<Outcome>>,
    active: VecDeque<Outcome>,
    finished: VecDeque<Outcome>,
    counters: Counters,
}

enum Step {
    Request(Option<Outcome>),
    Finish,
    Quiet(Duration),
    Fail(ErrorCode),
    Shutdown,
}

thread_local! {
    static HOST: RefCell<Option<Rc<RefCell<Script>>>> = const { RefCell::new(None) };
}

impl Host {
    /// A host where nothing happens: the operator wants the program to end as soon as it waits.
    #[expect(clippy::new_without_default, reason = "it has an effect on its thread")]
    pub fn new() -> Self {
        let script = Rc::<RefCell<Script>>::default();
        HOST.set(Some(Rc::clone(&script)));
        Self(script)
    }

    /// Refuse to make a server: the operator has not granted its address, say.
    #[must_use]
    pub fn refusing(self, code: ErrorCode) -> Self {
        self.0.borrow_mut().create_error = Some(code);
        self
    }

    /// Make binding fail.
    #[must_use]
    pub fn failing_to_bind(self, code: ErrorCode) -> Self {
        self.0.borrow_mut().bind_error = Some(code);
        self
    }

    /// Then a request comes that will end so, when it is handled.
    #[must_use]
    pub fn then_request(self, outcome: Outcome) -> Self {
        self.then(Step::Request(Some(outcome)))
    }

    /// Then a request comes, and has gone before it is taken.
    #[must_use]
    pub fn then_vanishing_request(self) -> Self {
        self.then(Step::Request(None))
    }

    /// Then the request ends that is in the background for the longest time, if there is one.
    #[must_use]
    pub fn then_finishing(self) -> Self {
        self.then(Step::Finish)
    }

    /// Then nothing happens for so long.
    #[must_use]
    pub fn then_quiet(self, duration: Duration) -> Self {
        self.then(Step::Quiet(duration))
    }

    /// Then one call that waits fails.
    #[must_use]
    pub fn then_failing(self, code: ErrorCode) -> Self {
        self.then(Step::Fail(code))
    }

    /// Then the operator wants the program to end, although the script goes on.
    #[must_use]
    pub fn then_shutdown(self) -> Self {
        self.then(Step::Shutdown)
    }

    fn then(self, step: Step) -> Self {
        self.0.borrow_mut().steps.push_back(step);
        self
    }

    /// What the program did, one element for each call that has an effect, by the names of `wit/server.wit`:
    /// `get-request 192.0.2.1:49152`. Dropping a request is `refuse`.
    pub fn calls(&self) -> Vec<String> {
        self.0.borrow().calls.clone()
    }

    /// What its servers were made with.
    pub fn options(&self) -> Vec<Options> {
        self.0.borrow().options.clone()
    }
}

/// From then on the thread has no host, or another one that was made meanwhile.
impl Drop for Host {
    fn drop(&mut self) {
        let _ = HOST.try_with(|host| {
            let mut host = host.borrow_mut();
            if host.as_ref().is_some_and(|script| Rc::ptr_eq(script, &self.0)) {
                *host = None;
            }
        });
    }
}

impl Script {
    fn call(&mut self, name: impl Into<String>) {
        self.calls.push(name.into());
    }

    fn finish_one(&mut self) {
        if let Some(outcome) = self.active.pop_front() {
            self.finished.push_back(outcome);
            self.counters.active -= 1;
        }
    }

    /// What can be reported at once.
    fn event(&self) -> Option<Event> {
        if self.is_shutdown && !self.is_closed {
            Some(Event::Shutdown)
        } else if !self.finished.is_empty() {
            Some(Event::Finished)
        } else if self.is_activated && !self.is_closed && !self.is_suspended && !self.arrived.is_empty() {
            Some(Event::Request)
        } else {
            None
        }
    }
}

/// A server that no host has made.
pub(crate) struct ScriptedServer {
    script: Rc<RefCell<Script>>,
    number: u32,
}

impl ScriptedServer {
    pub(crate) fn create(url: &str, options: &Options) -> Result<Self, ErrorCode> {
        let host = HOST.with_borrow(Option::clone);
        let script = host.ok_or_else(|| ErrorCode::Other(Some("there is no host: see `testing::Host`".to_owned())))?;
        let number = {
            let mut script = script.borrow_mut();
            script.call(format!("create {url}"));
            if let Some(code) = script.create_error.clone() {
                return Err(code);
            }
            script.options.push(options.clone());
            script.servers += 1;
            script.servers - 1
        };
        Ok(Self { script, number })
    }

    pub(crate) fn bind(&self) -> Result<(), ErrorCode> {
        let mut script = self.script.borrow_mut();
        script.call("bind");
        if let Some(code) = script.bind_error.clone() {
            return Err(code);
        }
        script.is_bound = true;
        Ok(())
    }

    pub(crate) fn activate(&self) -> Result<(), ErrorCode> {
        let mut script = self.script.borrow_mut();
        script.call("activate");
        if !script.is_bound || script.is_closed {
            return Err(ErrorCode::InvalidState);
        }
        script.is_activated = true;
        Ok(())
    }

    pub(crate) fn address(&self) -> Option<Address> {
        let script = self.script.borrow();
        (script.is_bound && !script.is_closed).then(|| Address::Ip(SocketAddr::from((Ipv4Addr::LOCALHOST, 9999))))
    }

    pub(crate) fn number(&self) -> u32 {
        self.number
    }

    pub(crate) fn wait(&self, milliseconds: Option<u32>) -> Result<Event, ErrorCode> {
        let mut script = self.script.borrow_mut();
        let mut left = milliseconds.map(|milliseconds| Duration::from_millis(milliseconds.into()));
        if script.is_closed && script.active.is_empty() && script.finished.is_empty() {
            return Err(ErrorCode::InvalidState);
        }
        loop {
            if let Some(event) = script.event() {
                return Ok(event);
            }
            match script.steps.pop_front() {
                Some(Step::Request(outcome)) => script.arrived.push_back(outcome),
                Some(Step::Finish) => script.finish_one(),
                Some(Step::Quiet(duration)) => match left {
                    Some(time) if time < duration => {
                        script.steps.push_front(Step::Quiet(duration - time));
                        return Ok(Event::TimedOut);
                    }
                    Some(time) => left = Some(time - duration),
                    None => {}
                },
                Some(Step::Fail(code)) => return Err(code),
                Some(Step::Shutdown) => script.is_shutdown = true,
                None if script.is_closed => script.finish_one(),
                None => script.is_shutdown = true,
            }
        }
    }

    pub(crate) fn get_request(&self) -> Result<ScriptedRequest, ErrorCode> {
        let outcome = {
            let mut script = self.script.borrow_mut();
            if !script.is_activated || script.is_closed {
                return Err(ErrorCode::InvalidState);
            }
            let outcome = script.arrived.pop_front().flatten().ok_or(ErrorCode::Timeout)?;
            script.call(format!("get-request {}", outcome.remote));
            outcome
        };
        Ok(ScriptedRequest {
            script: Rc::clone(&self.script),
            outcome: Some(outcome),
        })
    }

    pub(crate) fn collect(&self) -> Vec<Outcome> {
        self.script.borrow_mut().finished.drain(..).collect()
    }

    pub(crate) fn suspend(&self) {
        let mut script = self.script.borrow_mut();
        script.call("suspend");
        script.is_suspended = true;
    }

    pub(crate) fn resume(&self) {
        let mut script = self.script.borrow_mut();
        script.call("resume");
        script.is_suspended = false;
    }

    pub(crate) fn counters(&self) -> Counters {
        self.script.borrow().counters
    }

    pub(crate) fn close(&self) {
        let mut script = self.script.borrow_mut();
        script.call("close");
        script.is_closed = true;
    }
}

/// A request that no peer has sent.
pub(crate) struct ScriptedRequest {
    script: Rc<RefCell<Script>>,
    /// Taken when it is handled.
    outcome: Option<Outcome>,
}

impl ScriptedRequest {
    fn handle(&mut self, how: &str) -> Outcome {
        let mut script = self.script.borrow_mut();
        script.call(how);
        script.counters.accepted += 1;
        self.outcome.take().expect("a request is handled by value, so once")
    }

    pub(crate) fn remote_address(&self) -> Address {
        let outcome = self.outcome.as_ref();
        outcome.map_or(Address::Unix(None), |outcome| outcome.remote.clone())
    }

    pub(crate) fn finish(mut self) -> Outcome {
        self.handle("finish")
    }

    pub(crate) fn process(mut self) {
        let outcome = self.handle("process");
        let mut script = self.script.borrow_mut();
        script.counters.active += 1;
        script.active.push_back(outcome);
    }
}

impl Drop for ScriptedRequest {
    fn drop(&mut self) {
        if self.outcome.is_some() {
            let mut script = self.script.borrow_mut();
            script.call("refuse");
            script.counters.rejected += 1;
        }
    }
}
