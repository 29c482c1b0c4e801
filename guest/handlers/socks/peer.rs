//! The connection to the peer, during the handshake.

use std::pin::pin;
use std::task::Poll;

use socketserver_guest::asynchronous::futures::poll;
use socketserver_guest::asynchronous::raw::{Bytes, StreamResult, StreamWriter, wit_stream};

use crate::handshake::Wire;
use crate::refusal::Refusal;

pub(crate) struct Peer {
    received: Bytes,
    sender: StreamWriter<u8>,
}

impl Peer {
    pub(crate) fn new(received: Bytes, sender: StreamWriter<u8>) -> Self {
        Self { received, sender }
    }

    /// The two directions, from where the handshake has left them.
    ///
    /// A stream whose end has been seen cannot be passed on: the canonical ABI traps that. Whether it has been seen is not
    /// told with the last bytes, so a read of nothing asks. In its stead goes a stream that has nothing but an end.
    pub(crate) async fn into_streams(mut self) -> (Bytes, StreamWriter<u8>) {
        let is_ended = {
            let mut read = pin!(self.received.read(Vec::new()));
            let (result, _) = match poll!(read.as_mut()) {
                Poll::Ready(outcome) => outcome,
                Poll::Pending => read.as_mut().cancel(),
            };
            result == StreamResult::Dropped
        };
        if is_ended {
            let (_, empty) = wit_stream::new();
            return (empty, self.sender);
        }
        (self.received, self.sender)
    }
}

impl Wire for Peer {
    async fn receive(&mut self, length: usize) -> Vec<u8> {
        // A read fills all the room there is, and a vector may have more than it was asked for, but not one that was a box.
        let mut bytes = vec![0; length].into_boxed_slice().into_vec();
        bytes.clear();
        while bytes.len() < length {
            let (result, filled) = self.received.read(bytes).await;
            bytes = filled;
            if result == StreamResult::Dropped {
                break;
            }
        }
        bytes
    }

    async fn send(&mut self, message: Vec<u8>) -> Result<(), Refusal> {
        let left = self.sender.write_all(message).await;
        if left.is_empty() {
            Ok(())
        } else {
            Err(Refusal::Truncated)
        }
    }
}
