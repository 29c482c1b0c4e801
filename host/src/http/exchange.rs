//! One request and its response: what is counted of it, and the entry of it in the books.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU16, AtomicU64, Ordering};
use std::time::Duration;

use http::{Method, Request, StatusCode, Uri, Version};
use tokio::time::Instant;

use super::link::{Link, millis};
use crate::event::{CloseReason, Connection, Outcome, RequestEnded};
use crate::meter::Meter;
use crate::sandbox::Ending;

/// What the parts of one exchange share: its bodies, its guest, and whoever looks at its clocks.
pub(crate) struct Exchange {
    pub(super) link: Arc<Link>,
    number: u64,
    method: Method,
    target: Uri,
    pub(super) is_http2: bool,
    meter: Arc<Meter>,
    /// The status of the response that was begun; 0 before.
    status: AtomicU16,
    /// Why its guest has to stop, as a place in [`Fault::ALL`] and one; 0 for no reason.
    fault: AtomicU8,
    /// When a part of the response was given to hyper that it has not come back from, in milliseconds after the meter's
    /// start and one; 0 while hyper waits for the guest. Of HTTP/2 alone: of HTTP/1 the socket tells.
    given: AtomicU64,
    /// Whether the guest has a body of the request that is not at its end.
    has_unread: AtomicBool,
}

/// What makes a request impossible to go on with, as one of its bodies has found.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Fault {
    /// The peer does not send what the guest reads.
    Idle,
    /// The request's body is too long.
    RequestSize,
    /// The peer has not taken the response in the time for a request.
    TimedOut,
}

impl Fault {
    const ALL: [Self; 3] = [Self::Idle, Self::RequestSize, Self::TimedOut];

    pub(super) fn outcome(self) -> Outcome {
        match self {
            Self::Idle => Outcome::Idle,
            Self::RequestSize => Outcome::RequestSize,
            Self::TimedOut => Outcome::TimedOut,
        }
    }

    /// What the peer is told, if it has been told nothing yet.
    pub(super) fn status(self) -> StatusCode {
        match self {
            Self::Idle => StatusCode::REQUEST_TIMEOUT,
            Self::RequestSize => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TimedOut => StatusCode::GATEWAY_TIMEOUT,
        }
    }
}

impl Exchange {
    /// The connection that it is on.
    pub(crate) fn connection(&self) -> &Arc<Connection> {
        &self.link.connection
    }

    /// Its number on its connection.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// What its guest uses, and the bytes of its bodies.
    pub(crate) fn meter(&self) -> &Arc<Meter> {
        &self.meter
    }

    pub(super) fn method(&self) -> &Method {
        &self.method
    }

    pub(super) fn set_status(&self, status: StatusCode) {
        self.status.store(status.as_u16(), Ordering::Relaxed);
    }

    pub(super) fn fault(&self) -> Option<Fault> {
        let place = self.fault.load(Ordering::Relaxed).checked_sub(1)?;
        Fault::ALL.get(usize::from(place)).copied()
    }

    pub(super) fn set_fault(&self, fault: Fault) {
        self.fault.store(fault as u8 + 1, Ordering::Relaxed);
    }

    /// Notes that hyper has a part of the response to send.
    pub(super) fn note_given(&self) {
        self.link.note_unsent();
        if !self.is_http2 {
            return;
        }
        let now = millis(self.meter.opened().elapsed()) + 1;
        self.given.store(now, Ordering::Relaxed);
    }

    /// Notes that hyper asks for more.
    pub(super) fn note_asked(&self) {
        self.given.store(0, Ordering::Relaxed);
    }

    /// Since when hyper has not been able to send what it was given.
    pub(super) fn given_since(&self) -> Option<Instant> {
        let since = self.given.load(Ordering::Relaxed).checked_sub(1)?;
        Some(self.meter.opened() + Duration::from_millis(since))
    }

    /// When the response has to be whole.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let timeout = self.link.server.http.request_timeout?;
        Some(self.meter.opened() + timeout)
    }

    /// Whether the guest has a body that nobody has read to its end.
    pub(crate) fn has_unread(&self) -> bool {
        self.has_unread.load(Ordering::Relaxed)
    }

    pub(super) fn set_unread(&self, has_unread: bool) {
        self.has_unread.store(has_unread, Ordering::Relaxed);
    }
}

/// The entry of an exchange in the books. It is closed exactly once, even if what serves it is dropped or panics.
pub(super) struct Entry {
    pub(super) exchange: Arc<Exchange>,
    is_closed: bool,
}

impl Entry {
    pub(super) fn open<B>(link: &Arc<Link>, request: &Request<B>) -> Self {
        let is_http2 = request.version() == Version::HTTP_2;
        link.server.books.begin_request();
        Self {
            exchange: Arc::new(Exchange {
                link: Arc::clone(link),
                number: link.begin(is_http2),
                method: request.method().clone(),
                target: request.uri().clone(),
                is_http2,
                meter: Arc::new(Meter::new()),
                status: AtomicU16::new(0),
                fault: AtomicU8::new(0),
                given: AtomicU64::new(0),
                has_unread: AtomicBool::new(false),
            }),
            is_closed: false,
        }
    }

    /// Closes it with how its guest ended.
    pub(super) fn close(self, ending: Ending) {
        let outcome = outcome(ending.reason);
        self.close_as(outcome, ending.message, ending.backtrace);
    }

    pub(super) fn close_as(mut self, outcome: Outcome, message: String, backtrace: Vec<String>) {
        self.enter(outcome, message, backtrace);
    }

    fn enter(&mut self, outcome: Outcome, message: String, backtrace: Vec<String>) {
        self.is_closed = true;
        let Exchange {
            link,
            number,
            method,
            target,
            meter,
            status,
            ..
        } = &*self.exchange;
        let status = status.load(Ordering::Relaxed);
        let path = target.path_and_query().map_or("", |path| path.as_str());
        link.server.books.end_request(outcome);
        link.server.observer.request_ended(
            &link.connection,
            &RequestEnded {
                number: *number,
                method: shown(method.as_str()),
                path: shown(path),
                status: (status > 0).then_some(status),
                outcome,
                message,
                backtrace,
                duration: meter.opened().elapsed(),
                cpu_time: Duration::from_millis(meter.cpu()),
                received: meter.received(),
                sent: meter.sent(),
                output_dropped: meter.output_dropped(),
                connects_refused: meter.connects_refused(),
            },
        );
        link.end();
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        if self.is_closed {
            return;
        }
        let outcome = if std::thread::panicking() {
            Outcome::Bug
        } else if let Some(fault) = self.exchange.fault() {
            fault.outcome()
        } else if self.exchange.link.is_overdue() {
            Outcome::TimedOut
        } else if self.exchange.link.server.drain.kill().is_killed() {
            Outcome::Killed
        } else {
            Outcome::Aborted
        };
        self.enter(outcome, String::new(), Vec::new());
    }
}

/// How a request ended whose guest ended so.
fn outcome(reason: CloseReason) -> Outcome {
    match reason {
        CloseReason::Completed => Outcome::Completed,
        CloseReason::CpuTime => Outcome::CpuTime,
        CloseReason::Exit => Outcome::Exit,
        CloseReason::HandlerError => Outcome::HandlerError,
        CloseReason::Instantiate => Outcome::Instantiate,
        CloseReason::Killed => Outcome::Killed,
        CloseReason::Lifetime => Outcome::TimedOut,
        CloseReason::Memory => Outcome::Memory,
        CloseReason::Trap => Outcome::Trap,
        // None of them is how the guest of a request ends.
        CloseReason::Aborted
        | CloseReason::Bug
        | CloseReason::Evicted
        | CloseReason::HeaderTimeout
        | CloseReason::Idle
        | CloseReason::Protocol
        | CloseReason::Reset
        | CloseReason::TimedOut
        | CloseReason::WorkerDied => Outcome::Bug,
    }
}

/// As much of it as there is room for in a log: the peer chooses it.
fn shown(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_SHOWN)]
}

const MAX_SHOWN: usize = 1024;
