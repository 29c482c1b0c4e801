//! A stream socket that meets the poller only when it has to wait.
//!
//! tokio's own sockets register with the poller when they are accepted, and are first read when the poller has reported
//! them. A short connection has often sent its request by then, so it is read and answered at once here, and waits once
//! less: its instance is resumed, and brought back into the processor's caches, one time fewer.

use std::io;
use std::mem::MaybeUninit;
use std::net::{Shutdown, SocketAddr};
use std::os::fd::{AsRawFd as _, OwnedFd, RawFd};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::retry_on_intr;
use rustix::net::{RecvFlags, SendFlags, getsockname, recv, send};
use socket2::SockRef;
use tokio::io::ReadBuf;
use tokio::io::unix::{AsyncFd, AsyncFdReadyGuard};

use super::Io;
use crate::address::Address;

/// A connected socket in non-blocking mode.
pub(super) struct Stream {
    /// Declared before the socket, so that it leaves the poller before its descriptor is closed.
    registration: OnceLock<AsyncFd<RawFd>>,
    /// How often it was tried without the poller.
    tries: AtomicU8,
    socket: OwnedFd,
}

#[derive(Clone, Copy)]
enum Direction {
    Receive,
    Send,
}

/// What an operation came to, and whether the kernel has nothing more for the next.
pub(super) struct Done {
    pub(super) bytes: usize,
    pub(super) exhausted: bool,
}

impl Stream {
    /// Takes a connected socket in non-blocking mode.
    pub(super) fn new(socket: OwnedFd) -> Self {
        Self {
            registration: OnceLock::new(),
            tries: AtomicU8::new(0),
            socket,
        }
    }

    fn registration(&self) -> io::Result<&AsyncFd<RawFd>> {
        if let Some(registration) = self.registration.get() {
            return Ok(registration);
        }
        #[expect(unsafe_code, reason = "the poller has to know the descriptor, and does not own it")]
        // SAFETY: the descriptor is open as long as the registration: both are fields of this value, neither can be taken
        // out of it, and the registration is dropped first.
        let registration = unsafe { AsyncFd::register(self.socket.as_raw_fd()) }?;
        Ok(self.registration.get_or_init(|| registration))
    }

    /// Whether to try once more without the poller. Only a few times, because only the poller makes a task that never has
    /// to wait let others run.
    fn tries_alone(&self) -> bool {
        self.registration.get().is_none() && self.tries.fetch_add(1, Ordering::Relaxed) < MAX_TRIES
    }

    fn poll_ready(&self, cx: &mut Context<'_>, direction: Direction) -> Poll<io::Result<AsyncFdReadyGuard<'_, RawFd>>> {
        let registration = self.registration()?;
        match direction {
            Direction::Receive => registration.poll_read_ready(cx),
            Direction::Send => registration.poll_write_ready(cx),
        }
    }

    /// Tries `operation` when it may be possible, and once more when it was `Interrupted`.
    fn poll_io(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
        mut operation: impl FnMut(&OwnedFd) -> io::Result<Done>,
    ) -> Poll<io::Result<usize>> {
        if self.tries_alone() {
            match operation(&self.socket) {
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
                done => return Poll::Ready(done.map(|done| done.bytes)),
            }
        }
        loop {
            let mut ready = ready!(self.poll_ready(cx, direction))?;
            match operation(&self.socket) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => ready.clear_ready(),
                // Asking whether it is ready counts against what a task may do before others have their turn.
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Poll::Ready(Err(error)),
                Ok(done) => {
                    // The kernel has just said that the next operation would have to wait, so that it need not be asked.
                    if done.exhausted {
                        ready.clear_ready();
                    }
                    return Poll::Ready(Ok(done.bytes));
                }
            }
        }
    }

    /// Lets `receive` fill the room of `buffer` when there may be something to receive. It has to return as many bytes as the
    /// kernel says to have written, and no more.
    pub(super) fn poll_fill(
        &self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
        mut receive: impl FnMut(&OwnedFd, &mut [MaybeUninit<u8>]) -> io::Result<Done>,
    ) -> Poll<io::Result<()>> {
        #[expect(unsafe_code, reason = "the kernel fills the buffer, and does not read it")]
        // SAFETY: nothing is written here but what the kernel receives, so nothing becomes uninitialised.
        let room = unsafe { buffer.unfilled_mut() };
        let received = ready!(self.poll_io(cx, Direction::Receive, |socket| receive(socket, &mut *room)))?;
        #[expect(unsafe_code, reason = "the kernel has filled this part")]
        // SAFETY: so `receive` has said, as it has to.
        unsafe {
            buffer.assume_init(received);
        }
        buffer.advance(received);
        Poll::Ready(Ok(()))
    }

    /// Ready when the system says that an operation would not wait.
    fn poll_events(&self, cx: &mut Context<'_>, direction: Direction) -> Poll<io::Result<()>> {
        let events = match direction {
            Direction::Receive => PollFlags::IN,
            Direction::Send => PollFlags::OUT,
        };
        loop {
            let mut ready = ready!(self.poll_ready(cx, direction))?;
            // A signal interrupts even a call that does not wait, and makes nothing ready.
            if retry_on_intr(|| poll(&mut [PollFd::new(&self.socket, events)], Some(&Timespec::default())))? > 0 {
                return Poll::Ready(Ok(()));
            }
            ready.clear_ready();
        }
    }
}

impl Io for Stream {
    fn poll_receive(&self, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.poll_fill(cx, buffer, |socket, room| {
            let length = room.len();
            let bytes = retry_on_intr(|| recv(socket, &mut *room, RecvFlags::empty()).map(|(_, bytes)| bytes))?;
            Ok(Done {
                bytes,
                exhausted: bytes > 0 && bytes < length,
            })
        })
    }

    fn poll_send(&self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_io(cx, Direction::Send, |socket| {
            let sent = retry_on_intr(|| send(socket, bytes, SendFlags::NOSIGNAL))?;
            Ok(Done {
                bytes: sent,
                exhausted: sent > 0 && sent < bytes.len(),
            })
        })
    }

    fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_events(cx, Direction::Receive)
    }

    fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_events(cx, Direction::Send)
    }

    /// A listener on every interface does not know which of them a peer chose; a Unix socket has its listener's name.
    fn local_address(&self) -> Option<Address> {
        let address = getsockname(&self.socket).ok()?;
        SocketAddr::try_from(address).ok().map(Address::from_ip)
    }

    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        SockRef::from(&self.socket).shutdown(how)
    }

    /// With a linger time of zero, close(2) resets a TCP connection. A Unix socket has no reset: closing one that holds
    /// unread bytes makes the peer's next read fail, any other close is the end of the stream.
    fn abort_on_close(&self) {
        let _ = SockRef::from(&self.socket).set_linger(Some(Duration::ZERO));
    }
}

/// A request and its answer, and the same again.
const MAX_TRIES: u8 = 4;
