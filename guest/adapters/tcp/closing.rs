//! Connections whose handler is done, and whose peer is not.
//!
//! A socket that is closed while bytes have not been read is reset by the system, and a peer that is reset may lose what it
//! has not read yet. So a connection stays until its peer has ended too, for a short while, and what the peer still sends is
//! thrown away.

use std::collections::VecDeque;

use adapter_connection::Pollables;
use wasi::clocks::monotonic_clock;

use crate::transport::Transport;

/// For how long a peer that goes on sending may take to notice, as the server `socketserver` has it.
const LINGER: u64 = 2_000_000_000;

/// For how long what was sent last may take to leave, while the peer does not read.
const UNSENT: u64 = 60_000_000_000;

/// More than so many, and the first of them are closed at once: each has a descriptor.
const MOST: usize = 128;

/// Those that are being closed.
#[derive(Debug)]
pub(crate) struct Closing(VecDeque<Entry>);

#[derive(Debug)]
struct Entry {
    transport: Transport,
    /// When it was given up by its handler.
    since: u64,
}

impl Closing {
    pub(crate) const fn new() -> Self {
        Self(VecDeque::new())
    }

    /// Adds one whose sending side was shut down.
    pub(crate) fn add(&mut self, transport: Transport, peer_has_ended: bool) {
        if peer_has_ended && transport.is_sent() {
            return;
        }
        if self.0.len() == MOST {
            self.0.pop_front();
        }
        let since = monotonic_clock::now();
        self.0.push_back(Entry { transport, since });
    }

    /// Closes those that can be closed now.
    pub(crate) fn sweep(&mut self) {
        let now = monotonic_clock::now();
        self.0.retain_mut(|entry| {
            let peer_has_ended = entry.transport.discard();
            !(entry.deadline() <= now || peer_has_ended && entry.transport.is_sent())
        });
    }

    /// Wakes up when one may be closed, and returns when the first has to be.
    pub(crate) fn wake(&mut self, pollables: &mut Pollables) -> Option<u64> {
        for entry in &mut self.0 {
            // The end of the stream is always ready, and would wake for nothing but to wait for the other direction.
            if entry.transport.discard() {
                entry.transport.wake_of_output(pollables);
            } else {
                entry.transport.wake_of_input(pollables);
            }
        }
        self.0.iter().map(Entry::deadline).min()
    }
}

impl Entry {
    fn deadline(&self) -> u64 {
        self.since
            .saturating_add(if self.transport.is_sent() { LINGER } else { UNSENT })
    }
}
