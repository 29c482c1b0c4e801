//! The tick by which guests are interrupted and charged.
//!
//! At a tick the guests that run are charged for the time since the last one, and let others run. Most turns of guests are
//! far shorter than that: of those a tick finds one now and then, and over many turns what it charges is what they took. So as
//! long as no guest computes for long, ticks are rare. When a guest is found to, they are as frequent as its neighbours need,
//! and while no guest runs there are none: a server whose connections all wait does not wake.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering, fence};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::time::Instant;
use wasmtime::Engine;

use super::turns::{Turn, Turns};

/// How often a guest that computes is interrupted, and the unit of its processor time. Shorter interrupts more than it helps;
/// longer lets a spinning guest hold up its neighbours.
const TICK: Duration = Duration::from_millis(1);

/// How often there is a tick while no guest computes for long, which is how long the first turn of one that begins to may be.
/// A wakeup takes some 18 µs of a processor, of which a busy one has no other to give: with a thousand a second a request costs
/// 2 % more.
const RARE: Duration = Duration::from_millis(10);

/// A turn that lasts so long is a guest that computes.
const LONG: Duration = Duration::from_micros(500);

/// Frequent ticks after a turn that was too long. In the last of them is looked for the next.
const FREQUENT: u32 = 100;
const DOUBTFUL: u32 = 10;

/// Looks that find no turn, after which the ticker sleeps.
const QUIET: u32 = 10;

/// Counts ticks: the time in which guests could run, in units of [`TICK`].
#[derive(Debug, Default)]
pub(crate) struct Ticks(AtomicU64);

impl Ticks {
    pub(crate) fn now(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A thread that moves the epoch of an engine while guests run. Dropping it ends the thread.
#[derive(Debug)]
pub(crate) struct Ticker {
    shared: Arc<Shared>,
    rare: Duration,
    handle: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    ticks: Arc<Ticks>,
    turns: Turns,
    sleeps: AtomicBool,
    stops: AtomicBool,
}

impl Ticker {
    /// Starts the thread. Guests that may use no more than `max_cpu` are charged in portions that are small beside it.
    ///
    /// # Errors
    ///
    /// The system has no thread to give.
    pub(crate) fn start(engine: Engine, max_cpu: Option<Duration>) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let rare = max_cpu.map_or(RARE, |max| (max / 8).clamp(TICK, RARE));
        let handle = thread::Builder::new().name("ticker".into()).spawn({
            let shared = Arc::clone(&shared);
            move || shared.run(&engine, rare)
        })?;
        Ok(Self {
            shared,
            rare,
            handle: Some(handle),
        })
    }

    pub(crate) fn ticks(&self) -> &Arc<Ticks> {
        &self.shared.ticks
    }

    /// The most that a guest may be charged for what it has used of `max`, in ticks: its first turn may begin right before a
    /// tick, which charges it from the tick before.
    pub(crate) fn charge_of(&self, max: Duration) -> u64 {
        let ticks = max.saturating_add(self.rare).as_nanos() / TICK.as_nanos();
        // A charge beyond the limit is at least one tick more.
        u64::try_from(ticks).unwrap_or(u64::MAX).saturating_sub(1)
    }

    /// Notes that a guest runs on this thread until what is returned is dropped. It is to be dropped before the guest waits.
    pub(crate) fn turn(&self) -> Turn<'_> {
        let turn = self.shared.turns.begin();
        // The ticker has one like it: it sees this turn before it sleeps, or it is seen to sleep.
        fence(Ordering::SeqCst);
        if self.shared.sleeps.load(Ordering::Relaxed) {
            self.wake();
        }
        turn
    }

    fn wake(&self) {
        if let Some(handle) = &self.handle {
            handle.thread().unpark();
        }
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.shared.stops.store(true, Ordering::Relaxed);
        self.wake();
        if let Some(handle) = self.handle.take() {
            let _ = handle.join();
        }
    }
}

impl Shared {
    fn run(&self, engine: &Engine, rare: Duration) {
        let mut clock = Clock::new(0);
        let mut quiet = 0;
        let mut frequent = 0;
        while !self.stops.load(Ordering::Relaxed) {
            let sight = self.turns.look();
            quiet = if sight.active { 0 } else { quiet + 1 };
            if quiet > QUIET {
                self.sleep();
                // The guest that comes next begins at the tick of before, and shall not be charged for the silence.
                clock = Clock::new(self.ticks.now());
                quiet = 0;
                continue;
            }
            if sight.running && frequent <= DOUBTFUL {
                thread::park_timeout(LONG);
                if self.turns.look().overran {
                    frequent = FREQUENT;
                }
            }
            self.ticks.0.store(clock.now(), Ordering::Relaxed);
            engine.increment_epoch();
            thread::park_timeout(if frequent > 0 { TICK } else { rare });
            frequent = frequent.saturating_sub(1);
        }
    }

    /// Sleeps until a guest runs, if none does.
    fn sleep(&self) {
        self.sleeps.store(true, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        if !self.turns.look().active && !self.stops.load(Ordering::Relaxed) {
            thread::park();
        }
        self.sleeps.store(false, Ordering::Relaxed);
    }
}

/// Time, not wakeups: those come late, and guests would be charged less than they use.
struct Clock {
    since: Instant,
    before: u64,
}

impl Clock {
    fn new(before: u64) -> Self {
        Self {
            since: Instant::now(),
            before,
        }
    }

    fn now(&self) -> u64 {
        let passed = self.since.elapsed().as_nanos() / TICK.as_nanos();
        u64::try_from(passed).map_or(u64::MAX, |passed| self.before.saturating_add(passed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticker() -> Ticker {
        Ticker::start(Engine::default(), None).unwrap()
    }

    /// Waits for what another thread does, which may take its time on a busy machine.
    fn eventually(what: &str, condition: impl Fn() -> bool) {
        let began = Instant::now();
        while !condition() {
            assert!(began.elapsed() < Duration::from_secs(30), "{what}");
            thread::yield_now();
        }
    }

    #[test]
    fn without_guests_it_sleeps_and_a_guest_wakes_it() {
        let ticker = ticker();
        for _ in 0..3 {
            eventually("it sleeps", || ticker.shared.sleeps.load(Ordering::Relaxed));
            let slept = ticker.ticks().now();
            let turn = ticker.turn();
            eventually("it ticks for a guest", || ticker.ticks().now() > slept);
            drop(turn);
        }
    }

    #[test]
    fn turns_of_all_threads_keep_it_awake() {
        let ticker = ticker();
        let turn = ticker.turn();
        thread::scope(|scope| {
            scope.spawn(|| drop(ticker.turn()));
        });
        let now = ticker.ticks().now();
        eventually("it goes on", || ticker.ticks().now() > now + 300);
        assert!(!ticker.shared.sleeps.load(Ordering::Relaxed));
        drop(turn);
    }
}
