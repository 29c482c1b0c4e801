//! Where a datagram came from, and thereby where it may be answered to.

use std::net::SocketAddr;

use adapter_connection::network::SocketAddress;

/// The way back of one datagram.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    /// Which socket it came through.
    pub(crate) socket: usize,
    pub(crate) remote: SocketAddr,
    pub(crate) local: SocketAddr,
    /// In milliseconds.
    pub(crate) timeout: Option<u32>,
}

impl Reply {
    pub(crate) fn remote(&self) -> SocketAddress {
        adapter_sockets::from_std(self.remote)
    }

    /// Where the socket is bound: a runtime does not tell more.
    pub(crate) fn local(&self) -> SocketAddress {
        adapter_sockets::from_std(self.local)
    }
}
