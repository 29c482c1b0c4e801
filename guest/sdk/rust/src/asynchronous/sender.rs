//! The sending direction.

use std::io;

#[cfg(target_family = "wasm")]
use super::host::Outgoing;
#[cfg(not(target_family = "wasm"))]
use crate::testing::Outgoing;

/// How many bytes are copied at once: enough that a copy costs more than a call to the host.
const CAPACITY: usize = 65_536;

/// What the peer is sent.
///
/// Small pieces are collected in [`buffer`](Self::buffer), and leave with one [`flush`](Self::flush):
///
/// ```
/// use std::io::Write as _;
///
/// use socketserver_guest::asynchronous::AsyncRequest;
///
/// async fn greet(request: &mut AsyncRequest, names: &[&str]) -> std::io::Result<()> {
///     for name in names {
///         writeln!(request.sender.buffer(), "hello, {name}")?;
///     }
///     request.sender.flush().await
/// }
/// ```
///
/// Over a transport that keeps the boundaries of messages, what leaves together is one message.
///
/// # Errors
///
/// Every method that waits fails with [`BrokenPipe`](io::ErrorKind::BrokenPipe) when the peer takes no more, or after
/// [`shutdown`](Self::shutdown). Why it does is not known here: what [`Receiver`](super::Receiver) returns tells whether the
/// peer was lost.
///
/// # Cancel safety
///
/// Every method may be dropped while it waits, and nothing is sent twice. What each says is left is sent by its next call.
///
/// Python equivalent: `asyncio.StreamWriter`
pub struct Sender {
    outgoing: Outgoing,
    buffer: Vec<u8>,
}

impl Sender {
    pub(crate) fn new(outgoing: Outgoing) -> Self {
        Self {
            outgoing,
            buffer: Vec::new(),
        }
    }

    /// Send all of `data`, after what is in the buffer.
    ///
    /// # Cancel safety
    ///
    /// What was copied into the buffer is left there: the rest of `data`, or of that part of 65,536 bytes of it that was being
    /// sent. The parts after that are not sent.
    ///
    /// Python equivalent: `StreamWriter.write()` with `StreamWriter.drain()`
    pub async fn send_all(&mut self, data: &[u8]) -> io::Result<()> {
        if self.buffer.len() + data.len() > CAPACITY {
            self.flush().await?;
        }
        for part in data.chunks(CAPACITY) {
            self.buffer.extend_from_slice(part);
            self.flush().await?;
        }
        Ok(())
    }

    /// Send all of `data` from where it is, after what is in the buffer, and leave it empty.
    ///
    /// # Cancel safety
    ///
    /// What was not sent is left in `data`, as it is after an error.
    ///
    /// Python equivalent: `StreamWriter.write()` with `StreamWriter.drain()`
    pub async fn send_buffer(&mut self, data: &mut Vec<u8>) -> io::Result<()> {
        self.flush().await?;
        Ok(self.outgoing.write_all(data).await?)
    }

    /// What is sent by the next call that sends. Nothing leaves before that.
    ///
    /// Python equivalent: `StreamWriter.write()` puts into it
    pub fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// Send what is in the buffer. After an error it is empty: nobody takes it any more.
    ///
    /// # Cancel safety
    ///
    /// What was not sent is left in the buffer.
    ///
    /// Python equivalent: `StreamWriter.drain()`
    pub async fn flush(&mut self) -> io::Result<()> {
        let result = self.outgoing.write_all(&mut self.buffer).await;
        self.buffer.clear();
        Ok(result?)
    }

    /// Send what is in the buffer, and end the stream. The peer reads to the end of what was sent, while receiving goes on.
    ///
    /// # Errors
    ///
    /// Those of [`flush`](Self::flush); the stream has ended all the same.
    ///
    /// # Cancel safety
    ///
    /// As for `flush`, and the stream has not ended.
    ///
    /// Python equivalent: `StreamWriter.write_eof()`
    pub async fn shutdown(&mut self) -> io::Result<()> {
        let result = self.flush().await;
        self.outgoing.close();
        result
    }
}

#[cfg(test)]
mod tests {
    use std::net::Shutdown;

    use super::*;
    use crate::error::ErrorCode;
    use crate::testing::{Peer, block_on};

    fn sender(peer: &Peer) -> Sender {
        Sender::new(Outgoing::new(peer.clone()))
    }

    #[test]
    fn what_was_buffered_leaves_first_and_together() {
        let peer = Peer::default();
        let mut sender = sender(&peer);
        block_on(async {
            sender.buffer().extend_from_slice(b"one");
            sender.send_all(b"two").await.unwrap();
            sender.buffer().extend_from_slice(b"three");
            let mut four = b"four".to_vec();
            sender.send_buffer(&mut four).await.unwrap();
            assert!(four.is_empty() && four.capacity() > 0);
        });
        assert_eq!(peer.got(), [&b"onetwo"[..], b"three", b"four"]);
    }

    #[test]
    fn a_peer_that_takes_little_gets_everything() {
        let peer = Peer::default().taking([Ok(1), Ok(2)]);
        let mut sender = sender(&peer);
        block_on(sender.send_all(b"hello")).unwrap();
        assert_eq!(peer.got(), [&b"h"[..], b"el", b"lo"]);
    }

    #[test]
    fn much_data_is_copied_in_parts() {
        let peer = Peer::default();
        let mut sender = sender(&peer);
        block_on(async {
            sender.buffer().push(b'x');
            sender.send_all(&[b'x'; 150_000]).await.unwrap();
        });
        let lengths: Vec<_> = peer.got().iter().map(Vec::len).collect();
        assert_eq!(lengths, [1, 65_536, 65_536, 18_928]);
    }

    #[test]
    fn a_broken_connection_keeps_nothing() {
        let peer = Peer::default().taking([Ok(2), Err(ErrorCode::ConnectionBroken)]);
        let mut sender = sender(&peer);
        block_on(async {
            for _ in 0..2 {
                let error = sender.send_all(b"hello").await.unwrap_err();
                assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
                assert!(sender.buffer().is_empty());
            }
        });
        assert_eq!(peer.got(), [b"he"]);
    }

    #[test]
    fn shutting_down_flushes_and_nothing_follows() {
        let peer = Peer::default();
        let mut sender = sender(&peer);
        block_on(async {
            sender.buffer().extend_from_slice(b"bye");
            sender.shutdown().await.unwrap();
            let error = sender.send_all(b"again").await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
        });
        assert_eq!(peer.got(), [b"bye"]);
        assert_eq!(peer.shut_down(), [Shutdown::Write]);
    }
}
