//! Counts that always balance: `accepted = active + closed by reason`, and of HTTP `requests = active requests + requests
//! ended by outcome`.

use std::iter::Sum;
use std::sync::atomic::Ordering;

use crate::event::{CloseReason, Outcome, RejectReason};
use crate::worker::Words;

/// Counters of one server, or of one worker of it. Each is one atomic addition for a connection; none is on the byte path.
#[derive(Debug)]
pub(crate) struct Books {
    words: Words,
    /// The worker whose books these are, and how many there are: each has numbers of its own for connections.
    worker: u16,
    workers: u16,
}

/// As many numbers as books have, in whole lines of a processor's cache, so that workers do not wait for each other.
pub(crate) const WORDS: usize = (REQUESTS_ENDED + Outcome::ALL.len()).next_multiple_of(8);

const ACCEPTED: usize = 0;
const ACCEPT_FAILURES: usize = 1;
const REQUESTS: usize = 2;
const CLOSED: usize = 3;
const REJECTED: usize = CLOSED + CloseReason::ALL.len();
const REQUESTS_ENDED: usize = REJECTED + RejectReason::ALL.len();

impl Default for Books {
    fn default() -> Self {
        Self::of(Words::own(WORDS), 0, 1)
    }
}

impl Books {
    pub(crate) fn of(words: Words, worker: u16, workers: u16) -> Self {
        Self { words, worker, workers }
    }

    /// Enters an accepted connection and returns its number.
    pub(crate) fn accept(&self) -> u64 {
        let before = self.words[ACCEPTED].fetch_add(1, Ordering::Relaxed);
        before * u64::from(self.workers) + u64::from(self.worker) + 1
    }

    pub(crate) fn close(&self, reason: CloseReason) {
        self.words[CLOSED + reason.index()].fetch_add(1, Ordering::Release);
    }

    pub(crate) fn reject(&self, reason: RejectReason, count: u64) {
        self.words[REJECTED + reason.index()].fetch_add(count, Ordering::Relaxed);
    }

    pub(crate) fn fail_accept(&self) {
        self.words[ACCEPT_FAILURES].fetch_add(1, Ordering::Relaxed);
    }

    /// Enters a request of HTTP.
    pub(crate) fn begin_request(&self) {
        self.words[REQUESTS].fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn end_request(&self, outcome: Outcome) {
        self.words[REQUESTS_ENDED + outcome.index()].fetch_add(1, Ordering::Release);
    }

    /// Closes what is open: the process whose books these are has died.
    pub(crate) fn bury(&self) {
        let counts = self.counts();
        self.words[CLOSED + CloseReason::WorkerDied.index()].fetch_add(counts.active, Ordering::Release);
        self.words[REQUESTS_ENDED + Outcome::WorkerDied.index()].fetch_add(counts.active_requests, Ordering::Release);
    }

    /// A view of all counters.
    ///
    /// `closed` is read before `accepted`, so a connection that ends in between counts as active, never twice. So it is with
    /// requests.
    pub(crate) fn counts(&self) -> Counts {
        let closed = self.read(CLOSED, Ordering::Acquire);
        let accepted = self.words[ACCEPTED].load(Ordering::Acquire);
        let requests_ended = self.read(REQUESTS_ENDED, Ordering::Acquire);
        let requests = self.words[REQUESTS].load(Ordering::Acquire);
        Counts {
            accepted,
            active: accepted - closed.iter().sum::<u64>(),
            closed,
            rejected: self.read(REJECTED, Ordering::Relaxed),
            accept_failures: self.words[ACCEPT_FAILURES].load(Ordering::Relaxed),
            requests,
            active_requests: requests - requests_ended.iter().sum::<u64>(),
            requests_ended,
        }
    }

    fn read<const COUNT: usize>(&self, start: usize, order: Ordering) -> [u64; COUNT] {
        std::array::from_fn(|index| self.words[start + index].load(order))
    }
}

/// How many connections there were, and how they ended. `accepted` is `active` plus all that were closed.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
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

/// Those of several workers together.
impl Sum for Counts {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self::default(), |sum, more| Self {
            accepted: sum.accepted + more.accepted,
            active: sum.active + more.active,
            accept_failures: sum.accept_failures + more.accept_failures,
            requests: sum.requests + more.requests,
            active_requests: sum.active_requests + more.active_requests,
            requests_ended: add(sum.requests_ended, more.requests_ended),
            closed: add(sum.closed, more.closed),
            rejected: add(sum.rejected, more.rejected),
        })
    }
}

fn add<const COUNT: usize>(left: [u64; COUNT], right: [u64; COUNT]) -> [u64; COUNT] {
    std::array::from_fn(|index| left[index] + right[index])
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
