//! The way from a request to the bytes that a handler receives.

use adapter_async_exchange::body_error;
use adapter_wire::{BadRequest, Request as Wire, RequestBody};
use wasip3::http::types::{ErrorCode as HttpError, Request, Trailers};
use wit_bindgen::{FutureReader, StreamReader, StreamResult, StreamWriter};

use crate::bindings::socketserver::adapters::ends::Teller;
use crate::bindings::socketserver::core::http_requests::HttpRequest;

/// The body of a request, and how it is delimited for the handler.
pub(crate) struct Body {
    framing: RequestBody,
    stream: StreamReader<u8>,
    trailers: FutureReader<Result<Option<Trailers>, HttpError>>,
    has_ended: bool,
}

/// How much of a body is taken at once.
const PART: usize = 65_536;

/// The head as the handler receives it, with what of the body had to be looked at, and the rest of the body.
pub(crate) async fn begin(request: Request, description: HttpRequest) -> Result<(Vec<u8>, Body), BadRequest> {
    let wire = Wire {
        method: description.method,
        target: description.path_with_query.unwrap_or_else(|| "/".to_owned()),
        authority: description.authority.unwrap_or_default(),
        fields: description.headers,
    };
    let length = wire.length()?;
    // Nobody but the client would want to know how the body was taken, and it is told by the response.
    let (taken, taken_for_runtime) = wasip3::wit_future::new(|| Ok(()));
    drop(taken);
    let (stream, trailers) = Request::consume_body(request, taken_for_runtime);
    let mut body = Body {
        framing: RequestBody::Sized,
        stream,
        trailers,
        has_ended: false,
    };
    let mut first = Vec::new();
    if length.is_none() {
        // Whether there is a body at all is known when it has begun.
        first = body.read().await;
        body.framing = if first.is_empty() {
            RequestBody::Empty
        } else {
            RequestBody::Chunked
        };
    }
    let mut head = wire.head(body.framing)?;
    if !first.is_empty() {
        head.append(&mut body.framing.part(first));
    }
    Ok((head, body))
}

/// Gives the handler all of it, and tells how it ended.
pub(crate) async fn send(head: Vec<u8>, mut body: Body, mut stream: StreamWriter<u8>, end: Teller) {
    let mut is_wanted = stream.write_all(head).await.is_empty();
    while is_wanted && !body.has_ended {
        let part = body.read().await;
        if !part.is_empty() {
            is_wanted = stream.write_all(body.framing.part(part)).await.is_empty();
        }
    }
    let received = if is_wanted {
        body.trailers.await.map(drop).map_err(body_error)
    } else {
        Ok(())
    };
    if is_wanted && received.is_ok() {
        stream.write_all(body.framing.end()).await;
    }
    drop(stream);
    Teller::tell(end, received).await;
}

impl Body {
    /// Some of it; nothing at its end.
    async fn read(&mut self) -> Vec<u8> {
        while !self.has_ended {
            let (result, part) = self.stream.read(Vec::with_capacity(PART)).await;
            self.has_ended = !matches!(result, StreamResult::Complete(_));
            if !part.is_empty() {
                return part;
            }
        }
        Vec::new()
    }
}
