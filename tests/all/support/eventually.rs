//! Waiting for something to become true, in the one place where tests sleep.

use std::thread;
use std::time::{Duration, Instant};

/// How long anything may take that should happen soon: far more than it takes on a busy machine, so that reaching it means
/// that the thing does not happen.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

/// Looks until there is something to see, and panics at the deadline, saying `what` did not happen.
pub(crate) fn eventually<T>(what: &str, look: impl FnMut() -> Option<T>) -> T {
    within(DEADLINE, what, look)
}

/// As [`eventually`], for what may take longer.
pub(crate) fn within<T>(deadline: Duration, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(
            started.elapsed() < deadline,
            "did not happen within {deadline:?}: {what}"
        );
        thread::sleep(PAUSE);
    }
}

/// Looks until what is seen stays the same for a while, and returns that: how a test sees that something has stopped.
pub(crate) fn settled<T: PartialEq>(what: &str, mut look: impl FnMut() -> T) -> T {
    let mut last = look();
    let mut since = Instant::now();
    eventually(what, || {
        let seen = look();
        if seen != last {
            last = seen;
            since = Instant::now();
            return None;
        }
        (since.elapsed() >= SETTLED).then_some(())
    });
    last
}

const PAUSE: Duration = Duration::from_millis(5);
const SETTLED: Duration = Duration::from_millis(300);
