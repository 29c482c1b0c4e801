//! The clocks of a connection: what it may wait for, and how long.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

use super::link::Link;

/// What a connection has come to the end of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Due {
    /// The time for the head of a request.
    Header,
    /// The time without a request.
    KeepAlive,
    /// Its lifetime.
    Lifetime,
    /// The time in which the peer has to take something of what is sent.
    Stalled,
}

/// One timer for all of it, set again only when it fires, or when something is due before it does: a request costs no timer
/// operation.
pub(super) struct Clock {
    link: Arc<Link>,
    header: Duration,
    keep_alive: Duration,
    stalled: Duration,
    lifetime: Option<Instant>,
    wait: Option<Wait>,
    sleep: Option<Pin<Box<Sleep>>>,
}

/// A wait for a request.
struct Wait {
    /// The requests that had begun before.
    begun: u64,
    since: Instant,
    /// When the first byte of a head was seen.
    head_since: Option<Instant>,
}

impl Clock {
    pub(super) fn new(link: &Arc<Link>) -> Self {
        let server = &link.server;
        Self {
            link: Arc::clone(link),
            header: server.http.header_timeout,
            keep_alive: server.http.keep_alive_timeout,
            stalled: server.http.body_idle_timeout,
            lifetime: server.timeouts.lifetime.map(|lifetime| link.opened() + lifetime),
            wait: None,
            sleep: None,
        }
    }

    /// Lets the connection live until then and no longer.
    pub(super) fn set_lifetime(&mut self, end: Instant) {
        self.lifetime = Some(end);
    }

    /// Whether the peer has begun a head.
    pub(super) fn has_head_begun(&self) -> bool {
        self.wait.as_ref().is_some_and(|wait| wait.head_since.is_some())
    }

    /// Looks at what is due. To be called whenever the connection waits.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Due> {
        self.note();
        loop {
            let (next, due) = self.next();
            let is_later = self.sleep.as_ref().is_some_and(|sleep| sleep.deadline() <= next);
            if !is_later {
                match &mut self.sleep {
                    Some(sleep) => sleep.as_mut().reset(next),
                    None => self.sleep = Some(Box::pin(sleep_until(next))),
                }
            }
            let Some(sleep) = &mut self.sleep else {
                return Poll::Pending;
            };
            if sleep.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            if let Some(due) = due
                && next <= Instant::now()
            {
                return Poll::Ready(due);
            }
            sleep.as_mut().reset(next);
        }
    }

    /// Notes whether the connection waits for a request, and whether one has begun to come.
    fn note(&mut self) {
        if self.link.is_active() {
            self.wait = None;
            return;
        }
        let begun = self.link.begun();
        if self.wait.as_ref().is_none_or(|wait| wait.begun != begun) {
            self.wait = Some(Wait {
                begun,
                since: self.link.waits_since(),
                head_since: None,
            });
        }
        if let Some(wait) = &mut self.wait
            && wait.head_since.is_none()
            && self.link.has_received_since()
        {
            wait.head_since = Some(Instant::now());
        }
    }

    /// When to look again, and what is due then if nothing happens; nothing is, if the connection is busy.
    fn next(&self) -> (Instant, Option<Due>) {
        let waiting = match &self.wait {
            // One that never sent a request has had its time since it was accepted.
            Some(wait) if wait.begun == 0 => Some((self.link.opened() + self.header, Due::Header)),
            // What a peer of HTTP/2 sends between its requests is no request: it may ask whether the server is there.
            Some(wait) => Some(match wait.head_since {
                Some(since) if !self.link.is_http2() => (since + self.header, Due::Header),
                _ => (wait.since + self.keep_alive, Due::KeepAlive),
            }),
            None => None,
        };
        let blocked = self
            .link
            .blocked_since()
            .map(|since| (since + self.stalled, Due::Stalled));
        let lifetime = self.lifetime.map(|end| (end, Due::Lifetime));
        let due = [waiting, blocked, lifetime]
            .into_iter()
            .flatten()
            .min_by_key(|(at, _)| *at);
        // A busy connection is looked at before it could have waited for too long since.
        let look = Instant::now() + self.header.min(self.keep_alive).min(self.stalled);
        match due {
            Some((at, due)) if waiting.is_some() || at <= look => (at, Some(due)),
            _ => (look, None),
        }
    }
}
