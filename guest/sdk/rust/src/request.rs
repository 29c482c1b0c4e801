//! What a handler is given: one connection, with its two buffered directions.

use std::cell::RefCell;
use std::io::{self, BufRead, Read, Write};
use std::net::Shutdown;
use std::rc::Rc;
use std::time::Duration;

use crate::address::Address;
use crate::connection::{Connection, Readiness};
use crate::output::Output;

/// How many bytes to ask the host for: the most that one call returns. The host allocates what there is, not this.
const RECEIVE: u32 = 65_536;

/// One connection, with a buffered reader and a buffered writer that are tied to each other.
///
/// **Tied** means: before [`rfile`](Self::rfile) waits for the peer, it flushes [`wfile`](Self::wfile). So a dialogue
/// never stalls on an answer that was not flushed, while the answers to pipelined questions leave together. What is left
/// is flushed after [`Handler::finish`](crate::Handler::finish). Flush yourself before a long computation or a sleep.
///
/// Python equivalent: the attributes of `socketserver.StreamRequestHandler`
pub struct Request {
    /// What the peer sends.
    pub rfile: Reader,
    /// What the peer gets.
    pub wfile: Writer,
}

impl Request {
    pub(crate) fn new(connection: Connection) -> Self {
        let shared = Rc::new(Shared {
            connection,
            output: RefCell::default(),
        });
        Self {
            rfile: Reader {
                shared: Rc::clone(&shared),
                received: Vec::new(),
                consumed: 0,
            },
            wfile: Writer { shared },
        }
    }

    /// The address of the peer.
    ///
    /// Python equivalent: `client_address`
    pub fn remote_address(&self) -> Address {
        self.connection().remote_address()
    }

    /// The address that the peer connected to.
    ///
    /// Python equivalent: `request.getsockname()`
    pub fn local_address(&self) -> Address {
        self.connection().local_address()
    }

    /// Bound each later call that waits for the peer; see [`Connection::set_timeout`].
    ///
    /// A read or a flush that fails with [`TimedOut`](io::ErrorKind::TimedOut) loses nothing: repeat it to go on. A flush
    /// that needs several calls to the host may take the time several times.
    ///
    /// Python equivalent: `StreamRequestHandler.timeout`
    pub fn set_timeout(&self, timeout: Option<Duration>) {
        self.connection().set_timeout(timeout);
    }

    /// Close one direction of the connection, or both, after flushing `wfile` where that is closed.
    ///
    /// After [`Shutdown::Read`], bytes that `rfile` has received already can still be read.
    ///
    /// # Errors
    ///
    /// Those of the flush, in which case nothing was closed, and [`NotConnected`](io::ErrorKind::NotConnected) when the
    /// peer has already reset the connection.
    ///
    /// Python equivalent: `request.shutdown()`
    pub fn shutdown(&mut self, how: Shutdown) -> io::Result<()> {
        if how != Shutdown::Read {
            self.wfile.flush()?;
        }
        self.connection().shutdown(how)
    }

    /// Wait until at least one direction of `interest` is ready, and return those that are.
    ///
    /// Bytes in the buffer of `rfile` make the connection readable at once. When only [`Readiness::READABLE`] is waited
    /// for, `wfile` is flushed first, as before a read. Otherwise it is not, because flushing may wait for the peer:
    /// send with [`Connection::send`], which takes what can be sent.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) when `interest` has no direction,
    /// [`TimedOut`](io::ErrorKind::TimedOut), and those of the flush.
    ///
    /// Python equivalent: `selectors.BaseSelector.select()`
    pub fn wait(&mut self, interest: Readiness) -> io::Result<Readiness> {
        if interest.readable && !self.rfile.buffer().is_empty() {
            return Ok(Readiness::READABLE);
        }
        if interest == Readiness::READABLE {
            self.wfile.flush()?;
        }
        self.connection().wait(interest)
    }

    /// The connection without the buffers. [`Connection`] says what to mind when both are used.
    pub fn connection(&self) -> &Connection {
        &self.rfile.shared.connection
    }
}

struct Shared {
    connection: Connection,
    output: RefCell<Output>,
}

impl Shared {
    fn flush(&self) -> io::Result<()> {
        self.output.borrow_mut().flush(&self.connection)
    }
}

/// The receiving direction of a [`Request`]: buffered, and tied to its [`Writer`].
///
/// It holds what one call to the host returned, at most 65,536 bytes, and allocates nothing before that.
///
/// [`BufRead::read_line`] and [`BufRead::read_until`] grow their vector by as much as the peer sends: bound them with
/// [`Read::take`].
///
/// # Errors
///
/// A read that has to wait for the peer fails as [`Connection::receive`] does, or as [`Connection::send`] does when
/// the flush of the writer fails.
///
/// Python equivalent: `StreamRequestHandler.rfile`
pub struct Reader {
    shared: Rc<Shared>,
    received: Vec<u8>,
    consumed: usize,
}

impl Reader {
    /// The bytes that were received and not yet read. Does not wait.
    pub fn buffer(&self) -> &[u8] {
        &self.received[self.consumed..]
    }

    /// Write everything up to the end of the stream to `writer`, and return how many bytes that were.
    ///
    /// [`std::io::copy`] does the same by way of 8 KiB of stack. This hands over the received bytes where they are,
    /// which spares a short-lived instance from touching those pages.
    ///
    /// # Errors
    ///
    /// Those of reading and of `writer`.
    ///
    /// Python equivalent: `shutil.copyfileobj(rfile, writer)`
    pub fn copy_to(&mut self, writer: &mut impl Write) -> io::Result<u64> {
        let mut total = 0;
        loop {
            let data = self.fill_buf()?;
            if data.is_empty() {
                return Ok(total);
            }
            let length = data.len();
            writer.write_all(data)?;
            self.consume(length);
            total += length as u64;
        }
    }
}

impl Read for Reader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(into)?;
        self.consume(read);
        Ok(read)
    }
}

impl BufRead for Reader {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.buffer().is_empty() {
            self.shared.flush()?;
            // Freed before the host allocates, so that bulk data needs room for one buffer and not for two.
            self.received = Vec::new();
            self.consumed = 0;
            self.received = self.shared.connection.receive(RECEIVE)?;
        }
        Ok(self.buffer())
    }

    fn consume(&mut self, amount: usize) {
        self.consumed = self.received.len().min(self.consumed + amount);
    }
}

/// The sending direction of a [`Request`]: buffered, and flushed by its [`Reader`] before that waits for the peer.
///
/// It holds up to 65,536 bytes, allocated as needed. Writes of 16,384 bytes and more go past an empty buffer.
///
/// # Errors
///
/// A write that does not fit into the buffer, and a flush, fail as [`Connection::send`] does. Bytes that could not be
/// sent stay in the buffer.
///
/// Python equivalent: `StreamRequestHandler.wfile`
pub struct Writer {
    shared: Rc<Shared>,
}

impl Write for Writer {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.shared.output.borrow_mut().write(&self.shared.connection, data)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.shared.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorCode;
    use crate::testing::Peer;

    fn request(peer: &Peer) -> Request {
        Request::new(Connection::new(Box::new(peer.clone())))
    }

    fn line(request: &mut Request) -> String {
        let mut line = String::new();
        request.rfile.read_line(&mut line).unwrap();
        line
    }

    #[test]
    fn reading_flushes_before_it_waits() {
        let peer = Peer::sending(["a\n", "b\n"]);
        let mut request = request(&peer);
        assert_eq!(line(&mut request), "a\n");
        request.wfile.write_all(b"A").unwrap();
        assert_eq!(peer.got_bytes(), b"");
        assert_eq!(line(&mut request), "b\n");
        assert_eq!(peer.got_bytes(), b"A");
    }

    /// Questions that arrived together are answered together.
    #[test]
    fn reading_what_has_arrived_does_not_flush() {
        let peer = Peer::sending(["a\nb\nc\n"]);
        let mut request = request(&peer);
        for _ in 0..3 {
            let answer = line(&mut request).to_uppercase();
            request.wfile.write_all(answer.as_bytes()).unwrap();
        }
        assert!(peer.got().is_empty());
        assert_eq!(line(&mut request), "");
        assert_eq!(peer.got(), [b"A\nB\nC\n"]);
    }

    #[test]
    fn a_full_buffer_is_sent_before_more_is_buffered() {
        let peer = Peer::default();
        let mut request = request(&peer);
        for _ in 0..9 {
            request.wfile.write_all(&[b'x'; 8192]).unwrap();
        }
        let lengths: Vec<_> = peer.got().iter().map(Vec::len).collect();
        assert_eq!(lengths, [65_536]);
    }

    #[test]
    fn a_large_write_goes_past_an_empty_buffer_and_never_past_a_full_one() {
        let peer = Peer::default();
        let mut request = request(&peer);
        request.wfile.write_all(&[b'x'; 100_000]).unwrap();
        request.wfile.write_all(b"y").unwrap();
        request.wfile.write_all(&[b'z'; 100_000]).unwrap();
        let lengths: Vec<_> = peer.got().iter().map(Vec::len).collect();
        assert_eq!(lengths, [100_000, 1, 100_000]);
    }

    #[test]
    fn a_flush_that_timed_out_goes_on_where_it_stopped() {
        let peer = Peer::default().taking([Ok(2), Err(ErrorCode::Timeout)]);
        let mut request = request(&peer);
        request.wfile.write_all(b"hello").unwrap();
        let error = request.wfile.flush().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        request.wfile.flush().unwrap();
        assert_eq!(peer.got(), [&b"he"[..], b"llo"]);
    }

    #[test]
    fn a_read_that_timed_out_loses_nothing() {
        let peer = Peer::sending(["he"])
            .then_failing(ErrorCode::Timeout)
            .then_sending("llo\n");
        let mut request = request(&peer);
        let mut line = String::new();
        let error = request.rfile.read_line(&mut line).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        request.rfile.read_line(&mut line).unwrap();
        assert_eq!(line, "hello\n");
    }

    #[test]
    fn shutting_down_the_sending_side_flushes() {
        let peer = Peer::default();
        let mut request = request(&peer);
        request.wfile.write_all(b"bye").unwrap();
        request.shutdown(Shutdown::Write).unwrap();
        assert_eq!(peer.got_bytes(), b"bye");
        assert_eq!(peer.shut_down(), [Shutdown::Write]);
    }

    #[test]
    fn received_bytes_are_readable_without_the_host() {
        let peer = Peer::sending(["ab"]);
        let mut request = request(&peer);
        request.rfile.read_exact(&mut [0]).unwrap();
        assert_eq!(request.wait(Readiness::BOTH).unwrap(), Readiness::READABLE);
        assert_eq!(request.rfile.buffer(), b"b");
    }

    #[test]
    fn both_ways_of_copying_copy_everything() {
        let data = vec![b'x'; 200_000];
        let peer = Peer::sending([&data, &data]);
        let mut request = request(&peer);
        io::copy(&mut (&mut request.rfile).take(200_000), &mut request.wfile).unwrap();
        assert_eq!(request.rfile.copy_to(&mut request.wfile).unwrap(), 200_000);
        request.wfile.flush().unwrap();
        assert_eq!(peer.got_bytes().len(), 400_000);
    }
}
