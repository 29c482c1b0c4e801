//! From a request to its response.

use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use http::header::{CONNECTION, CONTENT_LENGTH, HeaderMap, HeaderValue};
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
            let exchange = Arc::clone(&entry.exchange);
            let mut response = serve(request, entry).await?;
            // From here on it is the peer that is waited for: hyper asks for no byte that it has no window for.
            exchange.note_given();
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
    // Of streams of HTTP/2 the others go on whatever is unread of one.
    exchange.link.set_unread(!exchange.is_http2 && !body.is_end_stream());
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
    let Ok(length) = content_length(&parts.headers) else {
        return Ok(refuse_as(
            entry,
            Outcome::HandlerError,
            StatusCode::INTERNAL_SERVER_ERROR,
            "the handler said no length, or several, in Content-Length",
        ));
    };
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
    // hyper asks for no body where there is none on the wire, and would end the guest with it.
    if has_no_body || length == Some(0) && ending.is_none() {
        let sent = match ending {
            None => Sent::discard(body, guest, entry),
            Some(ending) if ending.reason != CloseReason::Completed => return fail(entry, ending),
            Some(ending) => {
                entry.close(ending);
                Sent::nothing()
            }
        };
        return Ok(Response::from_parts(parts, sent));
    }
    let guest = ending.is_none().then_some(guest);
    let mut begun = Some((body, guest, ending, entry));
    let sent = std::future::poll_fn(|cx| {
        let begun = begun.take();
        Poll::Ready(begun.map(|(body, guest, ending, entry)| Sent::of(body, guest, ending, length, entry, cx)))
    });
    match sent.await {
        Some(Ok(sent)) => Ok(Response::from_parts(parts, sent)),
        Some(Err((entry, Failed::Guest(ending)))) => fail(entry, ending),
        Some(Err((entry, failed))) => {
            // A handler may have given the body of the request back, and that has failed.
            let fault = entry.exchange.fault();
            let status = fault.map_or(StatusCode::INTERNAL_SERVER_ERROR, Fault::status);
            entry.exchange.set_status(status);
            failed.close(entry);
            Ok(empty(status))
        }
        None => Err(BodyError::Connection),
    }
}

/// The length that a handler says its body has, if it says one.
///
/// # Errors
///
/// It is no number, or there are several that differ.
fn content_length(headers: &HeaderMap) -> Result<Option<u64>, ()> {
    let mut length = None;
    for value in headers.get_all(CONTENT_LENGTH) {
        let digits = value.to_str().map_err(drop)?;
        // A number alone: `parse` would take a sign.
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(());
        }
        let value = digits.parse().map_err(drop)?;
        if length.is_some_and(|length| length != value) {
            return Err(());
        }
        length = Some(value);
    }
    Ok(length)
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
    let mut response = empty(status);
    if entry.exchange.link.has_unread() {
        // hyper closes it then, and says so to nobody.
        response
            .headers_mut()
            .insert(CONNECTION, HeaderValue::from_static("close"));
    }
    entry.exchange.set_status(status);
    entry.close_as(outcome, why.to_owned(), Vec::new());
    response
}

fn empty(status: StatusCode) -> Response<Sent> {
    let mut response = Response::new(Sent::nothing());
    *response.status_mut() = status;
    response
}
