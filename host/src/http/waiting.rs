//! Connections that wait for a request, and which of them makes room when the server is full.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::link::Link;

/// Every HTTP connection of a server.
///
/// A peer that connects and says nothing costs as much as one that is served, so when there is no permit left the one that
/// has waited longest goes. Who waits is looked up only then: a request costs the list nothing.
#[derive(Debug, Default)]
pub(crate) struct Waiting(Mutex<Vec<Weak<Link>>>);

impl Waiting {
    /// Enters a connection. It leaves by being dropped.
    pub(super) fn enter(&self, link: &Arc<Link>) {
        let mut links = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // What has gone is taken out now and then, so that an entry costs the same however many come and go.
        if links.len() == links.capacity() {
            links.retain(|link| link.strong_count() > 0);
        }
        links.push(Arc::downgrade(link));
    }

    /// Whether there has been no such connection for a while, as on a server without HTTP.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// Tells the connection that has been without a request for the longest time to end; `false` if all of them have one.
    pub(crate) fn evict(&self) -> bool {
        let links = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = links.iter().filter_map(Weak::upgrade);
        let longest = waiting
            .filter_map(|link| Some((link.waits_since()?, link)))
            .min_by_key(|(since, _)| *since);
        longest.is_some_and(|(_, link)| {
            link.evict();
            true
        })
    }
}
