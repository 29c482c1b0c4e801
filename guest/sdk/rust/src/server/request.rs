//! A request that was taken, and is not handled yet.

use crate::address::Address;
use crate::server::outcome::Outcome;

#[cfg(target_family = "wasm")]
type Inner = crate::server::host::RequestInner;
#[cfg(not(target_family = "wasm"))]
type Inner = crate::testing::ScriptedRequest;

/// A request that was taken, and is not handled yet: a connection, or a datagram. Dropping it refuses it, and then the
/// peer of a connection sees a reset.
///
/// It cannot be read here. Only the handler gets what the peer has sent, in a sandbox.
///
/// Python equivalent: the pair `request, client_address`
pub struct PendingRequest {
    inner: Inner,
    remote: Address,
}

impl PendingRequest {
    pub(crate) fn new(inner: Inner) -> Self {
        let remote = inner.remote_address();
        Self { inner, remote }
    }

    /// Who sent it.
    ///
    /// Python equivalent: `client_address`
    pub fn remote_address(&self) -> &Address {
        &self.remote
    }

    /// Handle it, in a fresh instance of the handler, and return when it has ended.
    pub fn finish(self) -> Outcome {
        self.inner.finish()
    }

    /// Handle it in the background, in a fresh instance of the handler. [`Listener::wait`](super::Listener::wait)
    /// reports when it has ended, and [`Listener::collect`](super::Listener::collect) tells how.
    pub fn process(self) {
        self.inner.process();
    }
}
