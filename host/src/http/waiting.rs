//! Connections that wait for a request, and which of them makes room when the server is full.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::link::Link;

/// Every HTTP connection of a server.
///
/// A peer that connects and says nothing costs as much as one that is served, so when there is no permit left the one that
/// has waited longest goes. Who waits is looked up only then: a request costs the list nothing.
#[derive(Debug)]
pub(crate) struct Waiting {
    links: Mutex<Vec<Weak<Link>>>,
    is_kept: bool,
}

impl Waiting {
    /// Keeps the list if there can be such connections.
    pub(crate) fn new(is_kept: bool) -> Self {
        Self {
            links: Mutex::default(),
            is_kept,
        }
    }

    /// Enters a connection. It leaves by being dropped.
    pub(super) fn enter(&self, link: &Arc<Link>) {
        let mut links = self.links.lock().unwrap_or_else(PoisonError::into_inner);
        // What has gone is taken out now and then, so that an entry costs the same however many come and go.
        if links.len() == links.capacity() {
            links.retain(|link| link.strong_count() > 0);
        }
        links.push(Arc::downgrade(link));
    }

    /// Whether there can be connections of HTTP at all.
    pub(crate) fn is_kept(&self) -> bool {
        self.is_kept
    }

    /// Tells the connection that has been without a request for the longest time to end, unless one that was told so has not
    /// ended yet.
    pub(crate) fn evict(&self) {
        let links = self.links.lock().unwrap_or_else(PoisonError::into_inner);
        // A link whose connection has ended is kept by what a guest has of an earlier request.
        let open = || links.iter().filter_map(Weak::upgrade).filter(|link| !link.is_closed());
        let waiting = || open().filter(|link| link.is_waiting());
        if waiting().any(|link| link.evicted().is_killed()) {
            return;
        }
        if let Some(longest) = waiting().min_by_key(|link| link.waits_since()) {
            longest.evict();
        }
    }
}
