//! The window of time in which operations count.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

use crate::bench::process::CpuClock;

/// What clients report to, while one measurement goes on.
///
/// Operations count when they end inside the window. The processor time is read as the window opens and closes, so
/// neither the start nor the end of a process is in it.
#[derive(Debug)]
pub(super) struct Recorder {
    server: CpuClock,
    phase: AtomicU8,
    operations: AtomicU64,
    nanoseconds: Mutex<Histogram<u64>>,
}

/// The rates of one measurement.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(in crate::bench) struct Rates {
    /// Connections, requests or bytes.
    pub(in crate::bench) operations: u64,
    pub(in crate::bench) seconds: f64,
    /// What the server was charged.
    pub(in crate::bench) cpu_seconds: f64,
    pub(in crate::bench) p50_seconds: f64,
    pub(in crate::bench) p99_seconds: f64,
}

impl Recorder {
    pub(super) fn new(server: i32) -> Result<Self> {
        Ok(Self {
            server: CpuClock::of(server)?,
            phase: AtomicU8::new(WARMING_UP),
            operations: AtomicU64::new(0),
            nanoseconds: Mutex::new(Histogram::new_with_max(LONGEST_NANOSECONDS, DIGITS)?),
        })
    }

    /// Opens the window after `warm_up`, and closes it `duration` later.
    pub(super) async fn measure(&self, warm_up: Duration, duration: Duration) -> Result<Rates> {
        sleep(warm_up).await;
        let cpu = self.server.now()?;
        let began = Instant::now();
        self.phase.store(MEASURING, Ordering::Relaxed);
        sleep(duration).await;
        self.phase.store(OVER, Ordering::Relaxed);
        // The timer of a busy thread is late, so the window is as long as it was, not as long as it was meant to be.
        let seconds = began.elapsed().as_secs_f64();
        let cpu_seconds = self.server.now()?.saturating_sub(cpu).as_secs_f64();
        let operations = self.operations.load(Ordering::Relaxed);
        ensure!(operations > 0, "no operation ended in {seconds:.1} seconds");
        let latencies = self.nanoseconds.lock().unwrap_or_else(PoisonError::into_inner);
        let percentile = |part| Duration::from_nanos(latencies.value_at_quantile(part)).as_secs_f64();
        Ok(Rates {
            operations,
            seconds,
            cpu_seconds,
            p50_seconds: percentile(0.50),
            p99_seconds: percentile(0.99),
        })
    }

    /// Whether clients go on.
    pub(super) fn goes_on(&self) -> bool {
        self.phase.load(Ordering::Relaxed) != OVER
    }

    /// Counts an operation that has just ended.
    pub(super) fn count(&self, began: Instant) {
        if self.add(1) {
            let nanoseconds = u64::try_from(began.elapsed().as_nanos()).unwrap_or(LONGEST_NANOSECONDS);
            let mut latencies = self.nanoseconds.lock().unwrap_or_else(PoisonError::into_inner);
            latencies.saturating_record(nanoseconds);
        }
    }

    /// Counts operations that have no latency of their own; tells whether they are inside the window.
    pub(super) fn add(&self, operations: u64) -> bool {
        let inside = self.phase.load(Ordering::Relaxed) == MEASURING;
        if inside {
            self.operations.fetch_add(operations, Ordering::Relaxed);
        }
        inside
    }
}

const WARMING_UP: u8 = 0;
const MEASURING: u8 = 1;
const OVER: u8 = 2;
/// Longer than the process waits for anything.
const LONGEST_NANOSECONDS: u64 = 60_000_000_000;
/// Significant digits of a latency.
const DIGITS: u8 = 3;

#[cfg(test)]
mod tests {
    use super::*;

    fn recorder() -> Recorder {
        Recorder::new(i32::try_from(std::process::id()).unwrap()).unwrap()
    }

    #[test]
    fn only_the_window_counts() {
        let recorder = recorder();
        assert!(!recorder.add(1));
        recorder.phase.store(MEASURING, Ordering::Relaxed);
        recorder.count(Instant::now());
        assert!(recorder.add(2) && recorder.goes_on());
        recorder.phase.store(OVER, Ordering::Relaxed);
        assert!(!recorder.add(4) && !recorder.goes_on());
        assert_eq!(recorder.operations.into_inner(), 3);
        assert_eq!(recorder.nanoseconds.lock().unwrap().len(), 1);
    }

    #[tokio::test]
    async fn a_window_without_operations_is_an_error() {
        assert!(recorder().measure(Duration::ZERO, Duration::ZERO).await.is_err());
    }
}
