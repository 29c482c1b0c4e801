//! The tick by which guests are interrupted and charged.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle, Thread};
use std::time::Duration;

use tokio::time::Instant;
use wasmtime::Engine;

/// How often a guest that computes is interrupted. Shorter interrupts more than it helps; longer lets a spinning guest
/// hold up its neighbours.
pub(crate) const TICK: Duration = Duration::from_millis(1);

/// Ticks without a guest after which the ticker sleeps: a quiet server does not wake a thousand times a second.
const IDLE_TICKS: u32 = 100;

/// Counts ticks, and guests.
#[derive(Debug, Default)]
pub(crate) struct Ticks {
    now: AtomicU64,
    guests: AtomicUsize,
}

impl Ticks {
    pub(crate) fn now(&self) -> u64 {
        self.now.load(Ordering::Relaxed)
    }
}

/// A thread that moves the epoch of an engine while there are guests. Dropping it ends the thread.
#[derive(Debug)]
pub(crate) struct Ticker {
    ticks: Arc<Ticks>,
    stop: Arc<AtomicBool>,
    thread: Thread,
    handle: Option<JoinHandle<()>>,
}

impl Ticker {
    /// # Errors
    ///
    /// The system has no thread to give.
    pub(crate) fn start(engine: Engine) -> std::io::Result<Self> {
        let ticks = Arc::new(Ticks::default());
        let stop = Arc::new(AtomicBool::new(false));
        let handle = thread::Builder::new().name("ticker".into()).spawn({
            let (ticks, stop) = (Arc::clone(&ticks), Arc::clone(&stop));
            move || tick(&engine, &ticks, &stop)
        })?;
        Ok(Self {
            ticks,
            stop,
            thread: handle.thread().clone(),
            handle: Some(handle),
        })
    }

    pub(crate) fn ticks(&self) -> &Arc<Ticks> {
        &self.ticks
    }

    /// Notes that there is a guest until what is returned is dropped.
    pub(crate) fn guest(&self) -> Guest<'_> {
        if self.ticks.guests.fetch_add(1, Ordering::SeqCst) == 0 {
            self.thread.unpark();
        }
        Guest(&self.ticks)
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.unpark();
        if let Some(handle) = self.handle.take() {
            let _ = handle.join();
        }
    }
}

/// One guest that may run.
pub(crate) struct Guest<'a>(&'a Ticks);

impl Drop for Guest<'_> {
    fn drop(&mut self) {
        self.0.guests.fetch_sub(1, Ordering::SeqCst);
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a thread of its own, which has nothing else to do than sleep"
)]
fn tick(engine: &Engine, ticks: &Ticks, stop: &AtomicBool) {
    let mut since = Instant::now();
    let mut before = 0;
    let mut idle = 0;
    while !stop.load(Ordering::Relaxed) {
        if ticks.guests.load(Ordering::SeqCst) > 0 {
            idle = 0;
        } else if idle < IDLE_TICKS {
            idle += 1;
        } else {
            // A guest that comes between the look and this line has unparked the thread already, so it does not sleep.
            thread::park();
            // The guest that comes next was resumed at the tick of before, and shall not be charged for the silence.
            before = ticks.now();
            since = Instant::now();
            continue;
        }
        thread::sleep(TICK);
        // Time, not wakeups: those come late, and guests would be charged less than they use.
        let passed = since.elapsed().as_nanos() / TICK.as_nanos();
        let now = u64::try_from(passed).map_or(u64::MAX, |passed| before.saturating_add(passed));
        ticks.now.store(now, Ordering::Relaxed);
        engine.increment_epoch();
    }
}
