//! The HTTP request that a connection is.

#[cfg(target_family = "wasm")]
#[doc(hidden)]
pub mod bindings;

/// What an HTTP request has beside its body.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct HttpRequest {
    /// `GET`
    pub method: String,
    /// `http` or `https`, where the server knows.
    pub scheme: Option<String>,
    /// The host that the client asked, and the port where it is not the scheme's own.
    pub authority: Option<String>,
    /// The path, and the query if there is one.
    pub path_with_query: Option<String>,
    /// The header fields in their order; a name may come several times, and a value need not be UTF-8.
    pub headers: Vec<(String, Vec<u8>)>,
}

/// The request that the connection being handled is; `None` where it is no request, and natively.
///
/// A handler of bytes that is behind HTTP (`socketserver bundle --for wasmtime-serve`) receives the body of a request, and
/// sends the body of the response. Where one instance serves several connections at once, as an async handler may in a
/// runtime that is not ours, this is the request that it was called for last: ask before waiting for anything.
#[must_use]
pub fn http_request() -> Option<HttpRequest> {
    #[cfg(target_family = "wasm")]
    {
        let request = bindings::socketserver::core::http_requests::get_http_request()?;
        Some(HttpRequest {
            method: request.method,
            scheme: request.scheme,
            authority: request.authority,
            path_with_query: request.path_with_query,
            headers: request.headers,
        })
    }
    #[cfg(not(target_family = "wasm"))]
    None
}
