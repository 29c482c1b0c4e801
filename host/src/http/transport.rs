//! The bytes of a connection, as hyper takes them.

use std::io;
use std::net::Shutdown;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::link::Link;
use crate::socket::Socket;

/// A socket with the traits of tokio. Whether the peer takes what is sent is noted, for the driver to see.
pub(super) struct Transport {
    pub(super) link: Arc<Link>,
    pub(super) socket: Arc<Socket>,
}

impl AsyncRead for Transport {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let received = self.socket.poll_receive_to(cx, buffer);
        self.link.note_received(&buffer.filled()[before..]);
        received
    }
}

impl AsyncWrite for Transport {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        // Before it is, so that a peer who has the answer is one that waits from then on, and not from a moment later.
        self.link.note_sending();
        let sent = self.socket.poll_send(cx, bytes);
        self.link.note_blocked(sent.is_pending());
        Poll::Ready(ready!(sent))
    }

    /// The socket buffers nothing; hyper calls this when it does not either.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.link.note_flushed();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.socket.shutdown(Shutdown::Write))
    }
}
