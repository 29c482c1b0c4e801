//! The operations that the streams of a guest have: the same, for hosts that poll.

use std::io;
use std::task::{Context, Poll, ready};

use tokio::io::ReadBuf;

use super::{Socket, is, poll_receive};
use crate::listener::MAX_RECEIVE;

impl Socket {
    /// Receives into `room`, and tells how many bytes; none is the end of the stream.
    ///
    /// # Errors
    ///
    /// The system's: `EMSGSIZE` for a message that is longer than `room`, which is kept.
    pub(crate) fn poll_receive_into(&self, cx: &mut Context<'_>, room: &mut [u8]) -> Poll<io::Result<usize>> {
        if is(&self.receive_closed) || is(&self.ended) {
            return Poll::Ready(Ok(0));
        }
        let mut buffer = ReadBuf::new(room);
        let result = ready!(self.io.poll_receive(cx, &mut buffer)).map(|()| buffer.filled().len());
        if let Ok(bytes) = result {
            self.count(bytes);
        }
        Poll::Ready(self.note(result))
    }

    /// Receives into the room of `buffer`; nothing more in it is the end of the stream.
    ///
    /// # Errors
    ///
    /// The system's.
    pub(crate) fn poll_receive_to(&self, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if is(&self.receive_closed) || is(&self.ended) {
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        let result = ready!(self.io.poll_receive(cx, buffer));
        if result.is_ok() {
            self.count(buffer.filled().len() - before);
        }
        Poll::Ready(self.note(result))
    }

    /// Receives as much as one receive returns; nothing is the end of the stream.
    ///
    /// # Errors
    ///
    /// The system's: `EMSGSIZE` for a message that is longer than any that can be received, which is lost.
    pub(crate) fn poll_receive(&self, cx: &mut Context<'_>) -> Poll<io::Result<Vec<u8>>> {
        if is(&self.receive_closed) || is(&self.ended) {
            return Poll::Ready(Ok(Vec::new()));
        }
        let result = ready!(poll_receive(&*self.io, cx, MAX_RECEIVE));
        if let Ok(bytes) = &result {
            self.count(bytes.len());
        }
        Poll::Ready(self.note(result))
    }

    /// Sends at least one byte of `bytes`, and tells how many were taken.
    ///
    /// # Errors
    ///
    /// `BrokenPipe`, or the system's.
    pub(crate) fn poll_send(&self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if is(&self.send_closed) {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let result = match ready!(self.io.poll_send(cx, bytes)) {
            Ok(0) => Err(io::ErrorKind::WriteZero.into()),
            result => result,
        };
        if let Ok(taken) = result {
            self.meter.send(taken);
        }
        Poll::Ready(self.note(result))
    }
}
