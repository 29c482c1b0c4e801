//! A request, as it comes in.

use std::task::Poll;

use adapter_connection::Pollables;
use adapter_connection::network::ErrorCode;
use wasi::http::types::{ErrorCode as HttpError, IncomingBody, IncomingRequest, Method, Scheme, http_error_code};
use wasi::io::streams::{InputStream, StreamError};

/// A request, and what is left of its body.
///
/// Each is a child of the next, so fields are dropped in this order.
#[derive(Debug)]
pub struct Incoming {
    stream: Option<InputStream>,
    #[expect(dead_code, reason = "the stream lives as long as it does")]
    body: Option<IncomingBody>,
    request: IncomingRequest,
}

impl Incoming {
    /// A request that nobody has looked at yet.
    #[must_use]
    pub fn new(request: IncomingRequest) -> Self {
        // Both are there, once.
        let body = request.consume().ok();
        let stream = body.as_ref().and_then(|body| body.stream().ok());
        Self { stream, body, request }
    }

    /// The request itself.
    #[must_use]
    pub const fn request(&self) -> &IncomingRequest {
        &self.request
    }

    /// Its header fields.
    #[must_use]
    pub fn fields(&self) -> Vec<(String, Vec<u8>)> {
        self.request.headers().entries()
    }

    /// Takes some of the body, at most `max` bytes, or its end, which is an empty vector.
    pub fn read(&mut self, max: usize) -> Poll<Result<Vec<u8>, ErrorCode>> {
        let Some(stream) = &self.stream else {
            return Poll::Ready(Ok(Vec::new()));
        };
        match stream.read(max as u64) {
            Ok(received) if received.is_empty() => Poll::Pending,
            Ok(received) => Poll::Ready(Ok(received)),
            Err(StreamError::Closed) => Poll::Ready(Ok(Vec::new())),
            Err(StreamError::LastOperationFailed(error)) => Poll::Ready(Err(match http_error_code(&error) {
                Some(HttpError::ConnectionTimeout | HttpError::ConnectionReadTimeout) => ErrorCode::Timeout,
                Some(HttpError::HttpRequestBodySize(_)) => ErrorCode::Other(Some(
                    "the body of the request is larger than the server takes".to_owned(),
                )),
                // What is left to go wrong with a body that was being received: the client has gone.
                _ => ErrorCode::ConnectionReset,
            })),
        }
    }

    /// Take no more of the body.
    pub fn end(&mut self) {
        self.stream = None;
    }

    /// Wakes up when some of the body may be there.
    pub fn wake(&self, pollables: &mut Pollables) {
        if let Some(stream) = &self.stream {
            pollables.add(stream.subscribe());
        }
    }
}

/// A method as it stands in a request.
#[must_use]
pub fn method_name(method: Method) -> String {
    match method {
        Method::Get => "GET",
        Method::Head => "HEAD",
        Method::Post => "POST",
        Method::Put => "PUT",
        Method::Delete => "DELETE",
        Method::Connect => "CONNECT",
        Method::Options => "OPTIONS",
        Method::Trace => "TRACE",
        Method::Patch => "PATCH",
        Method::Other(name) => return name,
    }
    .to_owned()
}

/// A scheme as it stands in a URL.
#[must_use]
pub fn scheme_name(scheme: Scheme) -> String {
    match scheme {
        Scheme::Http => "http".to_owned(),
        Scheme::Https => "https".to_owned(),
        Scheme::Other(name) => name,
    }
}
