//! Tests run beside each other, except those that measure time or memory: they run alone.

use std::cell::RefCell;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};

/// The right of a test to run. All servers of one test share one, so that a test which starts a second server never waits
/// for a turn while it has one.
#[derive(Debug)]
pub(crate) struct Turn {
    alone: bool,
}

impl Turn {
    /// Waits until no test runs that needs to be alone or, for one that does, until none runs at all.
    pub(crate) fn take(alone: bool) -> Arc<Self> {
        OF_THIS_TEST.with_borrow_mut(|turn| {
            if let Some(turn) = turn.upgrade() {
                assert!(
                    turn.alone || !alone,
                    "the first server of a test decides whether it runs alone"
                );
                return turn;
            }
            let new = Arc::new(Self::wait(alone));
            *turn = Arc::downgrade(&new);
            new
        })
    }

    fn wait(alone: bool) -> Self {
        let mut running = running();
        if alone {
            running.waiting_alone += 1;
            while running.together > 0 || running.alone {
                running = ENDED.wait(running).unwrap_or_else(PoisonError::into_inner);
            }
            running.waiting_alone -= 1;
            running.alone = true;
        } else {
            while running.alone || running.waiting_alone > 0 {
                running = ENDED.wait(running).unwrap_or_else(PoisonError::into_inner);
            }
            running.together += 1;
        }
        Self { alone }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut running = running();
        if self.alone {
            running.alone = false;
        } else {
            running.together -= 1;
        }
        ENDED.notify_all();
    }
}

struct Running {
    together: usize,
    alone: bool,
    waiting_alone: usize,
}

fn running() -> MutexGuard<'static, Running> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

static RUNNING: Mutex<Running> = Mutex::new(Running {
    together: 0,
    alone: false,
    waiting_alone: 0,
});
static ENDED: Condvar = Condvar::new();

thread_local! {
    static OF_THIS_TEST: RefCell<Weak<Turn>> = const { RefCell::new(Weak::new()) };
}
