//! The socket that a datagram came through, as far as a handler may use it.

use std::io;
use std::time::Duration;

use crate::address::Address;
use crate::connection::milliseconds;

/// In a component the socket of the host, elsewhere what a test supplies.
#[cfg(target_family = "wasm")]
type Inner = crate::datagram::host::Inner;
#[cfg(not(target_family = "wasm"))]
type Inner = crate::testing::Datagram;

/// The socket that a datagram came through: the way to answer it, and no other.
///
/// Most handlers write to [`DatagramRequest::wfile`](crate::DatagramRequest::wfile). This type is for those that answer
/// with several datagrams, or must know whether one was sent.
///
/// Python equivalent: `socketserver.DatagramRequestHandler.socket`
pub struct DatagramSocket(Inner);

impl DatagramSocket {
    pub(crate) fn new(inner: Inner) -> Self {
        Self(inner)
    }

    /// Send a datagram to `remote`, who must be the one who sent the datagram that is being handled.
    ///
    /// It waits until the operating system takes the datagram; taken does not mean received. Over UDP it leaves from
    /// [`local_address`](Self::local_address). Over `icmp`, `data` is an ICMP message: the handler computes the
    /// checksum of ICMP, the operating system that of ICMPv6.
    ///
    /// # Errors
    ///
    /// - [`PermissionDenied`](io::ErrorKind::PermissionDenied): `remote` is somebody else.
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput): `remote` is a Unix socket without a name.
    /// - [`TimedOut`](io::ErrorKind::TimedOut): not taken in the time of [`set_timeout`](Self::set_timeout). Nothing
    ///   was sent: call again.
    /// - [`InvalidData`](io::ErrorKind::InvalidData): the system does not take a datagram of this size.
    /// - [`BrokenPipe`](io::ErrorKind::BrokenPipe): nobody receives at `remote` any more.
    /// - [`HostUnreachable`](io::ErrorKind::HostUnreachable): the network is known not to reach `remote`.
    ///
    /// [`ErrorCode::of`](crate::ErrorCode::of) returns the host's own code.
    ///
    /// Python equivalent: `socket.sendto()`
    pub fn send_to(&self, data: &[u8], remote: &Address) -> io::Result<()> {
        Ok(self.0.send_to(data, remote)?)
    }

    /// Bound each later call that sends, that of `wfile` among them; `None`, the state of a new socket, is no bound.
    ///
    /// The unit of the host is the millisecond: a part of one counts as a whole, and more than `u32::MAX` of them (49
    /// days) as that many. With [`Duration::ZERO`] a call that would have to wait fails with `TimedOut` at once.
    ///
    /// Python equivalent: `socket.settimeout()`
    pub fn set_timeout(&self, timeout: Option<Duration>) {
        self.0.set_timeout(timeout.map(milliseconds));
    }

    /// The address that the datagram being handled was sent to.
    ///
    /// Python equivalent: `socket.getsockname()`
    pub fn local_address(&self) -> Address {
        self.0.local_address()
    }
}
