//! What a server that a program drives, and the requests that it took, know of each other.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::address::Address;
use crate::event::CloseReason;
use crate::record::Ended;

/// How a request ended.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) remote: Address,
    pub(crate) reason: CloseReason,
    pub(crate) message: String,
}

/// What a server and its requests share.
#[derive(Default)]
pub(super) struct Background {
    state: Mutex<BackgroundState>,
    finished: Notify,
}

#[derive(Default)]
pub(super) struct BackgroundState {
    pub(super) numbers: Numbers,
    /// Of those that ended in the background.
    pub(super) finished: VecDeque<Outcome>,
}

/// Numbers of a server.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Numbers {
    pub(crate) accepted: u32,
    pub(crate) active: u32,
    pub(crate) rejected: u32,
}

impl Background {
    pub(super) fn lock(&self) -> MutexGuard<'_, BackgroundState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn start(&self) {
        let numbers = &mut self.lock().numbers;
        numbers.accepted = numbers.accepted.wrapping_add(1);
        numbers.active += 1;
    }

    pub(super) fn reject(&self) {
        let numbers = &mut self.lock().numbers;
        numbers.rejected = numbers.rejected.wrapping_add(1);
    }

    pub(super) fn finish(&self, outcome: Outcome) {
        let mut state = self.lock();
        state.numbers.active -= 1;
        if state.finished.len() == MAX_UNCOLLECTED {
            state.finished.pop_front();
        }
        state.finished.push_back(outcome);
        self.finished.notify_one();
    }

    /// Whether nothing is being handled, and nothing is left to collect.
    pub(super) fn is_over(&self) -> bool {
        let state = self.lock();
        state.numbers.active == 0 && state.finished.is_empty()
    }

    pub(super) async fn has_finished(&self) {
        loop {
            let notified = self.finished.notified();
            if !self.lock().finished.is_empty() {
                return;
            }
            notified.await;
        }
    }
}

/// Outcomes that are kept for a program that does not collect them.
const MAX_UNCOLLECTED: usize = 4096;

impl Outcome {
    pub(super) fn of(remote: Address, ended: Option<Ended>) -> Self {
        let (reason, message) = match ended {
            Some(Ended { reason, message }) => (reason, message),
            None => (CloseReason::Bug, "the task that served the request panicked".to_owned()),
        };
        Self {
            remote,
            reason,
            message,
        }
    }
}
