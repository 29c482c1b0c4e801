//! Which threads run a guest at the moment, and whether one of them does so for long.

use std::sync::atomic::{AtomicU64, Ordering};

use thread_local::ThreadLocal;

/// The turns of all guests of an engine.
#[derive(Debug, Default)]
pub(super) struct Turns {
    threads: ThreadLocal<Thread>,
}

/// The turns on one thread, which alone counts them: guests on different threads share no line of a cache. Two lines are one
/// place for the processors that fetch them in pairs.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Thread {
    /// How many have begun and how many have ended, together: an odd number is a guest that runs.
    count: AtomicU64,
    /// What it was at the last look.
    seen: AtomicU64,
}

/// The turn of a guest, until this is dropped.
#[must_use]
pub(super) struct Turn<'a>(&'a Thread);

/// What was seen at a look.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Sight {
    /// A guest runs.
    pub(super) running: bool,
    /// A guest has run since the look before.
    pub(super) active: bool,
    /// A guest has not ended its turn since the look before.
    pub(super) overran: bool,
}

impl Turns {
    /// Begins a turn on this thread.
    pub(super) fn begin(&self) -> Turn<'_> {
        let thread = self.threads.get_or_default();
        thread.step();
        Turn(thread)
    }

    /// Looks at all threads. One at a time may look.
    pub(super) fn look(&self) -> Sight {
        let mut sight = Sight::default();
        for thread in &self.threads {
            let count = thread.count.load(Ordering::Relaxed);
            let is_same = thread.seen.swap(count, Ordering::Relaxed) == count;
            let runs = count % 2 == 1;
            sight.running |= runs;
            sight.active |= runs || !is_same;
            sight.overran |= runs && is_same;
        }
        sight
    }
}

impl Thread {
    /// Without the lock of an atomic addition, because there is one writer.
    fn step(&self) {
        let next = self.count.load(Ordering::Relaxed).wrapping_add(1);
        self.count.store(next, Ordering::Relaxed);
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.step();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_that_goes_on_is_told_from_the_next() {
        let turns = Turns::default();
        assert_eq!(turns.look(), Sight::default());

        let turn = turns.begin();
        let first = turns.look();
        assert!(first.running && first.active && !first.overran);
        assert!(turns.look().overran);

        drop(turn);
        let turn = turns.begin();
        let next = turns.look();
        assert!(next.running && !next.overran, "it is another turn");

        drop(turn);
        assert!(turns.look().active, "it ended since the look before");
        assert_eq!(turns.look(), Sight::default());
    }

    #[test]
    fn each_thread_counts_its_own() {
        let turns = Turns::default();
        let turn = turns.begin();
        std::thread::scope(|scope| {
            scope.spawn(|| drop(turns.begin()));
        });
        assert!(turns.look().running);
        drop(turn);
        assert!(!turns.look().running);
    }
}
