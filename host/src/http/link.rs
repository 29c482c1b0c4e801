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
use crate::socket::Socket;

/// One connection: its driver, its service and its socket look here.
pub(crate) struct Link {
    pub(super) connection: Arc<Connection>,
    pub(super) server: Arc<Shared>,
    pub(super) socket: Arc<Socket>,
    meter: Arc<Meter>,
    /// Requests so far.
    begun: AtomicU64,
    /// Requests that are under way.
    active: AtomicU32,
    /// Milliseconds after the server's start at which it was last without a request.
    waits_since: AtomicU64,
    /// Bytes that had been received by then.
    received: AtomicU64,
    has_received: AtomicBool,
    is_http2: AtomicBool,
    /// Whether the peer may still be sending a body that nobody reads.
    has_unread: AtomicBool,
    /// When the peer stopped taking what is sent, in milliseconds after `opened` and one; 0 while it takes it.
    blocked: AtomicU64,
    evicted: Kill,
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
    pub(super) fn new(
        connection: Arc<Connection>,
        server: Arc<Shared>,
        socket: Arc<Socket>,
        meter: Arc<Meter>,
    ) -> Self {
        let link = Self {
            connection,
            server,
            socket,
            meter,
            begun: AtomicU64::new(0),
            active: AtomicU32::new(0),
            waits_since: AtomicU64::new(0),
            received: AtomicU64::new(0),
            has_received: AtomicBool::new(false),
            is_http2: AtomicBool::new(false),
            has_unread: AtomicBool::new(false),
            blocked: AtomicU64::new(0),
            evicted: Kill::default(),
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

    /// Notes what was received: the first bytes say whether the peer speaks HTTP/2 (RFC 9113, section 3.4).
    pub(super) fn note_received(&self, bytes: &[u8]) {
        if !bytes.is_empty() && !self.has_received.swap(true, Ordering::Relaxed) {
            self.is_http2.store(bytes.starts_with(b"PRI"), Ordering::Relaxed);
        }
    }

    pub(super) fn is_http2(&self) -> bool {
        self.is_http2.load(Ordering::Relaxed)
    }

    /// When its last request ended, or it was accepted.
    pub(super) fn waits_since(&self) -> Instant {
        self.server.started() + Duration::from_millis(self.waits_since.load(Ordering::Relaxed))
    }

    /// Whether bytes have come since.
    pub(super) fn has_received_since(&self) -> bool {
        self.meter.received() > self.received.load(Ordering::Relaxed)
    }

    fn note_waiting(&self) {
        let now = millis(Instant::now() - self.server.started());
        self.waits_since.store(now, Ordering::Relaxed);
        self.received.store(self.meter.received(), Ordering::Relaxed);
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
