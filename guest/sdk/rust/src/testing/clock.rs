//! The time of asynchronous handlers under test, which passes when everything waits for it.
//!
//! One clock for each thread, as the test harness runs each test in one.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

thread_local! {
    static CLOCK: RefCell<Clock> = RefCell::default();
}

#[derive(Default)]
struct Clock {
    now: Duration,
    /// By the time when they are woken, and then in the order in which they fell asleep.
    sleepers: BTreeMap<(Duration, u64), Waker>,
    next: u64,
}

/// Run a future to its end, in a time that passes at once: when everything waits, the clock is set to the next moment that
/// something waits for.
///
/// # Panics
///
/// When everything waits, and not for time.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(Arc::clone(&woken));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
        let is_woken = woken.0.swap(false, Ordering::Relaxed);
        assert!(is_woken || advance(), "it waits for what never happens");
    }
}

/// Sets the clock to the next moment that something waits for, and returns whether there is one.
fn advance() -> bool {
    let sleeper = CLOCK.with_borrow_mut(|clock| {
        let ((at, _), sleeper) = clock.sleepers.pop_first()?;
        clock.now = at;
        Some(sleeper)
    });
    sleeper.map(Waker::wake).is_some()
}

pub(crate) fn now() -> Duration {
    CLOCK.with_borrow(|clock| clock.now)
}

pub(crate) async fn sleep(duration: Duration) {
    sleep_until(now().saturating_add(duration)).await;
}

pub(crate) async fn sleep_until(at: Duration) {
    let sleeper = Sleeper::new(at);
    poll_fn(|context| sleeper.poll(context)).await;
}

/// Forgotten by the clock when it is dropped, or else the clock would be set to a moment that nothing waits for.
struct Sleeper((Duration, u64));

impl Sleeper {
    fn new(at: Duration) -> Self {
        CLOCK.with_borrow_mut(|clock| {
            clock.next += 1;
            Self((at, clock.next))
        })
    }

    fn poll(&self, context: &Context<'_>) -> Poll<()> {
        CLOCK.with_borrow_mut(|clock| {
            if clock.now >= self.0.0 {
                return Poll::Ready(());
            }
            clock.sleepers.insert(self.0, context.waker().clone());
            Poll::Pending
        })
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        CLOCK.with_borrow_mut(|clock| clock.sleepers.remove(&self.0));
    }
}

#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use futures::future::{Either, join, select};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn time_passes_for_all_at_once() {
        let began = now();
        block_on(join(sleep(2 * SECOND), async {
            sleep(SECOND).await;
            assert_eq!(now() - began, SECOND);
            sleep(SECOND).await;
        }));
        assert_eq!(now() - began, 2 * SECOND);
    }

    #[test]
    fn a_sleep_that_was_dropped_is_not_waited_for() {
        let began = now();
        block_on(async {
            let (short, long) = (pin!(sleep(SECOND)), pin!(sleep(60 * SECOND)));
            assert!(matches!(select(long, short).await, Either::Right(_)));
        });
        block_on(sleep(SECOND));
        assert_eq!(now() - began, 2 * SECOND);
    }

    #[test]
    #[should_panic(expected = "it waits for what never happens")]
    fn waiting_for_nothing_is_no_test_that_hangs() {
        block_on(std::future::pending())
    }
}
