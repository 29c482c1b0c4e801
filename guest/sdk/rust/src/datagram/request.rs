//! What a handler of datagrams is given: one datagram, and its answer.

use std::io::{self, Cursor};

use crate::address::Address;
use crate::datagram::socket::DatagramSocket;

/// One datagram, and the answer to it.
///
/// `rfile` and `wfile` are two fields, so the answer can be written while the datagram is read:
/// `request.wfile.extend_from_slice(request.rfile.get_ref())`. [`data`](Self::data) is for a look at the whole of it.
///
/// Python equivalent: the attributes of `socketserver.DatagramRequestHandler`
pub struct DatagramRequest {
    /// What the datagram carries.
    ///
    /// Python equivalent: `DatagramRequestHandler.rfile`, an `io.BytesIO` as well
    pub rfile: Cursor<Vec<u8>>,
    /// The answer: what is in it after [`DatagramHandler::finish`](crate::DatagramHandler::finish) is sent to the
    /// remote address, as one datagram.
    ///
    /// Empty means that nothing is sent. Python sends an empty datagram there, which would have every handler that only
    /// listens answer; [`reply`](Self::reply) with nothing does that.
    ///
    /// Python equivalent: `DatagramRequestHandler.wfile`, an `io.BytesIO` as well
    pub wfile: Vec<u8>,
    remote: Address,
    truncated: bool,
    socket: DatagramSocket,
}

impl DatagramRequest {
    pub(crate) fn new(data: Vec<u8>, remote: Address, truncated: bool, socket: DatagramSocket) -> Self {
        Self {
            rfile: Cursor::new(data),
            wfile: Vec::new(),
            remote,
            truncated,
            socket,
        }
    }

    /// All that the datagram carries, however much of `rfile` was read. It may be empty.
    ///
    /// Over `icmp` this is the ICMP message, without the IP header.
    ///
    /// Python equivalent: `packet`
    pub fn data(&self) -> &[u8] {
        self.rfile.get_ref()
    }

    /// Whether the datagram was longer than the host receives: [`data`](Self::data) is its beginning, and the rest is
    /// lost.
    ///
    /// Python equivalent: `socket.MSG_TRUNC` among the flags of `socket.recvmsg()`
    pub fn is_truncated(&self) -> bool {
        self.truncated
    }

    /// Who sent the datagram.
    ///
    /// Python equivalent: `client_address`
    pub fn remote_address(&self) -> Address {
        self.remote.clone()
    }

    /// The address that the datagram was sent to.
    ///
    /// Python equivalent: `socket.getsockname()`
    pub fn local_address(&self) -> Address {
        self.socket.local_address()
    }

    /// Send a datagram to who sent this one, at once: before `wfile`, and any number of times.
    ///
    /// # Errors
    ///
    /// As for [`DatagramSocket::send_to`].
    ///
    /// Python equivalent: `socket.sendto(data, client_address)`
    pub fn reply(&self, data: &[u8]) -> io::Result<()> {
        self.socket.send_to(data, &self.remote)
    }

    /// The socket that the datagram came through.
    ///
    /// Python equivalent: `DatagramRequestHandler.socket`
    pub fn socket(&self) -> &DatagramSocket {
        &self.socket
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;
    use crate::datagram::handler::DatagramHandler;
    use crate::error::Result;
    use crate::testing::{Datagram, serve_datagram};

    #[test]
    fn reading_takes_nothing_from_the_data() {
        #[derive(Default)]
        struct Reading;
        impl DatagramHandler for Reading {
            fn handle(&mut self, request: &mut DatagramRequest) -> Result {
                let mut first = [0];
                request.rfile.read_exact(&mut first)?;
                assert_eq!(request.data(), b"hello");
                assert!(request.is_truncated());
                request.rfile.read_to_end(&mut request.wfile)?;
                Ok(())
            }
        }

        let datagram = Datagram::carrying("hello").truncated();
        serve_datagram::<Reading>(&datagram).unwrap();
        assert_eq!(datagram.sent_data(), [b"ello"]);
    }

    #[test]
    fn replies_leave_before_the_answer_and_may_be_empty() {
        #[derive(Default)]
        struct Replying;
        impl DatagramHandler for Replying {
            fn handle(&mut self, request: &mut DatagramRequest) -> Result {
                request.wfile.extend_from_slice(b"last");
                request.reply(b"first")?;
                request.reply(b"")?;
                Ok(())
            }
        }

        let datagram = Datagram::carrying("");
        serve_datagram::<Replying>(&datagram).unwrap();
        assert_eq!(datagram.sent_data(), [&b"first"[..], b"", b"last"]);
    }
}
