//! What a connection is made of.

use std::task::Poll;

use crate::network::{ErrorCode, SocketAddress};

/// Two streams of bytes, and what is beneath them. Nothing here waits but [`wait`](Self::wait).
pub trait Transport {
    /// Takes some of what was received, about `max` bytes, or the end of the stream, which is an empty vector.
    ///
    /// It may return more than `max` bytes where it adds some of its own; the connection keeps the rest. After an error, and
    /// after the end, it is not called again.
    fn receive(&mut self, max: usize) -> Poll<Result<Vec<u8>, ErrorCode>>;

    /// Sends a part of `data`, which is not empty, and returns how much, which is not 0.
    fn send(&mut self, data: &[u8]) -> Poll<Result<usize, ErrorCode>>;

    /// Whether [`send`](Self::send) would return at once.
    fn can_send(&mut self) -> bool;

    /// Receive no more. Called once, if at all.
    fn end_receiving(&mut self);

    /// Send no more; what was sent still reaches the peer. Called once, if at all.
    fn end_sending(&mut self);

    /// Waits until one of the directions may have become ready, or the monotonic clock has reached `until`.
    fn wait(&mut self, directions: Directions, until: Option<u64>);

    /// The monotonic clock, in nanoseconds.
    fn now(&self) -> u64;

    /// `connection.get-remote-address`
    fn remote_address(&self) -> SocketAddress;

    /// `connection.get-local-address`
    fn local_address(&self) -> SocketAddress;
}

/// The directions of a connection.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Directions {
    /// From the peer.
    pub receiving: bool,
    /// To the peer.
    pub sending: bool,
}

impl Directions {
    /// From the peer.
    pub const RECEIVING: Self = Self {
        receiving: true,
        sending: false,
    };
    /// To the peer.
    pub const SENDING: Self = Self {
        receiving: false,
        sending: true,
    };

    /// Whether it is neither.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        !self.receiving && !self.sending
    }
}
