//! One request whose body is received, and its response whose body is sent.

use std::task::Poll;

use adapter_connection::network::{ErrorCode, SocketAddress};
use adapter_connection::{Directions, Pollables};
use adapter_exchange::{Incoming, Outgoing};
use wasi::clocks::monotonic_clock;
use wasi::http::types::{IncomingRequest, ResponseOutparam};

/// A request and its response.
#[derive(Debug)]
pub(crate) struct Transport {
    incoming: Incoming,
    outgoing: Outgoing,
}

const OK: u16 = 200;
const INTERNAL_SERVER_ERROR: u16 = 500;

impl Transport {
    pub(crate) fn new(request: IncomingRequest, response_out: ResponseOutparam) -> Self {
        Self {
            incoming: Incoming::new(request),
            outgoing: Outgoing::Begun(response_out),
        }
    }

    pub(crate) const fn incoming(&self) -> &Incoming {
        &self.incoming
    }

    /// The handler has returned.
    pub(crate) fn close(mut self, succeeded: bool) {
        if succeeded {
            // If the head is refused, there is nothing that could be sent.
            let _ = self.begin();
            self.outgoing.finish();
        } else {
            self.outgoing.fail(INTERNAL_SERVER_ERROR);
        }
    }

    fn begin(&mut self) -> Result<(), ErrorCode> {
        // What a handler sends is bytes, of which nothing else is known.
        let content_type = ("content-type".to_owned(), b"application/octet-stream".to_vec());
        self.outgoing.begin(OK, &[content_type])
    }
}

impl adapter_connection::Transport for Transport {
    fn receive(&mut self, max: usize) -> Poll<Result<Vec<u8>, ErrorCode>> {
        self.incoming.read(max)
    }

    fn send(&mut self, data: &[u8]) -> Poll<Result<usize, ErrorCode>> {
        match self.begin() {
            Ok(()) => self.outgoing.write(data),
            Err(error) => Poll::Ready(Err(error)),
        }
    }

    fn can_send(&mut self) -> bool {
        self.outgoing.can_write()
    }

    fn end_receiving(&mut self) {
        self.incoming.end();
    }

    fn end_sending(&mut self) {
        let _ = self.begin();
        self.outgoing.finish();
    }

    fn wait(&mut self, directions: Directions, until: Option<u64>) {
        let mut pollables = Pollables::default();
        if directions.receiving {
            self.incoming.wake(&mut pollables);
        }
        if directions.sending {
            self.outgoing.wake(&mut pollables);
        }
        pollables.wait(until);
    }

    fn now(&self) -> u64 {
        monotonic_clock::now()
    }

    /// WASI tells no address of an HTTP request.
    fn remote_address(&self) -> SocketAddress {
        SocketAddress::Unix(None)
    }

    fn local_address(&self) -> SocketAddress {
        SocketAddress::Unix(None)
    }
}
