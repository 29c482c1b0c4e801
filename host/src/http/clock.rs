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
    /// The time in which it had to finish what was under way.
    Finish,
    /// The time for a request.
    Request,
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
    /// Until when it may finish what is under way, if it takes no request any more and there is a bound to that.
    finish: Option<Instant>,
    wait: Option<Wait>,
    sleep: Option<Pin<Box<Sleep>>>,
}

/// A wait for a request.
struct Wait {
    /// The requests that had begun before.
    begun: u64,
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
            finish: None,
            wait: None,
            sleep: None,
        }
    }

    /// Lets the connection finish what is under way until then and no longer.
    pub(super) fn finish_by(&mut self, end: Instant) {
        self.finish = Some(self.finish.map_or(end, |earlier| earlier.min(end)));
        self.lifetime = None;
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
        if !self.link.is_waiting() {
            self.wait = None;
            return;
        }
        let begun = self.link.begun();
        if self.wait.as_ref().is_none_or(|wait| wait.begun != begun) {
            self.wait = Some(Wait {
                begun,
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
        let waiting = self.wait.as_ref().and_then(|wait| {
            // One that never sent a request has had its time since it was accepted.
            if wait.begun == 0 {
                return Some((self.link.opened() + self.header, Due::Header));
            }
            match wait.head_since {
                // What a peer of HTTP/2 sends between its requests is no request: it may ask whether the server is there.
                Some(since) if !self.link.is_http2() => Some((since + self.header, Due::Header)),
                // One that finishes was told that its time is over.
                _ if self.finish.is_some() => None,
                _ => Some((self.link.waits_since() + self.keep_alive, Due::KeepAlive)),
            }
        });
        let blocked = self
            .link
            .blocked_since()
            .map(|since| (since + self.stalled, Due::Stalled));
        let lifetime = self.lifetime.map(|end| (end, Due::Lifetime));
        let finish = self.finish.map(|end| (end, Due::Finish));
        // Its guest sees the time of a request itself, if it is polled: hyper polls none whose response it cannot send.
        let request = self
            .link
            .response_deadline()
            .map(|deadline| (deadline + AFTER_GUEST, Due::Request));
        let due = [waiting, blocked, lifetime, finish, request]
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

/// By how much whoever watches over a guest comes after the guest's own clock, which knows more of it.
pub(super) const AFTER_GUEST: Duration = Duration::from_millis(100);
