//! The bytes between `wfile` and the connection.
//!
//! Shared by the writer, which fills the buffer, and the reader, which empties it before it waits for the peer.

use std::io;

use crate::connection::Connection;

/// How many bytes the buffer holds at most: as many as one receive returns, so that copying the received bytes through
/// it sends them with one call.
const CAPACITY: usize = 65_536;

/// Writes of this many bytes go past an empty buffer: from here on copying them costs more than a call to the host saves.
const LARGE: usize = 16_384;

/// Allocated by the first write that needs it, and grown as needed: a handler that answers in hundreds of bytes
/// has a buffer of hundreds of bytes.
#[derive(Default)]
pub(crate) struct Output(Vec<u8>);

impl Output {
    pub(crate) fn write(&mut self, connection: &Connection, data: &[u8]) -> io::Result<usize> {
        if self.0.len() + data.len() > CAPACITY {
            self.flush(connection)?;
        }
        if self.0.is_empty() && data.len() >= LARGE {
            return connection.send(data);
        }
        self.0.extend_from_slice(data);
        Ok(data.len())
    }

    /// Sends everything. After an error exactly the bytes that were not sent are left, so calling again continues.
    pub(crate) fn flush(&mut self, connection: &Connection) -> io::Result<()> {
        let mut sent = 0;
        let result = loop {
            if sent == self.0.len() {
                break Ok(());
            }
            // Not `send_all`, which cannot tell how much it has sent when the time is up.
            match connection.send(&self.0[sent..]) {
                Ok(0) => break Err(io::ErrorKind::WriteZero.into()),
                Ok(n) => sent += n,
                Err(error) => break Err(error),
            }
        };
        self.0.drain(..sent);
        result
    }
}
