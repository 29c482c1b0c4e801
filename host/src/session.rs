//! Which datagrams share a sandbox: all of one remote address, until it has been silent for a while.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, timeout_at};

use crate::drain::Phase;
use crate::event::RejectReason;
use crate::listener::{Datagram, Origin};
use crate::server::Shared;

/// The open sessions of a listener.
///
/// A session takes a permit, so there are at most `max-connections` of them, and each has a bounded queue.
pub(crate) struct Sessions {
    open: Mutex<HashMap<Origin, Queue>>,
    idle: Duration,
    lifetime: Option<Duration>,
}

impl Sessions {
    pub(crate) fn new(idle: Duration, lifetime: Option<Duration>) -> Self {
        Self {
            open: Mutex::default(),
            idle,
            lifetime,
        }
    }

    /// Puts a datagram into the queue of its session, or gives it back when there is none. What finds the queue full is
    /// dropped, and `dropped` is told: waiting would keep the datagrams of others from being received.
    pub(crate) fn give(&self, datagram: Datagram, dropped: impl FnOnce()) -> Option<Datagram> {
        let open = self.lock();
        let Some(queue) = open.get(&datagram.origin) else {
            return Some(datagram);
        };
        if !queue.push(datagram) {
            dropped();
        }
        None
    }

    /// Opens the session that `first` starts.
    pub(crate) fn open(self: &Arc<Self>, first: Datagram, server: &Arc<Shared>) -> Inbox {
        let (sender, queue) = mpsc::channel(MAX_QUEUED);
        let bytes = Arc::new(AtomicUsize::new(0));
        let origin = first.origin.clone();
        let entry = Queue {
            sender,
            bytes: Arc::clone(&bytes),
        };
        self.lock().insert(origin.clone(), entry);
        let now = Instant::now();
        Inbox {
            first: Some(first),
            session: Some(Session {
                sessions: Arc::clone(self),
                server: Arc::clone(server),
                phase: server.drain.phase(),
                origin,
                queue,
                bytes,
                ends: self.lifetime.map(|lifetime| now + lifetime),
            }),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Origin, Queue>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The datagrams that wait for their turn in a session, bounded in number and in bytes: peers decide how many sessions
/// there are, and how long their datagrams.
struct Queue {
    sender: mpsc::Sender<Datagram>,
    bytes: Arc<AtomicUsize>,
}

impl Queue {
    /// Tells whether there was room.
    fn push(&self, datagram: Datagram) -> bool {
        let length = datagram.data.len();
        // The loop that receives is the only one to add, so the sum cannot grow in between.
        if self.bytes.load(Ordering::Relaxed) + length > MAX_QUEUED_BYTES {
            return false;
        }
        self.bytes.fetch_add(length, Ordering::Relaxed);
        let is_pushed = self.sender.try_send(datagram).is_ok();
        if !is_pushed {
            self.bytes.fetch_sub(length, Ordering::Relaxed);
        }
        is_pushed
    }
}

/// The datagrams that one sandbox handles.
pub(crate) struct Inbox {
    first: Option<Datagram>,
    session: Option<Session>,
}

impl Inbox {
    /// One datagram, and no other.
    pub(crate) fn of_one(datagram: Datagram) -> Self {
        Self {
            first: Some(datagram),
            session: None,
        }
    }

    /// The next datagram; `None` is the end: none came for the time of a session, or its lifetime is over, or the server
    /// drains.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub(crate) async fn next(&mut self) -> Option<Datagram> {
        match (self.first.take(), &mut self.session) {
            (Some(first), _) => Some(first),
            (None, Some(session)) => session.next().await,
            (None, None) => None,
        }
    }
}

struct Session {
    sessions: Arc<Sessions>,
    server: Arc<Shared>,
    phase: watch::Receiver<Phase>,
    origin: Origin,
    queue: mpsc::Receiver<Datagram>,
    /// Those of the queue.
    bytes: Arc<AtomicUsize>,
    ends: Option<Instant>,
}

impl Session {
    async fn next(&mut self) -> Option<Datagram> {
        let datagram = self.take().await?;
        self.bytes.fetch_sub(datagram.data.len(), Ordering::Relaxed);
        Some(datagram)
    }

    async fn take(&mut self) -> Option<Datagram> {
        let now = Instant::now();
        if self.ends.is_some_and(|ends| ends <= now) {
            // A queue that is never empty would keep the session for ever: what comes from here on begins a new one.
            self.leave();
        }
        if self.queue.is_closed() {
            return self.queue.try_recv().ok();
        }
        let silent = now + self.sessions.idle;
        let ends = self.ends.map_or(silent, |ends| ends.min(silent));
        let next = async {
            tokio::select! {
                biased;
                datagram = self.queue.recv() => datagram,
                _ = self.phase.wait_for(|phase| *phase >= Phase::Draining) => None,
            }
        };
        if let Ok(Some(datagram)) = timeout_at(ends, next).await {
            return Some(datagram);
        }
        // One that came in this moment is not lost: either it is found here, or the next finds no session.
        let mut open = self.sessions.lock();
        let last = self.queue.try_recv().ok();
        if last.is_none() {
            open.remove(&self.origin);
            self.queue.close();
        }
        last
    }

    /// Takes no more. A session that has left already does nothing: the place may be another's.
    fn leave(&mut self) {
        if !self.queue.is_closed() {
            self.sessions.lock().remove(&self.origin);
            self.queue.close();
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.leave();
        let lost = std::iter::from_fn(|| self.queue.try_recv().ok()).count();
        self.server.books.reject(RejectReason::SessionQueue, lost as u64);
    }
}

/// Datagrams that may wait for their turn in a session: enough for a burst.
const MAX_QUEUED: usize = 64;

/// Bytes that may wait there: several of the longest datagrams.
const MAX_QUEUED_BYTES: usize = 256 << 10;
