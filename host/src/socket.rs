//! The operations that a guest has on its connection, over any [`Io`].
//!
//! No byte is buffered here: what is received is read when the guest asks for it, and what is sent is written before the
//! guest goes on. So backpressure is the operating system's own, and a connection that waits holds no buffer.

mod streams;

use std::cell::Cell;
use std::future::poll_fn;
use std::io;
use std::net::Shutdown;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::ReadBuf;

use crate::address::Address;
use crate::listener::{Io, MAX_RECEIVE};
use crate::meter::Meter;

/// One connection's socket.
///
/// It is shared, by the guest's store and by the task that runs it, and what a guest sends is borrowed from the store as
/// well; so all of it takes shared references. The task is the only user.
pub(crate) struct Socket {
    io: Box<dyn Io>,
    meter: Arc<Meter>,
    timeout: Mutex<Option<Duration>>,
    receive_closed: AtomicBool,
    send_closed: AtomicBool,
    /// Whether the guest has let go of the connection, and the peer has not been told yet.
    released: AtomicBool,
    /// Whether the end of the stream was seen, after which no more bytes can come.
    ended: AtomicBool,
    /// The kind of the last failure that the guest was told.
    failure: Mutex<Option<io::ErrorKind>>,
}

/// Which directions are asked for, or are ready.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Ready {
    pub(crate) readable: bool,
    pub(crate) writable: bool,
}

impl Socket {
    pub(crate) fn new(io: Box<dyn Io>, meter: Arc<Meter>) -> Self {
        Self {
            io,
            meter,
            timeout: Mutex::default(),
            receive_closed: AtomicBool::new(false),
            send_closed: AtomicBool::new(false),
            released: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            failure: Mutex::default(),
        }
    }

    /// Bounds each later call that waits.
    pub(crate) fn set_timeout(&self, timeout: Option<Duration>) {
        *lock(&self.timeout) = timeout;
    }

    fn timeout(&self) -> Option<Duration> {
        *lock(&self.timeout)
    }

    /// The kind of the last failure that the guest was told.
    pub(crate) fn failure(&self) -> Option<io::ErrorKind> {
        *lock(&self.failure)
    }

    /// Receives up to `max` bytes; none is the end of the stream.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for a `max` of 0, `TimedOut`, or the system's.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses no byte.
    pub(crate) async fn receive(&self, max: usize) -> io::Result<Vec<u8>> {
        if max == 0 {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        // What this side has closed says nothing of the peer, who may still be sending.
        if is(&self.receive_closed) || is(&self.ended) {
            return Ok(Vec::new());
        }
        let max = max.min(MAX_RECEIVE);
        let result = within(self.timeout(), poll_fn(|cx| poll_receive(&*self.io, cx, max))).await;
        if let Ok(bytes) = &result {
            self.count(bytes.len());
        }
        self.note(result)
    }

    /// Accounts for what was received: no byte is the end of the stream.
    fn count(&self, received: usize) {
        if received == 0 {
            self.ended.store(true, Ordering::Relaxed);
        } else {
            self.meter.receive(received);
        }
    }

    /// Sends at least one byte, and tells how many were taken.
    ///
    /// # Errors
    ///
    /// `TimedOut`, `BrokenPipe`, or the system's.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future sends nothing.
    pub(crate) async fn send(&self, bytes: &[u8]) -> io::Result<usize> {
        self.check_send()?;
        if bytes.is_empty() {
            return Ok(0);
        }
        let result = within(self.timeout(), self.write(bytes)).await;
        self.note(result)
    }

    /// Sends all bytes.
    ///
    /// # Errors
    ///
    /// As for [`send`](Self::send); some bytes may have been taken.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future may leave a part sent.
    pub(crate) async fn send_all(&self, bytes: &[u8]) -> io::Result<()> {
        self.check_send()?;
        let all = async {
            let mut rest = bytes;
            while !rest.is_empty() {
                rest = &rest[self.write(rest).await?..];
            }
            Ok(())
        };
        let result = within(self.timeout(), all).await;
        self.note(result)
    }

    /// What the guest has closed itself is no failure of the connection, so it is not noted as one.
    fn check_send(&self) -> io::Result<()> {
        if is(&self.send_closed) {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        Ok(())
    }

    async fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        let taken = poll_fn(|cx| self.io.poll_send(cx, bytes)).await?;
        if taken == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        self.meter.send(taken);
        Ok(taken)
    }

    /// Waits until at least one of the directions of `interest` is ready.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for no direction, `TimedOut`.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub(crate) async fn wait(&self, interest: Ready) -> io::Result<Ready> {
        if interest == Ready::default() {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let result = within(self.timeout(), poll_fn(|cx| self.poll_ready(cx, interest).map(Ok))).await;
        self.note(result)
    }

    /// A failed direction counts as ready: the next call tells how it failed.
    fn poll_ready(&self, cx: &mut Context<'_>, interest: Ready) -> Poll<Ready> {
        let ready = Ready {
            readable: interest.readable && self.poll_readable(cx).is_ready(),
            writable: interest.writable && self.poll_writable(cx).is_ready(),
        };
        if ready == Ready::default() {
            Poll::Pending
        } else {
            Poll::Ready(ready)
        }
    }

    /// The address that the peer connected to, where the transport tells more than its listener's.
    pub(crate) fn local_address(&self) -> Option<Address> {
        self.io.local_address()
    }

    /// Ready when receiving would not wait.
    pub(crate) fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<()> {
        if is(&self.receive_closed) || is(&self.ended) {
            return Poll::Ready(());
        }
        self.io.poll_readable(cx).map(drop)
    }

    /// Ready when sending would not wait.
    pub(crate) fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<()> {
        if is(&self.send_closed) {
            return Poll::Ready(());
        }
        self.io.poll_writable(cx).map(drop)
    }

    /// Closes directions. Closing one again does nothing.
    pub(crate) fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        let receive = how != Shutdown::Write && !set(&self.receive_closed);
        let send = how != Shutdown::Read && !set(&self.send_closed);
        // Both with one call: between two, a peer that has seen the end of the stream could make the second fail.
        let result = match (receive, send) {
            (true, true) => self.io.shutdown(Shutdown::Both),
            (true, false) => self.io.shutdown(Shutdown::Read),
            (false, true) => self.io.shutdown(Shutdown::Write),
            (false, false) => Ok(()),
        };
        self.note(result)
    }

    /// Notes that the guest has let go of the connection: the peer is to be told that no more comes.
    ///
    /// Most guests return right after that, and closing the socket tells it too. So the call is left to
    /// [`tell`](Self::tell), for those that go on.
    pub(crate) fn release(&self) {
        set(&self.released);
    }

    /// Tells the peer what [`release`](Self::release) has noted. To be called when the guest waits, or has computed for a
    /// while.
    pub(crate) fn tell(&self) {
        if is(&self.released) {
            self.released.store(false, Ordering::Relaxed);
            self.end();
        }
    }

    fn end(&self) {
        if !set(&self.send_closed) {
            let _ = self.io.shutdown(Shutdown::Write);
        }
    }

    /// Prepares for closing in order: what was sent reaches the peer, even if the peer still sends.
    ///
    /// Closing a socket with unread bytes resets the connection, and the peer may then lose what it has not read. So
    /// when the peer has not finished, this side says that it has, and throws away what comes for at most `linger`.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future is to linger no longer.
    pub(crate) async fn close(&self, linger: Duration) {
        // A connection whose end was seen holds no unread byte, so a plain close is in order already; one that has failed
        // has nobody to wait for.
        if is(&self.ended) || self.failure().is_some_and(is_broken) {
            return;
        }
        self.end();
        let discard = async {
            let receive = async || poll_fn(|cx| poll_receive(&*self.io, cx, MAX_RECEIVE)).await;
            while matches!(receive().await, Ok(bytes) if !bytes.is_empty()) {}
        };
        let _ = tokio::time::timeout(linger, discard).await;
    }

    /// Prepares for closing at once, which tells the peer that something is missing.
    pub(crate) fn abort(&self) {
        self.io.abort_on_close();
    }

    fn note<T>(&self, result: io::Result<T>) -> io::Result<T> {
        if let Err(error) = &result {
            *lock(&self.failure) = Some(error.kind());
        }
        result
    }
}

fn is(flag: &AtomicBool) -> bool {
    flag.load(Ordering::Relaxed)
}

/// Returns whether it was set before.
fn set(flag: &AtomicBool) -> bool {
    flag.swap(true, Ordering::Relaxed)
}

fn lock<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether a failure is the peer's doing, or the network's.
pub(crate) fn is_broken(failure: io::ErrorKind) -> bool {
    use io::ErrorKind as Kind;
    matches!(
        failure,
        Kind::BrokenPipe
            | Kind::ConnectionReset
            | Kind::ConnectionAborted
            | Kind::HostUnreachable
            | Kind::NetworkDown
            | Kind::NetworkUnreachable
            // Shutting down a connection that the peer has reset.
            | Kind::NotConnected
            // A Unix socket that datagrams came from and nobody receives at any more.
            | Kind::ConnectionRefused
            | Kind::NotFound
    )
}

thread_local! {
    /// What is received goes here first, because how much it is, is only known afterwards: a list of 64 bytes shall not
    /// take and free 64 KiB.
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// The buffer is the thread's, so a connection that waits holds none.
fn poll_receive(io: &dyn Io, cx: &mut Context<'_>, max: usize) -> Poll<io::Result<Vec<u8>>> {
    let mut scratch = SCRATCH.take();
    scratch.clear();
    scratch.reserve_exact(MAX_RECEIVE);
    let mut buffer = ReadBuf::uninit(&mut scratch.spare_capacity_mut()[..max]);
    let result = io.poll_receive(cx, &mut buffer);
    let filled = buffer.filled().len();
    #[expect(
        unsafe_code,
        reason = "ReadBuf guarantees that its filled part is initialised, and it starts at 0"
    )]
    // SAFETY: as above; and `filled` is at most the capacity.
    unsafe {
        scratch.set_len(filled);
    }
    let received = if filled > LARGE {
        std::mem::take(&mut scratch)
    } else {
        scratch.to_vec()
    };
    SCRATCH.set(scratch);
    result.map_ok(|()| received)
}

pub(crate) async fn within<T>(
    timeout: Option<Duration>,
    operation: impl Future<Output = io::Result<T>>,
) -> io::Result<T> {
    match timeout {
        None => operation.await,
        Some(timeout) => tokio::time::timeout(timeout, operation)
            .await
            .unwrap_or_else(|_elapsed| Err(io::ErrorKind::TimedOut.into())),
    }
}

/// From here on it costs less to give the scratch buffer away, and to take a new one, than to copy out of it.
const LARGE: usize = 8 << 10;

#[cfg(test)]
mod tests;
