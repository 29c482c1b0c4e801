//! What the parts of one HTTP connection share.

use std::fmt::{self, Formatter};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use crate::drain::Kill;
use crate::event::Connection;
use crate::meter::Meter;
use crate::server::Shared;

/// One connection: its driver, its service and its transport look here, and so do requests that outlive it.
pub(crate) struct Link {
    pub(super) connection: Arc<Connection>,
    pub(super) server: Arc<Shared>,
    meter: Arc<Meter>,
    /// Requests so far.
    begun: AtomicU64,
    /// Requests that are under way.
    active: AtomicU32,
    /// Milliseconds after the server's start at which it was last without a request, or its peer last took something.
    waits_since: AtomicU64,
    /// Bytes that had been received by then.
    received: AtomicU64,
    has_received: AtomicBool,
    is_http2: AtomicBool,
    /// Whether the peer may still be sending a body that nobody reads.
    has_unread: AtomicBool,
    /// When the peer stopped taking what is sent, in milliseconds after `opened` and one; 0 while it takes it.
    blocked: AtomicU64,
    /// Whether hyper may hold what it was given to send.
    has_unsent: AtomicBool,
    /// When the response that is being sent has to be whole, in milliseconds after `opened` and one; 0 for no bound.
    response_deadline: AtomicU64,
    /// Whether it was not.
    is_overdue: AtomicBool,
    evicted: Kill,
    is_closed: AtomicBool,
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link")
            .field("connection", &self.connection)
            .field("active", &self.active)
            .finish_non_exhaustive()
    }
}

impl Link {
    pub(super) fn new(connection: Arc<Connection>, server: Arc<Shared>, meter: Arc<Meter>) -> Self {
        let link = Self {
            connection,
            server,
            meter,
            begun: AtomicU64::new(0),
            active: AtomicU32::new(0),
            waits_since: AtomicU64::new(0),
            received: AtomicU64::new(0),
            has_received: AtomicBool::new(false),
            is_http2: AtomicBool::new(false),
            has_unread: AtomicBool::new(false),
            blocked: AtomicU64::new(0),
            has_unsent: AtomicBool::new(false),
            response_deadline: AtomicU64::new(0),
            is_overdue: AtomicBool::new(false),
            evicted: Kill::default(),
            is_closed: AtomicBool::new(false),
        };
        link.note_waiting();
        link
    }

    pub(super) fn opened(&self) -> Instant {
        self.meter.opened()
    }

    /// Enters a request, and returns its number.
    pub(super) fn begin(&self, is_http2: bool) -> u64 {
        self.is_http2.store(is_http2, Ordering::Relaxed);
        self.active.fetch_add(1, Ordering::AcqRel);
        self.begun.fetch_add(1, Ordering::AcqRel) + 1
    }

    pub(super) fn end(&self) {
        self.note_waiting();
        self.active.fetch_sub(1, Ordering::AcqRel);
    }

    pub(super) fn begun(&self) -> u64 {
        self.begun.load(Ordering::Acquire)
    }

    pub(super) fn is_active(&self) -> bool {
        self.active.load(Ordering::Acquire) > 0
    }

    /// Whether it is without a request, and has nothing to send of its last.
    pub(super) fn is_waiting(&self) -> bool {
        !self.is_active() && !self.has_unsent.load(Ordering::Acquire)
    }

    /// Notes that hyper was given something to send.
    pub(super) fn note_unsent(&self) {
        self.has_unsent.store(true, Ordering::Release);
    }

    /// Notes that hyper has sent everything.
    pub(super) fn note_flushed(&self) {
        self.has_unsent.store(false, Ordering::Release);
    }

    /// Notes that something is being sent. What is left of a response is on its way while that is so, even where only hyper
    /// knows: it keeps what a peer of HTTP/2 gives it no window for.
    pub(super) fn note_sending(&self) {
        if !self.is_active() {
            self.note_quiet();
        }
    }

    /// Notes what was received: the first bytes say whether the peer speaks HTTP/2 (RFC 9113, section 3.4).
    pub(super) fn note_received(&self, bytes: &[u8]) {
        if !bytes.is_empty() && !self.has_received.swap(true, Ordering::Relaxed) {
            self.is_http2.store(bytes.starts_with(b"PRI"), Ordering::Relaxed);
        }
    }

    pub(super) fn is_http2(&self) -> bool {
        self.is_http2.load(Ordering::Relaxed)
    }

    /// When its last request ended and its peer last took something, or it was accepted.
    pub(super) fn waits_since(&self) -> Instant {
        self.server.started() + Duration::from_millis(self.waits_since.load(Ordering::Relaxed))
    }

    /// Whether bytes have come since.
    pub(super) fn has_received_since(&self) -> bool {
        self.meter.received() > self.received.load(Ordering::Relaxed)
    }

    fn note_waiting(&self) {
        self.note_quiet();
        self.received.store(self.meter.received(), Ordering::Relaxed);
    }

    fn note_quiet(&self) {
        let now = millis(Instant::now() - self.server.started());
        self.waits_since.store(now, Ordering::Relaxed);
    }

    /// Bounds the response that is being sent, until `None` says that hyper has all of it.
    pub(super) fn set_response_deadline(&self, deadline: Option<Instant>) {
        let after = deadline.map_or(0, |deadline| millis(deadline - self.opened()) + 1);
        self.response_deadline.store(after, Ordering::Relaxed);
    }

    /// When the response that is being sent has to be whole.
    pub(super) fn response_deadline(&self) -> Option<Instant> {
        let after = self.response_deadline.load(Ordering::Relaxed).checked_sub(1)?;
        Some(self.opened() + Duration::from_millis(after))
    }

    /// Notes that its time is over.
    pub(super) fn set_overdue(&self) {
        self.is_overdue.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_overdue(&self) -> bool {
        self.is_overdue.load(Ordering::Relaxed)
    }

    /// Notes that the connection has ended. Requests may outlive it.
    pub(super) fn set_closed(&self) {
        self.is_closed.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::Relaxed)
    }

    pub(super) fn evict(&self) {
        self.evicted.kill();
    }

    pub(super) fn evicted(&self) -> &Kill {
        &self.evicted
    }

    /// Whether the peer may be sending what nobody reads.
    pub(super) fn has_unread(&self) -> bool {
        self.has_unread.load(Ordering::Relaxed)
    }

    pub(super) fn set_unread(&self, has_unread: bool) {
        self.has_unread.store(has_unread, Ordering::Relaxed);
    }

    /// Notes whether the peer takes what is sent.
    pub(super) fn note_blocked(&self, is_blocked: bool) {
        let was_blocked = self.blocked.load(Ordering::Relaxed) != 0;
        // The time is looked up only when it changes.
        if is_blocked != was_blocked {
            let since = if is_blocked {
                millis(self.meter.opened().elapsed()) + 1
            } else {
                0
            };
            self.blocked.store(since, Ordering::Relaxed);
        }
    }

    /// Since when the peer has taken nothing of what is to be sent.
    pub(super) fn blocked_since(&self) -> Option<Instant> {
        let since = self.blocked.load(Ordering::Relaxed).checked_sub(1)?;
        Some(self.meter.opened() + Duration::from_millis(since))
    }
}

pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
