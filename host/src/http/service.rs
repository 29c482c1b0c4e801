//! From a request to its response.

use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use http::header::{CONNECTION, CONTENT_LENGTH, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use http_body::Body as _;
use hyper::body::Incoming;

use super::exchange::{Entry, Fault};
use super::link::Link;
use super::received::Received;
use super::response::{Failed, Sent};
use super::{BodyError, head, streams};
use crate::event::{CloseReason, Outcome};
use crate::sandbox::{Declined, Ending, GuestBody, Handling};

/// The service of one connection.
pub(super) struct Service(pub(super) Arc<Link>);

impl hyper::service::Service<Request<Incoming>> for Service {
    type Response = Response<Sent>;
    type Error = BodyError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Sent>, BodyError>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let entry = Entry::open(&self.0, &request);
        Box::pin(async move {
            let is_http1 = !entry.exchange.is_http2;
            let link = Arc::clone(&entry.exchange.link);
            let mut response = serve(request, entry).await?;
            if is_http1 && is_last(&link) {
                response
                    .headers_mut()
                    .insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok(response)
        })
    }
}

/// Whether a connection takes no request after this one. With HTTP/2 the driver says so.
fn is_last(link: &Link) -> bool {
    let max = link.server.http.max_connection_requests;
    max.is_some_and(|max| link.begun() >= u64::from(max)) || link.server.drain.stop().is_killed()
}

async fn serve(request: Request<Incoming>, entry: Entry) -> Result<Response<Sent>, BodyError> {
    let exchange = Arc::clone(&entry.exchange);
    let server = Arc::clone(&exchange.link.server);
    if exchange.is_http2 {
        streams::watch(&exchange);
    }
    let (mut parts, body) = request.into_parts();
    if let Err((status, why)) = head::check(&mut parts, &exchange.connection().listener) {
        return Ok(refuse(entry, status, why));
    }
    let max = server.http.max_request_body;
    if max.is_some_and(|max| body.size_hint().lower() > max) {
        return Ok(refuse_as(
            entry,
            Outcome::RequestSize,
            StatusCode::PAYLOAD_TOO_LARGE,
            "",
        ));
    }
    let Some(permit) = server.permits.request(server.http.queue_timeout).await else {
        return Ok(refuse(
            entry,
            StatusCode::SERVICE_UNAVAILABLE,
            "all sandboxes are in use",
        ));
    };
    for (name, _) in &server.http.headers {
        parts.headers.remove(name);
    }
    for (name, value) in &server.http.headers {
        parts.headers.append(name, value.clone());
    }
    let body = Received::new(body, Arc::clone(&exchange));
    let sandbox = server.sandbox.load_full();
    let mut guest = sandbox.answer(Request::from_parts(parts, body), &exchange, &server, permit);
    let begun = std::future::poll_fn(|cx| {
        let ended = guest.poll(cx);
        // What a body has found goes before what the guest makes of it.
        if let Some(fault) = exchange.fault() {
            return Poll::Ready(Begun::Fault(fault));
        }
        match (guest.take_head(), ended) {
            (Some(Ok(head)), Poll::Ready(ending)) => Poll::Ready(Begun::Head(Box::new(head), Some(ending))),
            (Some(Ok(head)), Poll::Pending) => Poll::Ready(Begun::Head(Box::new(head), None)),
            (Some(Err(declined)), _) => Poll::Ready(Begun::Declined(declined)),
            (None, Poll::Ready(ending)) => Poll::Ready(Begun::Ended(ending)),
            (None, Poll::Pending) => Poll::Pending,
        }
    });
    match begun.await {
        Begun::Declined(Declined { status, message }) => {
            drop(guest);
            entry.exchange.set_status(status);
            entry.close_as(Outcome::HandlerError, message, Vec::new());
            Ok(empty(status))
        }
        Begun::Ended(ending) => fail(entry, ending),
        Begun::Fault(fault) => {
            drop(guest);
            Ok(refuse_as(entry, fault.outcome(), fault.status(), ""))
        }
        Begun::Head(head, ending) => begin(*head, guest, ending, entry).await,
    }
}

/// How far a guest came at first.
enum Begun {
    Declined(Declined),
    Ended(Ending),
    Fault(Fault),
    Head(Box<Response<GuestBody>>, Option<Ending>),
}

/// Answers with what the guest has begun.
async fn begin(
    head: Response<GuestBody>,
    guest: Handling,
    ending: Option<Ending>,
    entry: Entry,
) -> Result<Response<Sent>, BodyError> {
    let (parts, body) = head.into_parts();
    let max = entry.exchange.link.server.http.max_response_body;
    let length = parts
        .headers
        .get(CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if max.zip(length).is_some_and(|(max, length)| length > max) {
        return Ok(refuse_as(
            entry,
            Outcome::ResponseSize,
            StatusCode::INTERNAL_SERVER_ERROR,
            "",
        ));
    }
    if parts.status.is_informational() {
        let why = format!(
            "the handler answered with status {}, which ends no request",
            parts.status.as_u16()
        );
        return Ok(refuse_as(
            entry,
            Outcome::HandlerError,
            StatusCode::INTERNAL_SERVER_ERROR,
            &why,
        ));
    }
    let has_no_body = *entry.exchange.method() == Method::HEAD
        || matches!(parts.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    entry.exchange.set_status(parts.status);
    if has_no_body && ending.is_none() {
        return Ok(Response::from_parts(parts, Sent::discard(body, guest, entry)));
    }
    let guest = ending.is_none().then_some(guest);
    let mut begun = Some((body, guest, ending, entry));
    let sent = std::future::poll_fn(|cx| {
        let begun = begun.take();
        Poll::Ready(begun.map(|(body, guest, ending, entry)| Sent::of(body, guest, ending, length, entry, cx)))
    });
    match sent.await {
        Some(Ok(sent)) if has_no_body => {
            sent.complete();
            Ok(Response::from_parts(parts, Sent::nothing()))
        }
        Some(Ok(sent)) => Ok(Response::from_parts(parts, sent)),
        Some(Err((entry, Failed::Guest(ending)))) => fail(entry, ending),
        Some(Err((entry, failed))) => {
            entry.exchange.set_status(StatusCode::INTERNAL_SERVER_ERROR);
            failed.close(entry);
            Ok(empty(StatusCode::INTERNAL_SERVER_ERROR))
        }
        None => Err(BodyError::Connection),
    }
}

/// Answers a request whose guest ended without a response, or before anything of it was sent.
fn fail(entry: Entry, ending: Ending) -> Result<Response<Sent>, BodyError> {
    let status = match ending.reason {
        CloseReason::Killed => {
            entry.close(ending);
            return Err(BodyError::Connection);
        }
        CloseReason::Lifetime => StatusCode::GATEWAY_TIMEOUT,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    entry.exchange.set_status(status);
    if ending.reason == CloseReason::Completed {
        let why = "the handler returned without a response".to_owned();
        entry.close_as(Outcome::HandlerError, why, Vec::new());
    } else {
        entry.close(ending);
    }
    Ok(empty(status))
}

/// Answers a request without a handler.
fn refuse(entry: Entry, status: StatusCode, why: &str) -> Response<Sent> {
    refuse_as(entry, Outcome::Refused, status, why)
}

fn refuse_as(entry: Entry, outcome: Outcome, status: StatusCode, why: &str) -> Response<Sent> {
    entry.exchange.set_status(status);
    entry.close_as(outcome, why.to_owned(), Vec::new());
    empty(status)
}

fn empty(status: StatusCode) -> Response<Sent> {
    let mut response = Response::new(Sent::nothing());
    *response.status_mut() = status;
    response
}
