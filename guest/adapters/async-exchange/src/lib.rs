//! An HTTP request and its response, in WASI 0.3: what the adapters have in common that give an async handler the body of a
//! request, and the whole of it.

use std::io::Write as _;

use adapter_connection::network::ErrorCode;
use wasip3::http::types::{ErrorCode as HttpError, Fields, Method, Response, Scheme, Trailers};

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

/// Why the body of a request has ended before its end.
#[must_use]
pub fn body_error(error: HttpError) -> ErrorCode {
    match error {
        HttpError::ConnectionTimeout | HttpError::ConnectionReadTimeout => ErrorCode::Timeout,
        HttpError::HttpRequestBodySize(_) => ErrorCode::Other(Some(
            "the body of the request is larger than the server takes".to_owned(),
        )),
        // What is left to go wrong with a body that was being received: the client has gone.
        _ => ErrorCode::ConnectionReset,
    }
}

/// A response of a status alone.
///
/// # Errors
///
/// The runtime does not take the status.
pub fn bare(status: u16) -> Result<Response, HttpError> {
    let (end, end_for_runtime) = wasip3::wit_future::new(|| Ok(None));
    drop(end);
    let response = Response::new(Fields::new(), None, end_for_runtime).0;
    response
        .set_status_code(status)
        .map_err(|()| HttpError::InternalError(None))?;
    Ok(response)
}

/// What the runtime is told of a response that is not complete.
///
/// # Errors
///
/// Always.
pub fn aborted() -> Result<Option<Trailers>, HttpError> {
    Err(HttpError::InternalError(None))
}

/// Says something to whoever runs the server; the client learns nothing of it.
pub fn complain(what: &str) {
    let _ = writeln!(std::io::stderr(), "{what}");
}
