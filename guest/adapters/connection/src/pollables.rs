//! Waiting for whichever comes first.

use wasi::clocks::monotonic_clock;
use wasi::io::poll::{Pollable, poll};

/// Pollables that are waited for together.
#[derive(Debug, Default)]
pub struct Pollables(Vec<Pollable>);

impl Pollables {
    /// Waits for this one too.
    pub fn add(&mut self, pollable: Pollable) {
        self.0.push(pollable);
    }

    /// Waits until one of them is ready, or the monotonic clock has reached `until`.
    pub fn wait(mut self, until: Option<u64>) {
        self.0.extend(until.map(monotonic_clock::subscribe_instant));
        // To poll nothing is a trap, and to wait for nothing would be for ever.
        if self.0.is_empty() {
            return;
        }
        poll(&self.0.iter().collect::<Vec<_>>());
    }
}
