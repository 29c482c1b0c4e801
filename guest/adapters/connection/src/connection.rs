//! The promises of `wit/connections.wit`, kept over any transport.

use std::task::Poll;

use crate::clock::{Deadline, Passed};
use crate::network::ErrorCode;
use crate::transport::{Directions, Transport};

/// The most bytes that `receive` returns.
const LARGEST_RECEIVED: usize = 65_536;

/// A connection over a transport.
#[derive(Debug)]
pub struct Connection<T> {
    transport: T,
    /// What was taken from the transport and not returned yet.
    received: Vec<u8>,
    receiving: Receiving,
    sending: bool,
    /// In milliseconds.
    timeout: Option<u32>,
    /// In milliseconds.
    idle_timeout: Option<u32>,
}

/// What is known of the direction from the peer.
#[derive(Debug)]
enum Receiving {
    Open,
    /// It has failed, and nobody was told yet.
    Failed(ErrorCode),
    Ended,
}

impl<T: Transport> Connection<T> {
    /// A new connection. One that waits for longer than `idle_timeout`, in milliseconds, is aborted: the call that
    /// waits fails with `connection-aborted`, and later ones see a connection that has ended.
    pub fn new(transport: T, idle_timeout: Option<u32>) -> Self {
        Self {
            transport,
            received: Vec::new(),
            receiving: Receiving::Open,
            sending: true,
            timeout: None,
            idle_timeout,
        }
    }

    /// What it is made of.
    pub fn transport(&mut self) -> &mut T {
        &mut self.transport
    }

    /// What it is made of, at its end.
    pub fn into_transport(self) -> T {
        self.transport
    }

    /// Whether the peer has sent everything, or can no longer be received from.
    #[must_use]
    pub fn has_ended_receiving(&self) -> bool {
        !matches!(self.receiving, Receiving::Open)
    }

    /// `connection.receive`
    pub fn receive(&mut self, max: u32) -> Result<Vec<u8>, ErrorCode> {
        let max = usize::try_from(max).unwrap_or(usize::MAX).min(LARGEST_RECEIVED);
        if max == 0 {
            return Err(ErrorCode::InvalidArgument);
        }
        let deadline = self.deadline();
        while self.received.is_empty() {
            if let Receiving::Open = self.receiving {
                if !self.take_received(max) {
                    self.wait_until(Directions::RECEIVING, deadline)?;
                }
                continue;
            }
            return match std::mem::replace(&mut self.receiving, Receiving::Ended) {
                Receiving::Failed(error) => Err(error),
                _ => Ok(Vec::new()),
            };
        }
        if self.received.len() <= max {
            return Ok(std::mem::take(&mut self.received));
        }
        let rest = self.received.split_off(max);
        Ok(std::mem::replace(&mut self.received, rest))
    }

    /// `connection.send`
    pub fn send(&mut self, data: &[u8]) -> Result<u32, ErrorCode> {
        if data.is_empty() {
            return Ok(0);
        }
        let deadline = self.deadline();
        let sent = self.send_some(data, deadline)?;
        // As long as `data`, whose length is of 32 bits.
        Ok(u32::try_from(sent).unwrap_or(u32::MAX))
    }

    /// `connection.send-all`
    pub fn send_all(&mut self, mut data: &[u8]) -> Result<(), ErrorCode> {
        let mut deadline = self.deadline();
        while !data.is_empty() {
            let sent = self.send_some(data, deadline)?;
            data = &data[sent..];
            // It is idle for as long as nothing moves, while the time of `set-timeout` bounds the whole call.
            deadline = deadline.moved(self.deadline());
        }
        Ok(())
    }

    /// `connection.wait`
    pub fn wait(&mut self, interest: Directions) -> Result<Directions, ErrorCode> {
        if interest.is_empty() {
            return Err(ErrorCode::InvalidArgument);
        }
        let deadline = self.deadline();
        loop {
            let ready = Directions {
                // The transport may be woken for nothing, so it is asked for bytes before anything is promised.
                receiving: interest.receiving && self.can_receive(),
                sending: interest.sending && (!self.sending || self.transport.can_send()),
            };
            if !ready.is_empty() {
                return Ok(ready);
            }
            self.wait_until(interest, deadline)?;
        }
    }

    /// `connection.shutdown`
    pub fn shutdown(&mut self, directions: Directions) -> Result<(), ErrorCode> {
        self.can_receive();
        if let Receiving::Failed(_) = self.receiving {
            self.receiving = Receiving::Ended;
            return Err(ErrorCode::InvalidState);
        }
        if directions.receiving && matches!(self.receiving, Receiving::Open) {
            self.receiving = Receiving::Ended;
            self.transport.end_receiving();
        }
        if directions.receiving {
            self.received.clear();
        }
        if directions.sending && self.sending {
            self.sending = false;
            self.transport.end_sending();
        }
        Ok(())
    }

    /// `connection.set-timeout`
    pub fn set_timeout(&mut self, milliseconds: Option<u32>) {
        self.timeout = milliseconds;
    }

    fn deadline(&self) -> Deadline {
        Deadline::new(self.transport.now(), self.timeout, self.idle_timeout)
    }

    fn can_receive(&mut self) -> bool {
        !self.received.is_empty() || self.has_ended_receiving() || self.take_received(LARGEST_RECEIVED)
    }

    /// Asks the transport for bytes, and returns whether it had an answer.
    fn take_received(&mut self, max: usize) -> bool {
        match self.transport.receive(max) {
            Poll::Pending => return false,
            Poll::Ready(Ok(received)) if received.is_empty() => self.receiving = Receiving::Ended,
            Poll::Ready(Ok(received)) => self.received = received,
            Poll::Ready(Err(error)) => self.receiving = Receiving::Failed(error),
        }
        true
    }

    fn send_some(&mut self, data: &[u8], deadline: Deadline) -> Result<usize, ErrorCode> {
        loop {
            if !self.sending {
                return Err(ErrorCode::ConnectionBroken);
            }
            match self.transport.send(data) {
                Poll::Ready(sent) => {
                    self.sending = sent.is_ok();
                    return sent;
                }
                Poll::Pending => self.wait_until(Directions::SENDING, deadline)?,
            }
        }
    }

    fn wait_until(&mut self, directions: Directions, deadline: Deadline) -> Result<(), ErrorCode> {
        match deadline.passed(self.transport.now()) {
            Some(Passed::Timeout) => return Err(ErrorCode::Timeout),
            Some(Passed::Idle) => {
                self.received.clear();
                self.receiving = Receiving::Ended;
                self.sending = false;
                self.transport.end_receiving();
                self.transport.end_sending();
                return Err(ErrorCode::ConnectionAborted);
            }
            None => {}
        }
        self.transport.wait(directions, deadline.next());
        Ok(())
    }
}

#[cfg(test)]
mod tests;
