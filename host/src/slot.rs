//! Where a server's handler is, and what replaces it while the server serves.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;

use crate::drain::Phase;
use crate::sandbox::{Facts, LoadError, Loaded, Sandbox};
use crate::server::Shared;

/// Where a server's handler is.
#[derive(Clone, Debug)]
pub struct Slot {
    shared: Arc<Shared>,
}

impl Slot {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Puts another component in the place of the handler, with the same settings: what comes in from now on runs in it.
    ///
    /// Connections and sessions that are open go on in the one that they began in, which is kept until the last of them has
    /// ended; so is its pool, and while both are there the process reserves address space for both. Nothing is refused
    /// meanwhile. Loading runs on a thread for blocking work.
    ///
    /// # Errors
    ///
    /// As for [`Server::bind`](crate::Server::bind); the handler is then the one that it was.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future replaces nothing.
    pub async fn replace(&self, handler: PathBuf) -> Result<Facts, LoadError> {
        let before = self.shared.sandbox.load_full();
        let watched = before.must_not_swap();
        let loading = tokio::task::spawn_blocking(move || before.replacement(handler));
        let Loaded { sandbox, facts } = match loading.await {
            Ok(loaded) => loaded?,
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        };
        self.shared.sandbox.store(Arc::new(sandbox));
        if !watched {
            self.shared.watch_swap(&self.shared.sandbox);
        }
        Ok(facts)
    }
}

/// Replaces the sandbox when swap is turned on under a way of resetting memory that does not see swapped pages.
pub(crate) async fn watch_swap(server: Arc<Shared>, slot: Arc<ArcSwap<Sandbox>>) {
    let mut phase = server.drain.phase();
    loop {
        tokio::select! {
            _ = phase.wait_for(|phase| *phase >= Phase::Draining) => return,
            () = tokio::time::sleep(SWAP_WATCH) => {}
        }
        let sandbox = slot.load_full();
        let seen = Arc::clone(&sandbox);
        let replacement = tokio::task::spawn_blocking(move || seen.is_unsafe().then(|| seen.made_safe())).await;
        match replacement {
            Ok(None) => {}
            Ok(Some(Ok(safe))) => {
                let there = slot.compare_and_swap(&sandbox, Arc::new(safe));
                // Else another handler has come meanwhile, and is looked at next.
                if Arc::ptr_eq(&there, &sandbox) {
                    server.observer.memory_reset_changed(None);
                    return;
                }
            }
            Ok(Some(Err(error))) => {
                // No connection is better than one that may see another's memory.
                server.drain.enter(Phase::Draining, |phase| phase < Phase::Draining);
                server.observer.memory_reset_changed(Some(&error));
                return;
            }
            Err(panic) => std::panic::resume_unwind(panic.into_panic()),
        }
    }
}

/// How often to look for swap: often enough that the kernel has hardly begun to use what was turned on.
const SWAP_WATCH: Duration = Duration::from_secs(1);
