//! What the clients of one run count together.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;
use hdrhistogram::Histogram;

use crate::bench::quantity::Quantity;

/// Counters of operations and of their latencies, and the sign to stop.
#[derive(Debug)]
pub(super) struct Tally {
    operations: Cell<f64>,
    latencies: RefCell<Histogram<u64>>,
    /// What was sent in vain; nothing where nothing may be lost.
    lost: Cell<Option<f64>>,
    /// Clients that are under way.
    begun: Cell<u32>,
    stopped: Cell<bool>,
}

impl Tally {
    pub(super) fn new() -> Result<Self> {
        Ok(Self {
            operations: Cell::new(0.0),
            // Nanoseconds up to a minute, to three digits.
            latencies: RefCell::new(Histogram::new_with_bounds(1, 60_000_000_000, 3)?),
            lost: Cell::new(None),
            begun: Cell::new(0),
            stopped: Cell::new(false),
        })
    }

    /// Tells that a client is under way: one whose connection stays, that it has been answered.
    pub(super) fn begin(&self) {
        self.begun.set(self.begun.get() + 1);
    }

    /// How many clients are under way.
    pub(super) fn begun(&self) -> u32 {
        self.begun.get()
    }

    /// Forgets the warm-up.
    pub(super) fn start(&self) {
        self.operations.set(0.0);
        self.latencies.borrow_mut().reset();
        self.lost.set(self.lost.get().map(|_| 0.0));
    }

    /// Counts losses from here on.
    pub(super) fn allow_losses(&self) {
        self.lost.set(self.lost.get().or(Some(0.0)));
    }

    /// Counts a loss.
    pub(super) fn lose(&self) {
        self.lost.set(self.lost.get().map(|lost| lost + 1.0));
    }

    /// Counts an operation that has ended as it should.
    pub(super) fn record(&self, latency: Duration) {
        self.add(1.0);
        let nanoseconds = u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX);
        self.latencies.borrow_mut().saturating_record(nanoseconds);
    }

    /// Counts operations, or parts of them, that have no latency of their own.
    pub(super) fn add(&self, operations: f64) {
        self.operations.set(self.operations.get() + operations);
    }

    /// Asks the clients to end after the operation that they are in.
    pub(super) fn stop(&self) {
        self.stopped.set(true);
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.get()
    }

    /// What has been counted since the start. Without a single operation there is no figure: the report shows a gap
    /// rather than a division by zero.
    pub(super) fn figures(&self, elapsed: Duration, cpu: Duration) -> BTreeMap<Quantity, f64> {
        let operations = self.operations.get();
        let mut figures = BTreeMap::new();
        if operations > 0.0 {
            figures.insert(Quantity::Cpu, cpu.as_secs_f64() * 1e6 / operations);
            figures.insert(Quantity::Rate, operations / elapsed.as_secs_f64());
            if let Some(lost) = self.lost.get() {
                figures.insert(Quantity::Lost, 100.0 * lost / (operations + lost));
            }
        }
        let latencies = self.latencies.borrow();
        if !latencies.is_empty() {
            for (quantity, quantile) in [(Quantity::P50, 0.5), (Quantity::P99, 0.99), (Quantity::P999, 0.999)] {
                let latency = Duration::from_nanos(latencies.value_at_quantile(quantile));
                figures.insert(quantity, latency.as_secs_f64() * 1e6);
            }
        }
        figures
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_warm_up_is_forgotten() {
        let tally = Tally::new().unwrap();
        tally.record(Duration::from_secs(5));
        tally.start();
        tally.record(Duration::from_micros(100));
        tally.record(Duration::from_micros(100));
        let figures = tally.figures(Duration::from_secs(2), Duration::from_millis(1));
        assert_eq!(figures[&Quantity::Rate], 1.0);
        assert_eq!(figures[&Quantity::Cpu], 500.0);
        assert!((figures[&Quantity::P99] - 100.0).abs() < 0.2);
    }

    #[test]
    fn losses_are_a_share_of_what_was_sent_where_they_are_counted() {
        let tally = Tally::new().unwrap();
        let lost = || {
            tally
                .figures(Duration::from_secs(1), Duration::ZERO)
                .remove(&Quantity::Lost)
        };
        tally.add(3.0);
        tally.lose();
        assert_eq!(lost(), None);
        tally.allow_losses();
        tally.lose();
        tally.allow_losses();
        assert_eq!(lost(), Some(25.0));
        tally.start();
        tally.add(1.0);
        assert_eq!(lost(), Some(0.0));
    }

    #[test]
    fn nothing_counted_is_no_figure() {
        let tally = Tally::new().unwrap();
        assert!(tally.figures(Duration::from_secs(1), Duration::from_secs(1)).is_empty());
    }
}
