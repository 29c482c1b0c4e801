//! The body of a response. What sends it runs the guest that makes it.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::BodyError;
use super::exchange::Entry;
use crate::event::{CloseReason, Outcome};
use crate::sandbox::{Ending, GuestBody, Handling};

/// A response's body. The exchange ends with it.
pub(super) struct Sent(State);

enum State {
    /// Everything is there.
    Whole(VecDeque<Bytes>, Option<Entry>),
    /// The rest of it is being made. On the heap, because most are whole from the start.
    Streamed(Box<Streamed>),
}

struct Streamed {
    /// What came before it was known that the rest does not come at once.
    ready: VecDeque<Frame<Bytes>>,
    body: Option<GuestBody>,
    guest: Option<Handling>,
    ending: Option<Ending>,
    /// Bytes that may still be sent.
    left: u64,
    /// Bytes that are still to be given to hyper, where the response says how many: it does not ask for an end after them.
    expected: Option<u64>,
    failed: bool,
    entry: Option<Entry>,
}

impl Sent {
    /// A body without a byte, for an exchange that is over.
    pub(super) fn nothing() -> Self {
        Self(State::Whole(VecDeque::new(), None))
    }

    /// The body that the guest has begun, or made. If all of it is there already its length is known.
    ///
    /// # Errors
    ///
    /// The entry again, for a body that is longer than it may be, or is whole and not as long as was said, or whose guest
    /// has failed: nothing of it was sent.
    pub(super) fn of(
        body: GuestBody,
        guest: Option<Handling>,
        ending: Option<Ending>,
        length: Option<u64>,
        entry: Entry,
        cx: &mut Context<'_>,
    ) -> Result<Self, (Entry, Failed)> {
        let max = entry.exchange.link.server.http.max_response_body.unwrap_or(u64::MAX);
        let mut streamed = Streamed {
            ready: VecDeque::new(),
            body: Some(body),
            guest,
            ending,
            left: max,
            expected: length,
            failed: false,
            entry: None,
        };
        let mut is_driven = false;
        while streamed.ready.len() < MAX_READY {
            match streamed.poll_body(cx) {
                Poll::Ready(Some(Ok(frame))) => {
                    streamed.ready.push_back(frame);
                    is_driven = false;
                }
                Poll::Ready(Some(Err(failed))) => return Err((entry, failed)),
                Poll::Ready(None) => break,
                Poll::Pending if is_driven || streamed.guest.is_none() => break,
                // It may have waited for what it has sent to be taken.
                Poll::Pending => {
                    streamed.drive(cx);
                    is_driven = true;
                }
            }
        }
        if streamed.body.is_none() {
            // It may have waited for that all of it is taken.
            streamed.drive(cx);
        }
        if let Some(failed) = streamed.failure() {
            return Err((entry, failed));
        }
        let is_over = streamed.body.is_none() && streamed.ending.is_some();
        if is_over && streamed.ready.iter().all(Frame::is_data) {
            let sent = max - streamed.left;
            // hyper sends what it is given under the length that the handler said: the peer would take what is too much for
            // the next response.
            if length.is_some_and(|length| length != sent) {
                let why = format!("the body has {sent} bytes, and the handler said another length");
                return Err((entry, Failed::Body(Outcome::HandlerError, why)));
            }
            let data = streamed.ready.into_iter().filter_map(|frame| frame.into_data().ok());
            return Ok(Self(State::Whole(
                data.filter(|data| !data.is_empty()).collect(),
                Some(entry),
            )));
        }
        if !entry.exchange.is_http2 {
            entry.exchange.link.set_response_deadline(entry.exchange.deadline());
        }
        streamed.entry = Some(entry);
        Ok(Self(State::Streamed(Box::new(streamed))))
    }

    /// The end of a response that has no body on the wire, while the guest goes on.
    pub(super) fn discard(body: GuestBody, guest: Handling, entry: Entry) -> Self {
        let link = std::sync::Arc::clone(&entry.exchange.link);
        let mut rest = Streamed {
            ready: VecDeque::new(),
            body: Some(body),
            guest: Some(guest),
            ending: None,
            left: u64::MAX,
            expected: None,
            failed: false,
            entry: None,
        };
        link.server.drain.spawn(async move {
            std::future::poll_fn(|cx| rest.poll_rest(cx)).await;
            if let Some(ending) = rest.ending.take() {
                entry.close(ending);
            }
        });
        Self::nothing()
    }
}

/// Why a response cannot be finished.
pub(super) enum Failed {
    /// Its body, or that of the request, cannot go on.
    Body(Outcome, String),
    /// The guest failed.
    Guest(Ending),
}

impl Failed {
    pub(super) fn close(self, entry: Entry) {
        match self {
            Self::Body(outcome, message) => entry.close_as(outcome, message, Vec::new()),
            Self::Guest(ending) => entry.close(ending),
        }
    }
}

impl Streamed {
    /// Runs the guest as far as it goes.
    fn drive(&mut self, cx: &mut Context<'_>) {
        if let Some(guest) = &mut self.guest
            && let Poll::Ready(ending) = guest.poll(cx)
        {
            self.ending = Some(ending);
            self.guest = None;
        }
    }

    fn failure(&mut self) -> Option<Failed> {
        let fault = self.entry.as_ref().and_then(|entry| entry.exchange.fault());
        if let Some(fault) = fault {
            return Some(Failed::Body(fault.outcome(), String::new()));
        }
        let failed = self.ending.take_if(|ending| ending.reason != CloseReason::Completed);
        failed.map(Failed::Guest)
    }

    fn poll_body(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Failed>>> {
        let Some(body) = &mut self.body else {
            return Poll::Ready(None);
        };
        match Pin::new(body).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => {
                if frame.is_trailers() {
                    self.body = None;
                }
                let length = frame.data_ref().map_or(0, Bytes::len) as u64;
                match self.left.checked_sub(length) {
                    Some(left) => self.left = left,
                    None => return Poll::Ready(Some(Err(Failed::Body(Outcome::ResponseSize, String::new())))),
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(error))) => {
                // A handler may give the body of the request back.
                let failed = match error {
                    BodyError::Connection => Failed::Body(Outcome::Aborted, String::new()),
                    BodyError::Guest(message) => Failed::Body(Outcome::HandlerError, message),
                    BodyError::Idle => Failed::Body(Outcome::Idle, String::new()),
                    BodyError::TooLong => Failed::Body(Outcome::RequestSize, String::new()),
                };
                Poll::Ready(Some(Err(failed)))
            }
            Poll::Ready(None) => {
                self.body = None;
                Poll::Ready(None)
            }
            Poll::Pending => Poll::Pending,
        }
    }

    /// Runs the guest to its end, and takes what it still sends.
    fn poll_rest(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            self.drive(cx);
            if self.ending.is_some() {
                return Poll::Ready(());
            }
            match self.poll_body(cx) {
                Poll::Ready(Some(Ok(_))) => {}
                // What it cannot send it need not: its own end says how it went.
                Poll::Ready(Some(Err(_)) | None) => self.body = None,
                Poll::Pending => return Poll::Pending,
            }
            if self.body.is_none() {
                self.drive(cx);
                return if self.ending.is_some() {
                    Poll::Ready(())
                } else {
                    Poll::Pending
                };
            }
        }
    }

    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if self.failed {
            return Poll::Ready(Some(Err(BodyError::Guest(
                "the response cannot be finished".to_owned(),
            ))));
        }
        if let Some(entry) = &self.entry {
            entry.exchange.note_asked();
        }
        self.drive(cx);
        if let Some(failed) = self.failure() {
            return self.fail(failed, cx);
        }
        let frame = match self.ready.pop_front() {
            Some(frame) => Poll::Ready(Some(Ok(frame))),
            None => self.poll_body(cx),
        };
        match frame {
            Poll::Ready(Some(Ok(frame))) => {
                self.give(&frame);
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(failed))) => self.fail(failed, cx),
            Poll::Ready(None) => {
                self.finish();
                Poll::Ready(None)
            }
            Poll::Pending => Poll::Pending,
        }
    }

    fn give(&mut self, frame: &Frame<Bytes>) {
        let length = frame.data_ref().map_or(0, Bytes::len);
        if let Some(entry) = &self.entry {
            entry.exchange.meter().send(length);
            entry.exchange.note_given();
        }
        self.expected = self.expected.map(|left| left.saturating_sub(length as u64));
        // Nothing comes after these, so nobody asks any more.
        if frame.is_trailers() || self.expected == Some(0) {
            self.finish();
        }
    }

    /// Ends the exchange, and the response a moment later: hyper sends first what it was given before.
    fn fail(&mut self, failed: Failed, cx: &Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        self.failed = true;
        self.guest = None;
        self.body = None;
        if let Some(entry) = self.take_entry() {
            failed.close(entry);
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Takes the entry, when hyper has all that it gets of the response.
    fn take_entry(&mut self) -> Option<Entry> {
        let entry = self.entry.take()?;
        entry.exchange.link.set_response_deadline(None);
        Some(entry)
    }

    /// Ends the exchange with its response. A guest that goes on may do so: a task of its own runs it to its end.
    fn finish(&mut self) {
        let Some(entry) = self.take_entry() else { return };
        match (self.guest.take(), self.ending.take()) {
            (Some(mut guest), _) => {
                let link = std::sync::Arc::clone(&entry.exchange.link);
                link.server.drain.spawn(async move {
                    let ending = std::future::poll_fn(|cx| guest.poll(cx)).await;
                    entry.close(ending);
                });
            }
            (None, Some(ending)) => entry.close(ending),
            // The guest's end is known by now; its entry says so itself if it is not.
            (None, None) => {}
        }
    }
}

impl Body for Sent {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match &mut self.0 {
            State::Whole(data, entry) => {
                let next = data.pop_front();
                if let Some(entry) = entry {
                    entry.exchange.meter().send(next.as_ref().map_or(0, Bytes::len));
                    entry.exchange.note_given();
                }
                if data.is_empty()
                    && let Some(entry) = entry.take()
                {
                    entry.close_as(Outcome::Completed, String::new(), Vec::new());
                }
                Poll::Ready(next.map(|data| Ok(Frame::data(data))))
            }
            State::Streamed(streamed) => streamed.poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            State::Whole(data, _) => data.is_empty(),
            State::Streamed(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            State::Whole(data, _) => SizeHint::with_exact(data.iter().map(|data| data.len() as u64).sum()),
            State::Streamed(_) => SizeHint::default(),
        }
    }
}

impl Drop for Sent {
    /// A body without a byte is never asked for, and complete.
    fn drop(&mut self) {
        if let State::Whole(data, entry) = &mut self.0
            && data.is_empty()
            && let Some(entry) = entry.take()
        {
            entry.close_as(Outcome::Completed, String::new(), Vec::new());
        }
    }
}

/// Parts of a body that are looked for at once: as many as a guest can have sent without waiting for hyper.
const MAX_READY: usize = 4;
