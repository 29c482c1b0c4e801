//! The peer of an asynchronous handler: the same script, received and sent by futures.

use std::net::Shutdown;
use std::time::Duration;

use super::{Peer, Step, Transport as _, clock};
use crate::asynchronous::{AsyncHandler, AsyncRequest, Receiver, Sender, serve};
use crate::error::{ErrorCode, Result};

/// Serve the connection of `peer` with an asynchronous handler, as the host would, in the time of
/// [`block_on`](super::block_on).
///
/// A failure in the script is the end of what the peer sends, as it is for such a handler.
///
/// # Errors
///
/// The error of the handler.
pub fn serve_async<H: AsyncHandler>(peer: &Peer) -> Result {
    let receiver = Receiver::new(Incoming::new(peer.clone()));
    let sender = Sender::new(Outgoing::new(peer.clone()));
    let request = AsyncRequest::new(receiver, sender, peer.remote_address(), peer.local_address());
    super::block_on(serve::<H>(request))
}

/// What the peer sends.
pub(crate) struct Incoming {
    peer: Peer,
    /// The end of a silence that has begun.
    quiet_until: Option<Duration>,
    end: Option<Result<(), ErrorCode>>,
}

impl Incoming {
    pub(crate) fn new(peer: Peer) -> Self {
        Self {
            peer,
            quiet_until: None,
            end: None,
        }
    }

    pub(crate) async fn read(&mut self, buffer: &mut Vec<u8>) -> Result<usize, ErrorCode> {
        loop {
            if let Some(at) = self.quiet_until {
                clock::sleep_until(at).await;
                self.quiet_until = None;
            }
            if let Some(end) = &self.end {
                return end.clone().map(|()| 0);
            }
            match self.peer.next_step() {
                Some(Step::Bytes(mut part)) => {
                    let length = part.len().min(buffer.capacity() - buffer.len());
                    buffer.extend(part.drain(..length));
                    if !part.is_empty() {
                        self.peer.first(Step::Bytes(part));
                    }
                    if length > 0 {
                        return Ok(length);
                    }
                }
                Some(Step::Quiet(duration)) => self.quiet_until = Some(clock::now().saturating_add(duration)),
                Some(Step::Fail(code)) => self.end = Some(Err(code)),
                None => self.end = Some(Ok(())),
            }
        }
    }

    pub(crate) fn close(&mut self) {
        self.quiet_until = None;
        self.end = Some(Ok(()));
    }
}

/// What the peer gets.
pub(crate) struct Outgoing {
    peer: Peer,
    is_open: bool,
}

impl Outgoing {
    pub(crate) fn new(peer: Peer) -> Self {
        Self { peer, is_open: true }
    }

    #[expect(clippy::unused_async, reason = "in a component it waits")]
    pub(crate) async fn write_all(&mut self, data: &mut Vec<u8>) -> Result<(), ErrorCode> {
        while !data.is_empty() {
            if !self.is_open {
                return Err(ErrorCode::ConnectionBroken);
            }
            match self.peer.send(data) {
                Ok(sent) => drop(data.drain(..sent as usize)),
                Err(code) => {
                    self.is_open = false;
                    return Err(code);
                }
            }
        }
        Ok(())
    }

    /// Written down only when the handler ended it before it returned, as with a blocking one.
    pub(crate) fn close(&mut self) {
        if self.is_open {
            self.is_open = false;
            let _ = self.peer.shutdown(Shutdown::Write);
        }
    }
}
