//! Instances that have handled a request and wait for another, where the operator has asked for that.
//!
//! By default there are none: each request has a fresh instance. One that is kept goes from request to request with all that
//! it remembers, and handles one at a time: what fails costs no request but its own.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use wasmtime::Store;

use super::Callee;
use crate::config::Http;
use crate::sandbox::Sandbox;
use crate::sandbox::state::State;
use crate::server::Shared;

/// The instances of a sandbox that are kept.
pub(in crate::sandbox) struct Kept {
    max_uses: u32,
    idle: Duration,
    instances: Mutex<Instances>,
}

#[derive(Default)]
struct Instances {
    /// The longest idle first.
    idle: VecDeque<Used>,
    /// Whether a task waits for the first of them to have been idle for too long.
    is_watched: bool,
}

/// An instance with its store.
pub(super) struct Used {
    pub(super) store: Store<State>,
    pub(super) callee: Callee,
    /// Requests that it has handled.
    pub(super) uses: u32,
    since: Instant,
}

impl Used {
    pub(super) fn of(store: Store<State>, callee: Callee, uses: u32) -> Self {
        Self {
            store,
            callee,
            uses,
            since: Instant::now(),
        }
    }
}

impl Kept {
    pub(in crate::sandbox) fn new(http: &Http) -> Self {
        Self {
            max_uses: http.max_instance_reuse_count,
            idle: http.idle_instance_timeout,
            instances: Mutex::default(),
        }
    }

    /// Takes one; the last that was used, which is still in the processor's caches.
    ///
    /// Whoever finds none makes another. There are never more than there may be requests: one is made by who has a permit
    /// for a request and finds none idle.
    pub(super) fn take(&self) -> Option<Used> {
        if self.max_uses <= 1 {
            return None;
        }
        self.lock().idle.pop_back()
    }

    fn lock(&self) -> MutexGuard<'_, Instances> {
        self.instances.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sandbox {
    /// Keeps an instance that has handled a request to its end, or drops it if it has handled enough.
    pub(super) fn keep(self: &Arc<Self>, used: Used, server: &Arc<Shared>) {
        let kept = &self.kept;
        if used.uses >= kept.max_uses || server.drain.stop().is_killed() {
            return;
        }
        let is_watched = {
            let mut instances = kept.lock();
            instances.idle.push_back(used);
            std::mem::replace(&mut instances.is_watched, true)
        };
        if !is_watched {
            server.drain.spawn(watch(Arc::clone(self), Arc::clone(server)));
        }
    }
}

/// Drops instances that have been idle for too long, until there is none; and all of them when the server stops.
async fn watch(sandbox: Arc<Sandbox>, server: Arc<Shared>) {
    let kept = &sandbox.kept;
    loop {
        let next = {
            let mut instances = kept.lock();
            let now = Instant::now();
            let is_stopping = server.drain.stop().is_killed();
            let mut over = Vec::new();
            while let Some(used) = instances
                .idle
                .pop_front_if(|used| is_stopping || used.since + kept.idle <= now)
            {
                over.push(used);
            }
            let next = instances.idle.front().map(|used| used.since + kept.idle);
            instances.is_watched = next.is_some();
            next
        };
        let Some(next) = next else { return };
        tokio::select! {
            () = sleep_until(next) => {}
            () = server.drain.stop().killed() => {}
        }
    }
}
