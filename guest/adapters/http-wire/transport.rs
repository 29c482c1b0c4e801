//! One request that is received as bytes, and its response that is sent as bytes.

use std::task::Poll;

use adapter_connection::network::{ErrorCode, SocketAddress};
use adapter_connection::{Directions, Pollables};
use adapter_exchange::{Incoming, Outgoing, complain, method_name};
use adapter_wire::{BadRequest, Event, Request, RequestBody, Response};
use wasi::clocks::monotonic_clock;
use wasi::http::types::{IncomingRequest, ResponseOutparam};

/// A request and its response.
#[derive(Debug)]
pub(crate) struct Transport {
    incoming: Incoming,
    outgoing: Outgoing,
    /// How the body of the request is delimited, once its head was received.
    request_body: Option<RequestBody>,
    has_ended_receiving: bool,
    /// The failure of a body that was looked at before its turn.
    failure: Option<ErrorCode>,
    response: Response,
}

const BAD_REQUEST: u16 = 400;
const INTERNAL_SERVER_ERROR: u16 = 500;
const BAD_GATEWAY: u16 = 502;

impl Transport {
    pub(crate) fn new(request: IncomingRequest, response_out: ResponseOutparam) -> Self {
        let is_of_head = method_name(request.method()) == "HEAD";
        Self {
            incoming: Incoming::new(request),
            outgoing: Outgoing::Begun(response_out),
            request_body: None,
            has_ended_receiving: false,
            failure: None,
            response: Response::new(is_of_head),
        }
    }

    pub(crate) const fn incoming(&self) -> &Incoming {
        &self.incoming
    }

    /// The handler has returned.
    pub(crate) fn close(mut self, succeeded: bool) {
        if succeeded {
            self.finish();
        } else {
            // A response that is complete already stays what it is.
            self.outgoing.fail(INTERNAL_SERVER_ERROR);
        }
    }

    /// The handler sends nothing more.
    fn finish(&mut self) {
        if let Outgoing::Ended = self.outgoing {
            return;
        }
        match self.response.finish() {
            Ok(()) => self.outgoing.finish(),
            Err(malformed) => {
                complain(&malformed.to_string());
                self.outgoing.fail(BAD_GATEWAY);
            }
        }
    }

    /// The head of the request, and what of its body had to be looked at to know how that is delimited.
    fn head(&mut self, max: usize) -> Result<Vec<u8>, BadRequest> {
        let request = self.incoming.request();
        let request = Request {
            method: method_name(request.method()),
            target: request.path_with_query().unwrap_or_else(|| "/".to_owned()),
            authority: request.authority().unwrap_or_default(),
            fields: self.incoming.fields(),
        };
        let (body, first) = match request.length()? {
            Some(_) => (RequestBody::Sized, None),
            None => match self.incoming.read(max) {
                Poll::Ready(Ok(first)) if first.is_empty() => (RequestBody::Empty, None),
                Poll::Ready(Ok(first)) => (RequestBody::Chunked, Some(first)),
                Poll::Ready(Err(error)) => {
                    self.failure = Some(error);
                    (RequestBody::Chunked, None)
                }
                // It is being sent.
                Poll::Pending => (RequestBody::Chunked, None),
            },
        };
        let mut head = request.head(body)?;
        if let Some(first) = first {
            head.append(&mut body.part(first));
        }
        self.request_body = Some(body);
        Ok(head)
    }

    /// Sends what of `data` there is room for, and returns how much was taken.
    fn send_some(&mut self, data: &[u8]) -> Poll<Result<usize, ErrorCode>> {
        let mut taken = 0;
        loop {
            let (skipped, event) = match self.response.next(&data[taken..]) {
                Ok(next) => next,
                Err(malformed) => {
                    complain(&malformed.to_string());
                    self.outgoing.fail(BAD_GATEWAY);
                    return Poll::Ready(Err(ErrorCode::ConnectionBroken));
                }
            };
            taken += skipped;
            match event {
                Event::More if taken < data.len() => {}
                Event::More => return Poll::Ready(Ok(taken)),
                Event::Head(head) => {
                    if let Err(error) = self.outgoing.begin(head.status, &head.fields) {
                        complain(&format!(
                            "the runtime does not take the response of the handler: {error}"
                        ));
                        self.outgoing.fail(BAD_GATEWAY);
                        return Poll::Ready(Err(ErrorCode::ConnectionBroken));
                    }
                }
                Event::Body(part) => match self.outgoing.write(part) {
                    Poll::Ready(Ok(written)) => {
                        self.response.take(written);
                        taken += written;
                    }
                    _ if taken > 0 => return Poll::Ready(Ok(taken)),
                    unready => return unready,
                },
                // There is one request, so what follows its response is sent to nobody.
                Event::End if taken == 0 => return Poll::Ready(Err(ErrorCode::ConnectionBroken)),
                Event::End => return Poll::Ready(Ok(taken)),
            }
            if self.response.has_ended() {
                self.outgoing.finish();
            }
            if taken == data.len() {
                return Poll::Ready(Ok(taken));
            }
        }
    }
}

impl adapter_connection::Transport for Transport {
    fn receive(&mut self, max: usize) -> Poll<Result<Vec<u8>, ErrorCode>> {
        let Some(body) = self.request_body else {
            return Poll::Ready(Ok(self.head(max).unwrap_or_else(|BadRequest(why)| {
                complain(&format!("a request was refused: {why}"));
                self.outgoing.fail(BAD_REQUEST);
                Vec::new()
            })));
        };
        if let Some(failure) = self.failure.take() {
            return Poll::Ready(Err(failure));
        }
        if self.has_ended_receiving {
            return Poll::Ready(Ok(Vec::new()));
        }
        self.incoming.read(max).map_ok(|part| {
            if part.is_empty() {
                self.has_ended_receiving = true;
                return body.end();
            }
            body.part(part)
        })
    }

    fn send(&mut self, data: &[u8]) -> Poll<Result<usize, ErrorCode>> {
        self.send_some(data)
    }

    fn can_send(&mut self) -> bool {
        self.outgoing.can_write()
    }

    fn end_receiving(&mut self) {
        self.incoming.end();
    }

    fn end_sending(&mut self) {
        self.finish();
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
