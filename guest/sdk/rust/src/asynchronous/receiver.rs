//! The receiving direction.

use std::io;

#[cfg(target_family = "wasm")]
use super::host::Incoming;
#[cfg(not(target_family = "wasm"))]
use crate::testing::Incoming;

/// How many bytes a buffer without room is made room for: as many as one receive of a blocking handler returns.
const RECEIVE: usize = 65_536;

/// How many bytes are asked for where lines are looked for: as many as the reader of the standard library asks for.
const FILL: usize = 8_192;

/// What the peer sends.
///
/// # Errors
///
/// Every method that waits fails with [`ConnectionReset`](io::ErrorKind::ConnectionReset),
/// [`HostUnreachable`](io::ErrorKind::HostUnreachable) or [`TimedOut`](io::ErrorKind::TimedOut) when the peer is lost, once
/// all is received that came before, and so does every later call.
///
/// # Cancel safety
///
/// Every method may be dropped while it waits (in [`timeout`](super::timeout), say, or in a `select`), and no byte is lost:
/// the next call goes on.
///
/// Python equivalent: `asyncio.StreamReader`
pub struct Receiver {
    incoming: Incoming,
    buffer: Vec<u8>,
    consumed: usize,
}

impl Receiver {
    pub(crate) fn new(incoming: Incoming) -> Self {
        Self {
            incoming,
            buffer: Vec::new(),
            consumed: 0,
        }
    }

    /// Append what the peer has sent to `buffer`, and return how many bytes that were; 0 is the end of the stream.
    ///
    /// Waits for at least one byte, and takes at most as many as `buffer` has room for (its capacity less its length). One
    /// without room is made room for 65,536. The bytes come into `buffer` straight from the host: a handler that clears it
    /// and receives into it again allocates nothing.
    ///
    /// Python equivalent: `StreamReader.read()`
    pub async fn receive(&mut self, buffer: &mut Vec<u8>) -> io::Result<usize> {
        if buffer.len() == buffer.capacity() {
            buffer.reserve(RECEIVE);
        }
        let buffered = self.buffer();
        if buffered.is_empty() {
            return Ok(self.incoming.read(buffer).await?);
        }
        let length = buffered.len().min(buffer.capacity() - buffer.len());
        buffer.extend_from_slice(&buffered[..length]);
        self.consumed += length;
        Ok(length)
    }

    /// The next line, with its line feed; `None` at the end of the stream.
    ///
    /// A line of more than `limit` bytes is returned in parts of `limit` bytes, so that no peer can fill the memory. What has
    /// no line feed is such a part, or the last line of a peer that has not ended it.
    ///
    /// ```
    /// use socketserver_guest::asynchronous::{AsyncHandler, AsyncRequest};
    /// use socketserver_guest::testing::{Peer, serve_async};
    /// use socketserver_guest::Result;
    ///
    /// #[derive(Default)]
    /// struct Shout;
    ///
    /// impl AsyncHandler for Shout {
    ///     async fn handle(&mut self, request: &mut AsyncRequest) -> Result {
    ///         while let Some(line) = request.receiver.receive_line(1024).await? {
    ///             request.sender.send_all(&line.to_ascii_uppercase()).await?;
    ///         }
    ///         Ok(())
    ///     }
    /// }
    ///
    /// let peer = Peer::sending(["a qui", "et line\nand"]);
    /// serve_async::<Shout>(&peer)?;
    /// assert_eq!(peer.got(), [&b"A QUIET LINE\n"[..], b"AND"]);
    /// # Ok::<(), socketserver_guest::Error>(())
    /// ```
    ///
    /// # Panics
    ///
    /// When `limit` is 0: the end of the stream could not be told.
    ///
    /// Python equivalent: `StreamReader.readline()`
    pub async fn receive_line(&mut self, limit: usize) -> io::Result<Option<&[u8]>> {
        assert!(limit > 0, "a line has at least one byte");
        let mut searched = 0;
        let length = loop {
            let buffered = self.buffer();
            let candidate = &buffered[..buffered.len().min(limit)];
            if let Some(at) = candidate[searched..].iter().position(|byte| *byte == b'\n') {
                break searched + at + 1;
            }
            if candidate.len() == limit {
                break limit;
            }
            searched = candidate.len();
            if self.receive_more().await? == 0 {
                break searched;
            }
        };
        let start = self.consumed;
        self.consumed += length;
        Ok((length > 0).then(|| &self.buffer[start..start + length]))
    }

    /// Wait until there are bytes in the buffer, and return all that are there; none is the end of the stream.
    ///
    /// They stay there until [`consume`](Self::consume) takes them, as with [`BufRead`](io::BufRead).
    pub async fn fill_buffer(&mut self) -> io::Result<&[u8]> {
        if self.buffer().is_empty() {
            self.receive_more().await?;
        }
        Ok(self.buffer())
    }

    /// The bytes that were received and not yet read. Does not wait.
    pub fn buffer(&self) -> &[u8] {
        &self.buffer[self.consumed..]
    }

    /// Take so many bytes out of the buffer.
    pub fn consume(&mut self, amount: usize) {
        self.consumed = self.buffer.len().min(self.consumed + amount);
    }

    /// Receive no more: what is in the buffer can still be read, and then the stream ends.
    ///
    /// Python equivalent: `socket.shutdown(socket.SHUT_RD)`
    pub fn shutdown(&mut self) {
        self.incoming.close();
    }

    /// Appends to the buffer, and returns how many bytes; 0 is the end of the stream.
    async fn receive_more(&mut self) -> io::Result<usize> {
        // Only here, as what was returned last is read where it is until then.
        self.buffer.drain(..self.consumed);
        self.consumed = 0;
        self.buffer.reserve(FILL);
        Ok(self.incoming.read(&mut self.buffer).await?)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::asynchronous::timeout;
    use crate::error::ErrorCode;
    use crate::testing::{Peer, block_on};

    const SECOND: Duration = Duration::from_secs(1);

    fn receiver(peer: Peer) -> Receiver {
        Receiver::new(Incoming::new(peer))
    }

    async fn line(receiver: &mut Receiver, limit: usize) -> Option<String> {
        let line = receiver.receive_line(limit).await.unwrap()?;
        Some(String::from_utf8(line.to_vec()).unwrap())
    }

    #[test]
    fn a_buffer_is_filled_and_not_grown() {
        let mut receiver = receiver(Peer::sending(["hello", "world"]));
        let mut buffer = Vec::with_capacity(8);
        block_on(async {
            assert_eq!(receiver.receive(&mut buffer).await.unwrap(), 5);
            assert_eq!(receiver.receive(&mut buffer).await.unwrap(), 3);
            assert_eq!((buffer.as_slice(), buffer.capacity()), (&b"hellowor"[..], 8));
            buffer.clear();
            assert_eq!(receiver.receive(&mut buffer).await.unwrap(), 2);
            assert_eq!(receiver.receive(&mut buffer).await.unwrap(), 0);
        });
    }

    #[test]
    fn lines_are_found_however_they_arrive() {
        let mut receiver = receiver(Peer::sending(["a", "b\n\nc\nlon", "g\nend"]));
        block_on(async {
            for expected in ["ab\n", "\n", "c\n", "long\n", "end"] {
                assert_eq!(line(&mut receiver, 100).await.as_deref(), Some(expected));
            }
            assert_eq!(line(&mut receiver, 100).await, None);
        });
    }

    #[test]
    fn a_line_without_end_comes_in_parts() {
        let mut receiver = receiver(Peer::sending(["abcd", "ef\ng"]));
        block_on(async {
            for expected in ["abc", "def", "\n", "g"] {
                assert_eq!(line(&mut receiver, 3).await.as_deref(), Some(expected));
            }
        });
    }

    #[test]
    fn what_a_line_left_is_received_next() {
        let mut receiver = receiver(Peer::sending(["head\nbody", "more"]));
        let mut buffer = Vec::new();
        block_on(async {
            assert_eq!(line(&mut receiver, 100).await.as_deref(), Some("head\n"));
            assert_eq!(receiver.buffer(), b"body");
            while receiver.receive(&mut buffer).await.unwrap() > 0 {}
        });
        assert_eq!(buffer, b"bodymore");
    }

    #[test]
    fn a_line_that_came_too_late_is_not_lost() {
        let mut receiver = receiver(Peer::sending(["hel"]).then_quiet(2 * SECOND).then_sending("lo\n"));
        block_on(async {
            let late = timeout(SECOND, receiver.receive_line(100)).await;
            assert_eq!(late.unwrap_err().kind(), io::ErrorKind::TimedOut);
            assert_eq!(line(&mut receiver, 100).await.as_deref(), Some("hello\n"));
        });
    }

    #[test]
    fn a_lost_peer_stays_lost() {
        let mut receiver = receiver(Peer::sending(["rest"]).then_failing(ErrorCode::ConnectionReset));
        block_on(async {
            assert_eq!(receiver.fill_buffer().await.unwrap(), b"rest");
            receiver.consume(4);
            for _ in 0..2 {
                let error = receiver.fill_buffer().await.unwrap_err();
                assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
            }
        });
    }

    #[test]
    fn nothing_comes_after_shutting_down() {
        let mut receiver = receiver(Peer::sending(["one\ntwo\n", "three\n"]));
        block_on(async {
            assert_eq!(line(&mut receiver, 100).await.as_deref(), Some("one\n"));
            receiver.shutdown();
            assert_eq!(line(&mut receiver, 100).await.as_deref(), Some("two\n"));
            assert_eq!(line(&mut receiver, 100).await, None);
        });
    }
}
