//! The connection itself, without buffers.

use std::io;
use std::net::Shutdown;
use std::time::Duration;

use crate::address::Address;

/// In a component the connection of the host, elsewhere what a test supplies.
#[cfg(target_family = "wasm")]
type Inner = crate::host::Inner;
#[cfg(not(target_family = "wasm"))]
type Inner = Box<dyn crate::testing::Transport>;

/// The directions that [`Connection::wait`] waits for and reports.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Readiness {
    /// Receiving returns at once: with bytes, with the end of the stream, or with an error.
    pub readable: bool,
    /// Sending returns at once: having taken at least one byte, or with an error.
    pub writable: bool,
}

impl Readiness {
    /// Receiving alone.
    pub const READABLE: Self = Self {
        readable: true,
        writable: false,
    };
    /// Sending alone.
    pub const WRITABLE: Self = Self {
        readable: false,
        writable: true,
    };
    /// Whichever comes first.
    pub const BOTH: Self = Self {
        readable: true,
        writable: true,
    };
}

/// The connection itself, without buffers: one call here is one call to the host.
///
/// Most handlers use the buffers of [`Request`](crate::Request). This type is for those that have their own, or that
/// serve both directions at once with [`Connection::wait`].
///
/// It knows nothing of the buffers of its request, so a handler that uses both
///
/// - flushes `wfile` before it sends here, for the bytes would overtake those in the buffer;
/// - takes what [`Reader::buffer`](crate::Reader::buffer) holds before it receives here, for those bytes came first.
///
/// # Errors
///
/// Every method that waits fails with [`TimedOut`](io::ErrorKind::TimedOut) when the time of
/// [`set_timeout`](Self::set_timeout) has passed, and with [`ConnectionReset`](io::ErrorKind::ConnectionReset) or
/// [`HostUnreachable`](io::ErrorKind::HostUnreachable) when the peer is lost. [`ErrorCode::of`](crate::ErrorCode::of)
/// returns the host's own code.
pub struct Connection(Inner);

impl Connection {
    pub(crate) fn new(inner: Inner) -> Self {
        Self(inner)
    }

    /// Receive at least one byte and at most `max`; an empty vector is the end of the stream.
    ///
    /// One call returns at most 65,536 bytes, however large `max` is.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) when `max` is 0, and those of the type. After `TimedOut` nothing is
    /// lost: call again.
    pub fn receive(&self, max: u32) -> io::Result<Vec<u8>> {
        Ok(self.0.receive(max)?)
    }

    /// Send at least one byte of `data` and return how many were taken; 0 when `data` is empty.
    ///
    /// # Errors
    ///
    /// [`BrokenPipe`](io::ErrorKind::BrokenPipe) when the peer has closed the connection or it was shut down for sending,
    /// and those of the type. After `TimedOut` nothing was sent: call again.
    pub fn send(&self, data: &[u8]) -> io::Result<usize> {
        Ok(self.0.send(data)? as usize)
    }

    /// Send all of `data`. The timeout bounds the whole call.
    ///
    /// # Errors
    ///
    /// As for [`send`](Self::send). How many bytes were taken before the error cannot be told.
    pub fn send_all(&self, data: &[u8]) -> io::Result<()> {
        Ok(self.0.send_all(data)?)
    }

    /// Wait until the connection is ready in at least one direction of `interest`, and return those in which it is.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) when `interest` has no direction, and `TimedOut`.
    pub fn wait(&self, interest: Readiness) -> io::Result<Readiness> {
        Ok(self.0.wait(interest)?)
    }

    /// Close one direction, or both. A direction that is closed already stays so, without an error.
    ///
    /// After [`Shutdown::Write`] the peer reads to the end of what was sent, while receiving still works.
    ///
    /// # Errors
    ///
    /// [`NotConnected`](io::ErrorKind::NotConnected) when the peer has already reset the connection.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        Ok(self.0.shutdown(how)?)
    }

    /// Bound each later call that waits; `None`, the state of a new connection, is no bound.
    ///
    /// The unit of the host is the millisecond: a part of one counts as a whole, and more than `u32::MAX` of them (49
    /// days) as that many. With [`Duration::ZERO`] a call that would have to wait fails with `TimedOut` at once.
    pub fn set_timeout(&self, timeout: Option<Duration>) {
        self.0.set_timeout(timeout.map(milliseconds));
    }

    /// The address of the peer, as it was when the connection was accepted.
    pub fn remote_address(&self) -> Address {
        self.0.remote_address()
    }

    /// The address that the peer connected to.
    pub fn local_address(&self) -> Address {
        self.0.local_address()
    }
}

/// Rounds up, so that only a timeout of zero means not to wait.
pub(crate) fn milliseconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_nanos().div_ceil(1_000_000)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_timeout_of_zero_is_zero_milliseconds() {
        assert_eq!(milliseconds(Duration::ZERO), 0);
        assert_eq!(milliseconds(Duration::from_nanos(1)), 1);
        assert_eq!(milliseconds(Duration::from_micros(1001)), 2);
        assert_eq!(milliseconds(Duration::MAX), u32::MAX);
    }
}
