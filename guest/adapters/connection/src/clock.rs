//! How long a call may wait.

/// The moments that bound a call, on the monotonic clock in nanoseconds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Deadline {
    /// When the time of `set-timeout` has passed.
    timeout: Option<u64>,
    /// When the connection has been idle for too long.
    idle: Option<u64>,
}

/// What has passed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Passed {
    /// The time of `set-timeout`.
    Timeout,
    /// The time that a connection may be idle.
    Idle,
}

const NANOSECONDS_PER_MILLISECOND: u64 = 1_000_000;

impl Deadline {
    /// The deadline of a call that begins now, with bounds in milliseconds.
    #[must_use]
    pub fn new(now: u64, timeout: Option<u32>, idle: Option<u32>) -> Self {
        let after = |milliseconds: u32| now.saturating_add(u64::from(milliseconds) * NANOSECONDS_PER_MILLISECOND);
        Self {
            timeout: timeout.map(after),
            idle: idle.map(after),
        }
    }

    /// The same bound of the whole call, and `later`'s of being idle: something has moved.
    #[must_use]
    pub fn moved(self, later: Self) -> Self {
        Self {
            timeout: self.timeout,
            idle: later.idle,
        }
    }

    /// When the first of them passes.
    #[must_use]
    pub fn next(self) -> Option<u64> {
        match (self.timeout, self.idle) {
            (Some(timeout), Some(idle)) => Some(timeout.min(idle)),
            (timeout, idle) => timeout.or(idle),
        }
    }

    /// Which of them has passed by `now`.
    #[must_use]
    pub fn passed(self, now: u64) -> Option<Passed> {
        let has = |moment: Option<u64>| moment.is_some_and(|moment| moment <= now);
        if has(self.timeout) {
            Some(Passed::Timeout)
        } else if has(self.idle) {
            Some(Passed::Idle)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bound_counts_and_the_handlers_own_before_the_other() {
        let deadline = Deadline::new(1, Some(2), Some(3));
        assert_eq!(deadline.next(), Some(2_000_001));
        assert_eq!(deadline.passed(2_000_000), None);
        assert_eq!(deadline.passed(2_000_001), Some(Passed::Timeout));
        assert_eq!(Deadline::new(0, None, Some(1)).passed(u64::MAX), Some(Passed::Idle));
        assert_eq!(Deadline::new(0, None, None).next(), None);
        assert_eq!(Deadline::new(u64::MAX, Some(1), None).next(), Some(u64::MAX));
    }
}
