//! A deadline that works from outside: whatever a guest does, its future is polled, and here it can be dropped.

use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

use crate::config::Timeouts;
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
/// Futures are taken by reference, because an `async fn` that takes one by value has room for it twice.
///
/// `work` is polled before the clocks, so that work which is done counts as done. The one timer of a connection is
/// started when it first waits, and is set again only when it fires: moving bytes costs no timer operation.
pub(crate) async fn supervise<T>(
    mut work: Pin<&mut impl Future<Output = T>>,
    meter: &Meter,
    timeouts: &Timeouts,
    mut killed: Pin<&mut impl Future<Output = ()>>,
) -> Result<T, Overrun> {
    let mut clock = pin!(Clock {
        meter,
        idle: timeouts.idle,
        deadline: timeouts.lifetime.map(|lifetime| meter.opened() + lifetime),
        sleep: None,
    });
    std::future::poll_fn(|cx| {
        if let Poll::Ready(done) = work.as_mut().poll(cx) {
            return Poll::Ready(Ok(done));
        }
        if killed.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(Overrun::Killed));
        }
        clock.as_mut().poll(cx).map(Err)
    })
    .await
}

struct Clock<'a> {
    meter: &'a Meter,
    idle: Option<Duration>,
    deadline: Option<Instant>,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Future for Clock<'_> {
    type Output = Overrun;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Overrun> {
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
}

impl Clock<'_> {
    /// When the connection will have been silent for too long, should no byte move from here on.
    fn idle_at(&self) -> Option<Instant> {
        self.idle.map(|idle| self.meter.last_moved() + idle)
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
        let done = supervise(pin!(async { 7 }), &meter, &timeouts(1, 1), pin!(async {})).await;
        assert_eq!(done, Ok(7), "even if it is killed in the same moment");
    }

    #[tokio::test(start_paused = true)]
    async fn silence_is_idle() {
        let meter = Meter::new();
        let end = supervise(pin!(pending::<()>()), &meter, &timeouts(60, 3600), pin!(pending())).await;
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
        let end: Result<(), _> = supervise(pin!(talk), &meter, &timeouts(60, 600), pin!(pending())).await;
        assert_eq!(end, Err(Overrun::Lifetime));
        assert_eq!(meter.opened().elapsed().as_secs(), 600);
    }

    #[tokio::test(start_paused = true)]
    async fn a_kill_ends_it() {
        let meter = Meter::new();
        let kill = pin!(tokio::time::sleep(Duration::from_secs(3)));
        let end = supervise(pin!(pending::<()>()), &meter, &timeouts(60, 3600), kill).await;
        assert_eq!(end, Err(Overrun::Killed));
    }
}
