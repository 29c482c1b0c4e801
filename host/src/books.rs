//! Counts that always balance: `accepted = active + closed by reason`, and of HTTP `requests = active requests + requests
//! ended by outcome`.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::event::{CloseReason, Outcome, RejectReason};

/// Counters of one server. Each is one atomic addition for a connection; none is on the byte path.
#[derive(Debug, Default)]
pub(crate) struct Books {
    accepted: AtomicU64,
    closed: [AtomicU64; CloseReason::ALL.len()],
    rejected: [AtomicU64; RejectReason::ALL.len()],
    accept_failures: AtomicU64,
    requests: AtomicU64,
    requests_ended: [AtomicU64; Outcome::ALL.len()],
}

impl Books {
    /// Enters an accepted connection and returns its number.
    pub(crate) fn accept(&self) -> u64 {
        self.accepted.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(crate) fn close(&self, reason: CloseReason) {
        self.closed[reason.index()].fetch_add(1, Ordering::Release);
    }

    pub(crate) fn reject(&self, reason: RejectReason, count: u64) {
        self.rejected[reason.index()].fetch_add(count, Ordering::Relaxed);
    }

    pub(crate) fn fail_accept(&self) {
        self.accept_failures.fetch_add(1, Ordering::Relaxed);
    }

    /// Enters a request of HTTP.
    pub(crate) fn begin_request(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn end_request(&self, outcome: Outcome) {
        self.requests_ended[outcome.index()].fetch_add(1, Ordering::Release);
    }

    /// A view of all counters.
    ///
    /// `closed` is read before `accepted`, so a connection that ends in between counts as active, never twice. So it is with
    /// requests.
    pub(crate) fn counts(&self) -> Counts {
        let closed = self.closed.each_ref().map(|count| count.load(Ordering::Acquire));
        let accepted = self.accepted.load(Ordering::Acquire);
        let requests_ended = self
            .requests_ended
            .each_ref()
            .map(|count| count.load(Ordering::Acquire));
        let requests = self.requests.load(Ordering::Acquire);
        Counts {
            accepted,
            active: accepted - closed.iter().sum::<u64>(),
            closed,
            rejected: self.rejected.each_ref().map(|count| count.load(Ordering::Relaxed)),
            accept_failures: self.accept_failures.load(Ordering::Relaxed),
            requests,
            active_requests: requests - requests_ended.iter().sum::<u64>(),
            requests_ended,
        }
    }
}

/// How many connections there were, and how they ended. `accepted` is `active` plus all that were closed.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Counts {
    /// Connections that were given a sandbox.
    pub accepted: u64,
    /// Those of them that are open.
    pub active: u64,
    /// Failures of `accept` itself.
    pub accept_failures: u64,
    /// Requests of HTTP whose heads were received. They are `active_requests` plus all that ended.
    pub requests: u64,
    /// Those of them that are under way.
    pub active_requests: u64,
    requests_ended: [u64; Outcome::ALL.len()],
    closed: [u64; CloseReason::ALL.len()],
    rejected: [u64; RejectReason::ALL.len()],
}

impl Counts {
    /// How many connections ended for this reason.
    pub fn closed(&self, reason: CloseReason) -> u64 {
        self.closed[reason.index()]
    }

    /// How many connections ended, for whatever reason.
    pub fn closed_in_all(&self) -> u64 {
        self.closed.iter().sum()
    }

    /// How many requests of HTTP ended in this way.
    pub fn requests_ended(&self, outcome: Outcome) -> u64 {
        self.requests_ended[outcome.index()]
    }

    /// How many connections were closed as soon as they were accepted, or datagrams were not handled, for this reason.
    pub fn rejected(&self, reason: RejectReason) -> u64 {
        self.rejected[reason.index()]
    }

    /// How many connections were closed as soon as they were accepted.
    pub fn rejected_in_all(&self) -> u64 {
        self.rejected.iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_balance() {
        let books = Books::default();
        assert_eq!((books.accept(), books.accept(), books.accept()), (1, 2, 3));
        books.close(CloseReason::Trap);
        books.close(CloseReason::Completed);
        let counts = books.counts();
        assert_eq!((counts.accepted, counts.active, counts.closed_in_all()), (3, 1, 2));
        assert_eq!(counts.closed(CloseReason::Trap), 1);
    }

    #[test]
    fn requests_balance_by_themselves() {
        let books = Books::default();
        (0..3).for_each(|_| books.begin_request());
        books.end_request(Outcome::Completed);
        books.end_request(Outcome::Trap);
        let counts = books.counts();
        assert_eq!((counts.requests, counts.active_requests, counts.accepted), (3, 1, 0));
        assert_eq!(counts.requests_ended(Outcome::Trap), 1);
    }
}
