//! A deadline that works from outside: whatever a guest does, its future is polled, and here it can be dropped.

use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

use crate::config::Timeouts;
use crate::drain::Kill;
use crate::meter::Meter;

/// Why a connection's work was stopped from outside.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Overrun {
    Idle,
    Killed,
    Lifetime,
}

/// Polls `work` to its end, unless it is killed or out of time first.
///
/// Silence is counted from `since`, and the lifetime from when the meter was made.
///
/// Futures are taken by reference, because an `async fn` that takes one by value has room for it twice.
///
/// `work` is polled before the clocks, so that work which is done counts as done. The one timer of a connection is
/// started when it first waits, and is set again only when it fires: moving bytes costs no timer operation. Nor does
/// a wait register anew with the timer and the kill, which have the task's waker since the first.
pub(crate) async fn supervise<T>(
    mut work: Pin<&mut impl Future<Output = T>>,
    since: Instant,
    meter: &Meter,
    timeouts: &Timeouts,
    kill: &Kill,
) -> Result<T, Overrun> {
    let mut killed = pin!(kill.killed());
    let mut clock = Clock::new(since, meter, timeouts);
    let mut registered: Option<Waker> = None;
    std::future::poll_fn(|cx| {
        if let Poll::Ready(done) = work.as_mut().poll(cx) {
            return Poll::Ready(Ok(done));
        }
        clock.note();
        let is_registered = registered.as_ref().is_some_and(|waker| waker.will_wake(cx.waker()));
        if is_registered && !kill.is_killed() && !clock.is_due() {
            return Poll::Pending;
        }
        if !is_registered {
            registered = Some(cx.waker().clone());
        }
        if killed.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(Overrun::Killed));
        }
        clock.poll(cx).map(Err)
    })
    .await
}

struct Clock<'a> {
    meter: &'a Meter,
    /// What the meter showed when it was last looked at.
    moved: u64,
    last_moved: Instant,
    idle: Option<Duration>,
    deadline: Option<Instant>,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl<'a> Clock<'a> {
    fn new(since: Instant, meter: &'a Meter, timeouts: &Timeouts) -> Self {
        Self {
            meter,
            moved: meter.moved(),
            last_moved: since,
            idle: timeouts.idle,
            deadline: timeouts.lifetime.map(|lifetime| meter.opened() + lifetime),
            sleep: None,
        }
    }

    /// Notes whether bytes have moved since the last call. Silence begins with a wait, so this is for when one begins.
    fn note(&mut self) {
        let moved = self.meter.moved();
        if self.moved != moved {
            self.moved = moved;
            self.last_moved = Instant::now();
        }
    }

    /// Whether the timer has fired.
    fn is_due(&self) -> bool {
        self.sleep.as_ref().is_some_and(|sleep| sleep.is_elapsed())
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Overrun> {
        loop {
            if let Some(sleep) = &mut self.sleep {
                if sleep.as_mut().poll(cx).is_pending() {
                    return Poll::Pending;
                }
                let now = Instant::now();
                if self.deadline.is_some_and(|deadline| deadline <= now) {
                    return Poll::Ready(Overrun::Lifetime);
                }
                if self.idle_at().is_some_and(|idle_at| idle_at <= now) {
                    return Poll::Ready(Overrun::Idle);
                }
            }
            let Some(next) = [self.idle_at(), self.deadline].into_iter().flatten().min() else {
                return Poll::Pending;
            };
            match &mut self.sleep {
                Some(sleep) => sleep.as_mut().reset(next),
                None => self.sleep = Some(Box::pin(sleep_until(next))),
            }
        }
    }

    /// When the connection will have been silent for too long, should no byte move from here on.
    fn idle_at(&self) -> Option<Instant> {
        self.idle.map(|idle| self.last_moved + idle)
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    fn timeouts(idle: u64, lifetime: u64) -> Timeouts {
        Timeouts {
            idle: Some(Duration::from_secs(idle)),
            lifetime: Some(Duration::from_secs(lifetime)),
            ..Timeouts::default()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn work_that_is_done_is_done() {
        let meter = Meter::new();
        let kill = Kill::default();
        kill.kill();
        let done = supervise(pin!(async { 7 }), meter.opened(), &meter, &timeouts(1, 1), &kill).await;
        assert_eq!(done, Ok(7), "even if it is killed in the same moment");
    }

    #[tokio::test(start_paused = true)]
    async fn silence_is_idle() {
        let meter = Meter::new();
        let end = supervise(
            pin!(pending::<()>()),
            meter.opened(),
            &meter,
            &timeouts(60, 3600),
            &Kill::default(),
        )
        .await;
        assert_eq!(end, Err(Overrun::Idle));
        assert_eq!(meter.opened().elapsed().as_secs(), 60);
    }

    #[tokio::test(start_paused = true)]
    async fn moving_bytes_puts_idleness_off_but_not_the_end_of_life() {
        let meter = Meter::new();
        let talk = async {
            loop {
                tokio::time::sleep(Duration::from_secs(50)).await;
                meter.receive(1);
            }
        };
        let end: Result<(), _> =
            supervise(pin!(talk), meter.opened(), &meter, &timeouts(60, 600), &Kill::default()).await;
        assert_eq!(end, Err(Overrun::Lifetime));
        assert_eq!(meter.opened().elapsed().as_secs(), 600);
    }

    #[tokio::test(start_paused = true)]
    async fn a_kill_ends_it() {
        let meter = Meter::new();
        let kill = Kill::default();
        let work = pin!(pending::<()>());
        let timeouts = timeouts(60, 3600);
        let later = async {
            tokio::time::sleep(Duration::from_secs(3)).await;
            kill.kill();
        };
        let (end, ()) = tokio::join!(supervise(work, meter.opened(), &meter, &timeouts, &kill), later);
        assert_eq!(end, Err(Overrun::Killed));
        assert_eq!(meter.opened().elapsed().as_secs(), 3);
    }

    /// Its waker is another's then, which the timer has to know.
    #[tokio::test(start_paused = true)]
    async fn a_supervision_that_moves_to_another_task_is_still_stopped() {
        let supervised = async {
            let meter = Meter::new();
            let timeouts = timeouts(60, 3600);
            let end: Result<(), _> =
                supervise(pin!(pending()), meter.opened(), &meter, &timeouts, &Kill::default()).await;
            end
        };
        let mut supervised = Box::pin(supervised);
        let first = tokio::time::timeout(Duration::ZERO, supervised.as_mut()).await;
        assert!(first.is_err());
        #[expect(clippy::disallowed_methods, reason = "a task of its own is what is tested")]
        let moved = tokio::spawn(supervised);
        assert_eq!(moved.await.unwrap(), Err(Overrun::Idle));
    }
}
