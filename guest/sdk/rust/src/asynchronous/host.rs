//! The two streams of the host, so that dropping an operation loses no byte.
//!
//! In a component alone. The canonical ABI reads and writes memory that belongs to the operation. So each takes the buffer
//! of its caller, and gives it back when it is done, or when it is dropped before that.

mod operation;

use std::mem::take;
use std::pin::{Pin, pin};

use wit_bindgen::{FutureRead, StreamReader, StreamWriter};

use self::operation::{Read, Write};
use super::raw::{Bytes, End};
use crate::bindings::socketserver::core::network;
use crate::error::ErrorCode;

/// What the peer sends.
pub(crate) struct Incoming {
    /// `None` when no more shall be received.
    stream: Option<StreamReader<u8>>,
    /// Known here too, because the canonical ABI traps a read after the end.
    is_ended: bool,
    reason: Reason,
}

/// Why there is no more to receive.
enum Reason {
    /// One future for all calls, because one that was dropped while it waited could not be asked again.
    Open(Pin<Box<FutureRead<Result<(), network::ErrorCode>>>>),
    Known(Result<(), ErrorCode>),
}

impl Incoming {
    pub(crate) fn new(received: Bytes, received_end: End) -> Self {
        Self {
            stream: Some(received),
            is_ended: false,
            reason: Reason::Open(Box::pin(received_end.into_future())),
        }
    }

    /// Appends to `buffer` at least one byte, and at most what it has room for, which must not be nothing. Returns 0 at
    /// the end of the stream.
    pub(crate) async fn read(&mut self, buffer: &mut Vec<u8>) -> Result<usize, ErrorCode> {
        let before = buffer.len();
        while let (Some(stream), false) = (&mut self.stream, self.is_ended) {
            let read = pin!(stream.read(take(buffer)));
            Read::new(read, buffer, &mut self.is_ended).await;
            if buffer.len() > before {
                return Ok(buffer.len() - before);
            }
        }
        self.reason().await.map(|()| 0)
    }

    async fn reason(&mut self) -> Result<(), ErrorCode> {
        let reason = match &mut self.reason {
            Reason::Open(told) => told.as_mut().await.map_err(ErrorCode::from),
            Reason::Known(reason) => return reason.clone(),
        };
        self.reason = Reason::Known(reason.clone());
        reason
    }

    /// Receive no more.
    pub(crate) fn close(&mut self) {
        self.stream = None;
        self.reason = Reason::Known(Ok(()));
    }
}

/// What the peer is sent.
pub(crate) struct Outgoing {
    /// `None` when no more shall be sent.
    stream: Option<StreamWriter<u8>>,
    /// Known here too, because the canonical ABI traps a write after the peer has gone.
    is_broken: bool,
}

impl Outgoing {
    pub(crate) fn new(stream: StreamWriter<u8>) -> Self {
        Self {
            stream: Some(stream),
            is_broken: false,
        }
    }

    /// Sends all of `data` and leaves it empty. After an error, or when it was dropped, the bytes are left that were not
    /// sent.
    pub(crate) async fn write_all(&mut self, data: &mut Vec<u8>) -> Result<(), ErrorCode> {
        if data.is_empty() {
            return Ok(());
        }
        let (Some(stream), false) = (&mut self.stream, self.is_broken) else {
            return Err(ErrorCode::ConnectionBroken);
        };
        let mut left = {
            let write = pin!(stream.write(take(data)));
            Write::new(write, data, &mut self.is_broken).await
        };
        while left.remaining() > 0 && !self.is_broken {
            // The buffer as it is, for a vector of the rest would be moved to its front each time.
            let write = pin!(stream.write_buf(left));
            left = Write::new(write, data, &mut self.is_broken).await;
        }
        *data = left.into_vec();
        if data.is_empty() {
            return Ok(());
        }
        Err(ErrorCode::ConnectionBroken)
    }

    /// End the stream.
    pub(crate) fn close(&mut self) {
        self.stream = None;
    }
}
