//! What one connection has used: bytes, and the processor time of its guest.
//!
//! One connection's meter is written by one task at a time; it is atomic so that others may read it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// The counters of one connection.
#[derive(Debug)]
pub(crate) struct Meter {
    opened: Instant,
    received: AtomicU64,
    sent: AtomicU64,
    /// Milliseconds from `opened` to the last byte that moved.
    last_moved: AtomicU64,
    /// The tick at which the guest was last resumed or last charged.
    slice: AtomicU64,
    /// Ticks that the guest has used.
    cpu: AtomicU64,
    output_dropped: AtomicU64,
}

impl Meter {
    pub(crate) fn new() -> Self {
        Self {
            opened: Instant::now(),
            received: AtomicU64::new(0),
            sent: AtomicU64::new(0),
            last_moved: AtomicU64::new(0),
            slice: AtomicU64::new(0),
            cpu: AtomicU64::new(0),
            output_dropped: AtomicU64::new(0),
        }
    }

    pub(crate) fn opened(&self) -> Instant {
        self.opened
    }

    pub(crate) fn receive(&self, bytes: usize) {
        self.received.fetch_add(bytes as u64, Ordering::Relaxed);
        self.touch();
    }

    pub(crate) fn send(&self, bytes: usize) {
        self.sent.fetch_add(bytes as u64, Ordering::Relaxed);
        self.touch();
    }

    fn touch(&self) {
        let now = u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last_moved.store(now, Ordering::Relaxed);
    }

    /// When the last byte moved, or the connection was opened.
    pub(crate) fn last_moved(&self) -> Instant {
        self.opened + Duration::from_millis(self.last_moved.load(Ordering::Relaxed))
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

    /// Charges the guest for the ticks since it was resumed or last charged, and returns how many those were.
    ///
    /// Ticks that pass while a guest waits are not its own: it is resumed at a later tick then. A slice shorter than a
    /// tick is charged as one with the probability that a tick falls into it, which over many slices is what they took.
    pub(crate) fn charge(&self, tick: u64) -> u64 {
        let used = tick.saturating_sub(self.slice.swap(tick, Ordering::Relaxed));
        self.cpu.fetch_add(used, Ordering::Relaxed);
        used
    }

    /// Ticks charged so far.
    pub(crate) fn cpu(&self) -> u64 {
        self.cpu.load(Ordering::Relaxed)
    }

    pub(crate) fn drop_output(&self, bytes: u64) {
        self.output_dropped.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(crate) fn output_dropped(&self) -> u64 {
        self.output_dropped.load(Ordering::Relaxed)
    }
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
        assert_eq!(meter.charge(1001), 1);
        assert_eq!(meter.cpu(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn moving_bytes_is_noted() {
        let meter = Meter::new();
        tokio::time::advance(Duration::from_secs(5)).await;
        assert_eq!(meter.last_moved(), meter.opened());
        meter.receive(3);
        assert_eq!(meter.last_moved(), meter.opened() + Duration::from_secs(5));
        assert_eq!((meter.received(), meter.sent()), (3, 0));
    }
}
