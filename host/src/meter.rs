//! What one connection has used: bytes, and the processor time of its guest.
//!
//! One connection's meter is written by one task at a time; it is atomic so that others may read it.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::time::Instant;

/// The counters of one connection.
#[derive(Debug)]
pub(crate) struct Meter {
    opened: Instant,
    received: AtomicU64,
    sent: AtomicU64,
    /// The tick at which the guest was last resumed or last charged.
    slice: AtomicU64,
    /// Ticks that the guest has used.
    cpu: AtomicU64,
    output_dropped: AtomicU64,
    connects_refused: AtomicU64,
}

impl Meter {
    pub(crate) fn new() -> Self {
        Self {
            opened: Instant::now(),
            received: AtomicU64::new(0),
            sent: AtomicU64::new(0),
            slice: AtomicU64::new(0),
            cpu: AtomicU64::new(0),
            output_dropped: AtomicU64::new(0),
            connects_refused: AtomicU64::new(0),
        }
    }

    pub(crate) fn opened(&self) -> Instant {
        self.opened
    }

    pub(crate) fn receive(&self, bytes: usize) {
        add(&self.received, bytes as u64);
    }

    pub(crate) fn send(&self, bytes: usize) {
        add(&self.sent, bytes as u64);
    }

    /// Bytes that have moved in both directions.
    pub(crate) fn moved(&self) -> u64 {
        self.received().wrapping_add(self.sent())
    }

    pub(crate) fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    pub(crate) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Notes that the guest is resumed at this tick.
    pub(crate) fn resume(&self, tick: u64) {
        self.slice.store(tick, Ordering::Relaxed);
    }

    /// Whether nothing is left to charge for at this tick: the guest was resumed or charged at it.
    pub(crate) fn is_charged(&self, tick: u64) -> bool {
        self.slice.load(Ordering::Relaxed) == tick
    }

    /// Charges the guest for the ticks since it was resumed or last charged, and returns how many those were.
    ///
    /// Ticks that pass while a guest waits are not its own: it is resumed at a later tick then. A slice that is
    /// shorter than the time between two ticks is charged all of that with the probability that one falls into it, which over
    /// many slices is what they took.
    pub(crate) fn charge(&self, tick: u64) -> u64 {
        let used = tick.saturating_sub(self.slice.load(Ordering::Relaxed));
        self.slice.store(tick, Ordering::Relaxed);
        add(&self.cpu, used);
        used
    }

    /// Ticks charged so far.
    pub(crate) fn cpu(&self) -> u64 {
        self.cpu.load(Ordering::Relaxed)
    }

    pub(crate) fn drop_output(&self, bytes: u64) {
        add(&self.output_dropped, bytes);
    }

    pub(crate) fn output_dropped(&self) -> u64 {
        self.output_dropped.load(Ordering::Relaxed)
    }

    /// Counts a refusal, and returns how many there were before. Tasks of the guest's sockets count beside it.
    pub(crate) fn refuse_connect(&self) -> u64 {
        self.connects_refused.fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) fn connects_refused(&self) -> u64 {
        self.connects_refused.load(Ordering::Relaxed)
    }
}

/// Without the lock of an atomic addition, because there is one writer.
fn add(counter: &AtomicU64, amount: u64) {
    let sum = counter.load(Ordering::Relaxed).wrapping_add(amount);
    counter.store(sum, Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_is_not_charged() {
        let meter = Meter::new();
        meter.resume(10);
        assert_eq!(meter.charge(12), 2);
        assert_eq!(meter.charge(12), 0);
        meter.resume(1000);
        assert!(meter.is_charged(1000) && !meter.is_charged(1001));
        assert_eq!(meter.charge(1001), 1);
        assert_eq!(meter.cpu(), 3);
    }

    #[test]
    fn bytes_are_counted_by_direction() {
        let meter = Meter::new();
        meter.receive(3);
        meter.send(2);
        meter.send(2);
        assert_eq!((meter.received(), meter.sent(), meter.moved()), (3, 4, 7));
    }
}
