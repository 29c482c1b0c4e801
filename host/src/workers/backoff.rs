//! How long to wait before a worker is started again.

use std::time::Duration;

/// No time for one that has served for a while, and longer and longer for one that does not come to it, so that a mistake does
/// not keep the machine busy.
#[derive(Debug, Default)]
pub(super) struct Backoff(Option<Duration>);

impl Backoff {
    /// The pause after a worker that lived for so long.
    pub(super) fn after(&mut self, lived: Duration) -> Duration {
        let pause = match self.0 {
            Some(last) if lived < STEADY => (last * 2).clamp(FIRST, LONGEST),
            None if lived < STEADY => FIRST,
            _ => Duration::ZERO,
        };
        self.0 = (lived < STEADY).then_some(pause);
        pause
    }
}

const STEADY: Duration = Duration::from_secs(10);
const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_until_one_stays() {
        let mut backoff = Backoff::default();
        let pauses: Vec<_> = (0..9).map(|_| backoff.after(Duration::ZERO).as_millis()).collect();
        assert_eq!(pauses, [100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
        assert_eq!(backoff.after(STEADY), Duration::ZERO);
        assert_eq!(backoff.after(Duration::ZERO), FIRST);
    }
}
