//! The body of a request, as its guest reads it: counted, bounded, and not waited for without end.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep, sleep_until};

use super::BodyError;
use super::exchange::{Exchange, Fault};

/// A request's body. Nothing of it is buffered here: hyper reads no further than the guest does.
pub(crate) struct Received {
    incoming: Incoming,
    exchange: Arc<Exchange>,
    /// Bytes that may still come.
    left: u64,
    idle: Duration,
    /// Set while the guest waits.
    sleep: Option<Pin<Box<Sleep>>>,
    waits: bool,
}

impl Received {
    pub(super) fn new(incoming: Incoming, exchange: Arc<Exchange>) -> Self {
        let http = &exchange.link.server.http;
        let (left, idle) = (http.max_request_body.unwrap_or(u64::MAX), http.body_idle_timeout);
        exchange.set_unread(!incoming.is_end_stream());
        Self {
            incoming,
            exchange,
            left,
            idle,
            sleep: None,
            waits: false,
        }
    }

    fn note_end(&self) {
        self.exchange.set_unread(false);
        self.exchange.link.set_unread(false);
    }

    fn fail(&self, fault: Fault, error: BodyError) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        self.exchange.set_fault(fault);
        Poll::Ready(Some(Err(error)))
    }

    fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let idle = self.idle;
        let sleep = self
            .sleep
            .get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + idle)));
        if !self.waits {
            self.waits = true;
            sleep.as_mut().reset(Instant::now() + idle);
        }
        sleep.as_mut().poll(cx)
    }
}

impl Body for Received {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match Pin::new(&mut self.incoming).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => {
                self.waits = false;
                let length = frame.data_ref().map_or(0, Bytes::len);
                self.exchange.meter().receive(length);
                match self.left.checked_sub(length as u64) {
                    Some(left) => self.left = left,
                    None => return self.fail(Fault::RequestSize, BodyError::TooLong),
                }
                if self.incoming.is_end_stream() {
                    self.note_end();
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(_))) => Poll::Ready(Some(Err(BodyError::Connection))),
            Poll::Ready(None) => {
                self.note_end();
                Poll::Ready(None)
            }
            Poll::Pending => match self.poll_idle(cx) {
                Poll::Ready(()) => self.fail(Fault::Idle, BodyError::Idle),
                Poll::Pending => Poll::Pending,
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}

impl Drop for Received {
    fn drop(&mut self) {
        self.exchange.set_unread(false);
    }
}
