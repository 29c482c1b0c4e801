//! One TCP connection.

use std::task::Poll;

use adapter_connection::network::{ErrorCode, SocketAddress};
use adapter_connection::{Directions, Pollables};
use adapter_sockets::error_of_stream;
use wasi::clocks::monotonic_clock;
use wasi::io::streams::{InputStream, OutputStream};
use wasi::sockets::tcp::{ShutdownType, TcpSocket};

/// An accepted socket, and its streams.
///
/// The streams are children of the socket, so they stand before it: fields are dropped in this order.
#[derive(Debug)]
pub(crate) struct Transport {
    input: InputStream,
    output: OutputStream,
    socket: TcpSocket,
    remote: SocketAddress,
    local: SocketAddress,
}

impl Transport {
    pub(crate) fn new(socket: TcpSocket, input: InputStream, output: OutputStream) -> Self {
        // A peer that is gone already has no address any more.
        let address = |address: Result<_, _>| match address {
            Ok(address) => adapter_sockets::from_std(adapter_sockets::from_wasi(address)),
            Err(_) => SocketAddress::Unix(None),
        };
        Self {
            remote: address(socket.remote_address()),
            local: address(socket.local_address()),
            input,
            output,
            socket,
        }
    }

    /// Sends the end of the stream behind what was sent, without waiting for that.
    pub(crate) fn shut_down(&mut self) {
        // It fails where the connection has failed, and then there is nothing to end.
        let _ = self.socket.shutdown(ShutdownType::Send);
    }

    /// Throws away what was received, and returns whether the peer has ended or is lost.
    pub(crate) fn discard(&mut self) -> bool {
        loop {
            match self.input.read(DISCARDED_AT_ONCE) {
                Ok(received) if received.is_empty() => return false,
                Ok(_) => {}
                Err(_) => return true,
            }
        }
    }

    /// Whether everything that was sent has left, or cannot any more.
    pub(crate) fn is_sent(&self) -> bool {
        !matches!(self.output.check_write(), Ok(0))
    }

    /// Wakes up when there may be something to discard.
    pub(crate) fn wake_of_input(&self, pollables: &mut Pollables) {
        pollables.add(self.input.subscribe());
    }

    /// Wakes up when everything may have been sent.
    pub(crate) fn wake_of_output(&self, pollables: &mut Pollables) {
        pollables.add(self.output.subscribe());
    }
}

const DISCARDED_AT_ONCE: u64 = 65_536;

impl adapter_connection::Transport for Transport {
    fn receive(&mut self, max: usize) -> Poll<Result<Vec<u8>, ErrorCode>> {
        match self.input.read(max as u64) {
            Ok(received) if received.is_empty() => Poll::Pending,
            Ok(received) => Poll::Ready(Ok(received)),
            Err(error) => Poll::Ready(error_of_stream(error).map_or(Ok(Vec::new()), Err)),
        }
    }

    fn send(&mut self, data: &[u8]) -> Poll<Result<usize, ErrorCode>> {
        // As much as the runtime allows at once: with writes of 4096 bytes, as the blocking call of WASI has them, the
        // system would hold back the end of each message until the beginning is acknowledged.
        let sent = self.output.check_write().and_then(|permit| {
            let taken = usize::try_from(permit).unwrap_or(usize::MAX).min(data.len());
            if taken > 0 {
                self.output.write(&data[..taken])?;
            }
            Ok(taken)
        });
        match sent {
            Ok(0) => Poll::Pending,
            Ok(taken) => Poll::Ready(Ok(taken)),
            Err(error) => Poll::Ready(Err(error_of_stream(error).unwrap_or(ErrorCode::ConnectionBroken))),
        }
    }

    fn can_send(&mut self) -> bool {
        self.is_sent()
    }

    fn end_receiving(&mut self) {
        let _ = self.socket.shutdown(ShutdownType::Receive);
    }

    fn end_sending(&mut self) {
        self.shut_down();
    }

    fn wait(&mut self, directions: Directions, until: Option<u64>) {
        let mut pollables = Pollables::default();
        if directions.receiving {
            self.wake_of_input(&mut pollables);
        }
        if directions.sending {
            self.wake_of_output(&mut pollables);
        }
        pollables.wait(until);
    }

    fn now(&self) -> u64 {
        monotonic_clock::now()
    }

    fn remote_address(&self) -> SocketAddress {
        self.remote.clone()
    }

    fn local_address(&self) -> SocketAddress {
        self.local.clone()
    }
}
