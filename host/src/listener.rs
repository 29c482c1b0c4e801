//! Where connections come from.
//!
//! A [`Listener`] turns a transport into a sequence of connections, and an accepted socket into an [`Io`]. It tells what
//! kind of failure an `accept` met; what to do about it is the accept loop's business. It does not limit, does not
//! handshake and does not know what a connection is for.

mod bound;
mod datagrams;
mod ip;
mod packets;
mod stream;
mod tcp;
mod unix;

use std::io;
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::task::{Context, Poll};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, retry_on_intr};
use rustix::net::{SocketAddrAny, SocketFlags, acceptfrom_with};
use thiserror::Error;
use tokio::io::unix::AsyncFd;
use tokio::io::{Interest, ReadBuf};

use crate::address::{Address, ListenAddress, Remote, Transport};
use crate::event::AcceptFailure;
use crate::listen::Listen;

pub use self::bound::{BoundSocket, BoundSockets};
pub(crate) use self::datagrams::{Datagram, DatagramSocket, Origin, Receiver};

/// The most that one receive returns, and the longest message that can be received, however much a guest asks for: the
/// host's own memory is not the guest's to size. Larger reads of a stream bring no more throughput.
pub(crate) const MAX_RECEIVE: usize = 64 << 10;

/// The bytes of one connection: anything that receives and sends, and can tell when it would do so at once.
///
/// Where the transport has messages, one receive takes one message, and one send makes one.
///
/// Its methods take a shared reference, because what a guest sends is borrowed from the guest's store, and so is this. One
/// task uses it at a time.
pub(crate) trait Io: Send + Sync + 'static {
    /// Receives into the room of `buffer`. Ready with nothing more in it is the end of the stream.
    fn poll_receive(&self, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>>;

    /// Sends some of `bytes`, and tells how many.
    fn poll_send(&self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>>;

    /// Ready when receiving would not wait: there are bytes, the end of the stream, or an error.
    fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Ready when sending would not wait.
    fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// The address of this side, where it says more than that of the listener.
    fn local_address(&self) -> Option<Address>;

    /// Closes directions at once: later reads see the end of the stream, or the peer sees it after what was sent.
    fn shutdown(&self, how: Shutdown) -> io::Result<()>;

    /// Makes the coming close discard what is unsent and tell the peer so, where the transport can.
    fn abort_on_close(&self);
}

/// A socket that was bound for a [`Listen`].
#[derive(Debug)]
pub(crate) enum Bound {
    /// It receives datagrams.
    Datagrams(Receiver),
    /// It accepts connections.
    Stream(Listener),
}

impl Bound {
    /// Takes what comes in at a socket: of datagrams, `max_packet` bytes each.
    ///
    /// # Errors
    ///
    /// The poller does not take the socket.
    pub(crate) fn new(socket: Arc<BoundSocket>, max_packet: u32) -> Result<Self, BindError> {
        let listen = socket.listen().clone();
        let bound = match listen.transport() {
            Transport::Http | Transport::HttpUnix | Transport::Tcp | Transport::Unix | Transport::UnixPacket => {
                register(socket).map(|socket| Self::Stream(Listener(socket)))
            }
            Transport::Icmp | Transport::Udp | Transport::UnixGram => {
                Receiver::new(socket, max_packet).map(Self::Datagrams)
            }
        };
        bound.map_err(|error| BindError::new(&listen, error.into()))
    }

    /// The address that was bound, with the port that the system chose.
    pub(crate) fn local_address(&self) -> &ListenAddress {
        self.registration().get_ref().local_address()
    }

    fn registration(&self) -> &AsyncFd<Arc<BoundSocket>> {
        match self {
            Self::Datagrams(receiver) => receiver.registration(),
            Self::Stream(listener) => listener.registration(),
        }
    }

    /// Waits until there is a connection to accept, or a datagram to take.
    ///
    /// The readiness that the runtime remembers may be of what was taken since. The loops of the server try, and find
    /// nothing; a program is told what there is, so for it the kernel is asked.
    ///
    /// # Errors
    ///
    /// The poller has failed.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub(crate) async fn ready(&self) -> io::Result<()> {
        let socket = self.registration();
        loop {
            let mut guard = socket.readable().await?;
            if is_readable(socket)? {
                return Ok(());
            }
            guard.clear_ready();
        }
    }
}

/// A bound socket that accepts connections. Dropping it closes the socket and removes its file.
#[derive(Debug)]
pub(crate) struct Listener(AsyncFd<Arc<BoundSocket>>);

impl Listener {
    /// Waits until there is a connection to accept, or an error to report.
    ///
    /// # Errors
    ///
    /// The poller has failed.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub(crate) async fn ready(&self) -> io::Result<()> {
        self.registration().readable().await.map(drop)
    }

    /// Whether there is a connection to accept at this moment.
    pub(crate) fn is_asked(&self) -> bool {
        is_readable(self.registration()).unwrap_or(true)
    }

    fn registration(&self) -> &AsyncFd<Arc<BoundSocket>> {
        &self.0
    }

    /// Takes the next connection.
    ///
    /// # Errors
    ///
    /// `WouldBlock` when there is none, because its peer has gone. Others are those of `accept(2)`; [`classify`] tells
    /// what they mean for the next call.
    pub(crate) fn accept(&self) -> io::Result<(Box<dyn Io>, Remote)> {
        match self.0.get_ref().local_address().transport {
            Transport::Http | Transport::Tcp => tcp::accept(&self.0),
            _ => unix::accept(&self.0),
        }
    }
}

/// Asks the kernel whether there is something to take.
fn is_readable(socket: &AsyncFd<Arc<BoundSocket>>) -> io::Result<bool> {
    // A signal interrupts even a call that does not wait, and is no request.
    let ready = retry_on_intr(|| poll(&mut [PollFd::new(socket, PollFlags::IN)], Some(&Timespec::default())))?;
    Ok(ready > 0)
}

/// Registers a bound socket with the poller.
fn register(socket: Arc<BoundSocket>) -> io::Result<AsyncFd<Arc<BoundSocket>>> {
    #[expect(unsafe_code, reason = "the poller has to know the descriptor")]
    // SAFETY: the registration holds the socket, which owns its descriptor and never gives it away.
    let registration = unsafe { AsyncFd::register(socket) };
    Ok(registration?)
}

/// Takes the next connection of a listening socket, in non-blocking mode.
fn accept(socket: &AsyncFd<Arc<BoundSocket>>) -> io::Result<(OwnedFd, Option<SocketAddrAny>)> {
    socket.try_io(Interest::READABLE, |socket| {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        Ok(acceptfrom_with(socket, flags)?)
    })
}

/// Sorts an error of `accept(2)`.
pub(crate) fn classify(error: &io::Error) -> AcceptFailure {
    match error.raw_os_error().map(Errno::from_raw_os_error) {
        // accept(2): "Linux accept() passes already-pending network errors on the new socket as an error code from
        // accept(). [...] For reliable operation the application should detect the network errors defined for the
        // protocol after accept() and treat them like EAGAIN by retrying."
        Some(
            Errno::CONNABORTED
            | Errno::CONNRESET
            | Errno::HOSTDOWN
            | Errno::HOSTUNREACH
            | Errno::INTR
            | Errno::NETDOWN
            | Errno::NETUNREACH
            | Errno::NONET
            | Errno::NOPROTOOPT
            | Errno::OPNOTSUPP
            | Errno::PERM
            | Errno::PROTO
            | Errno::TIMEDOUT,
        ) => AcceptFailure::Connection,
        Some(Errno::MFILE | Errno::NFILE | Errno::NOBUFS | Errno::NOMEM) => AcceptFailure::Exhausted,
        _ => AcceptFailure::Other,
    }
}

/// A listener that could not be bound.
#[derive(Debug, Error)]
#[error("cannot listen on {listen}")]
pub struct BindError {
    listen: Listen,
    #[source]
    problem: BindProblem,
}

impl BindError {
    fn new(listen: &Listen, problem: BindProblem) -> Self {
        Self {
            listen: listen.clone(),
            problem,
        }
    }

    /// The kind of error that the system would call it.
    pub(crate) fn into_io(self) -> io::Error {
        match self.problem {
            BindProblem::InUse | BindProblem::Locked(_) | BindProblem::NotASocket(_) => io::ErrorKind::AddrInUse.into(),
            BindProblem::NotLocal | BindProblem::Resolve { .. } => io::ErrorKind::AddrNotAvailable.into(),
            BindProblem::Permission => io::ErrorKind::PermissionDenied.into(),
            // Its kind means something else for a connection.
            BindProblem::System(error) => io::Error::other(error),
            BindProblem::Foreign(why) => io::Error::other(why),
        }
    }
}

#[derive(Debug, Error)]
enum BindProblem {
    #[error("the socket that was handed over is not the one for it: {0}")]
    Foreign(&'static str),
    #[error("something already listens there; stop it or choose another address")]
    InUse,
    #[error("another process keeps the folder {} locked", .0.display())]
    Locked(PathBuf),
    #[error("no interface of this machine has that address")]
    NotLocal,
    #[error("{} exists and is no socket; remove it or choose another path", .0.display())]
    NotASocket(PathBuf),
    #[error(
        "permission denied; ports below net.ipv4.ip_unprivileged_port_start, other users' folders and icmp:// (CAP_NET_RAW) \
         need a privilege"
    )]
    Permission,
    #[error("`{host}` has no address")]
    Resolve {
        host: String,
        #[source]
        source: Option<io::Error>,
    },
    #[error("the socket could not be made")]
    System(#[source] io::Error),
}

impl From<io::Error> for BindProblem {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::AddrInUse => Self::InUse,
            io::ErrorKind::AddrNotAvailable => Self::NotLocal,
            io::ErrorKind::PermissionDenied => Self::Permission,
            _ => Self::System(error),
        }
    }
}

impl From<Errno> for BindProblem {
    fn from(error: Errno) -> Self {
        io::Error::from(error).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_sorted() {
        let of = |errno: Errno| classify(&errno.into());
        assert_eq!(of(Errno::CONNABORTED), AcceptFailure::Connection);
        assert_eq!(of(Errno::MFILE), AcceptFailure::Exhausted);
        assert_eq!(of(Errno::NOMEM), AcceptFailure::Exhausted);
        assert_eq!(of(Errno::BADF), AcceptFailure::Other);
        assert_eq!(classify(&io::Error::other("x")), AcceptFailure::Other);
    }
}
