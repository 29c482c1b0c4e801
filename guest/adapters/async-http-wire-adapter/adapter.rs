//! Calls an async handler that speaks HTTP/1.1 itself: what it receives is the request as bytes, and the bytes that it sends
//! are read as the response.

#![cfg(target_family = "wasm")]

mod bindings;
mod request;
mod response;

use adapter_async_exchange::{bare, complain, method_name, scheme_name};
use adapter_connection::network::SocketAddress;
use adapter_wire::BadRequest;
use wasip3::http::types::{ErrorCode as HttpError, Request, Response};
use wit_bindgen::spawn_local;

use self::bindings::socketserver::adapters::ends::Teller;
use self::bindings::socketserver::adapters::http_context;
use self::bindings::socketserver::core::async_stream_handler::{self, ConnectionInfo};
use self::bindings::socketserver::core::http_requests::HttpRequest;
use self::bindings::wit_stream;

struct Adapter;

const BAD_REQUEST: u16 = 400;
const INTERNAL_SERVER_ERROR: u16 = 500;

impl wasip3::exports::http::handler::Guest for Adapter {
    async fn handle(request: Request) -> Result<Response, HttpError> {
        let description = describe(&request);
        let is_of_head = description.method == "HEAD";
        let (head, body) = match request::begin(request, description.clone()).await {
            Ok(begun) => begun,
            Err(BadRequest(why)) => {
                complain(&format!("a request was refused: {why}"));
                return bare(BAD_REQUEST);
            }
        };
        let (stream, received) = wit_stream::new();
        let (end, received_end) = Teller::open();
        spawn_local(request::send(head, body, stream, end));
        // WASI tells no address of an HTTP request.
        let info = ConnectionInfo {
            remote_address: SocketAddress::Unix(None),
            local_address: SocketAddress::Unix(None),
        };
        // Other requests may have come meanwhile: what the handler asks for first has to be this one.
        http_context::set(&description);
        match async_stream_handler::handle(info, received, received_end).await {
            Ok((sent, told)) => response::relay(sent, told, is_of_head).await,
            Err(error) => {
                complain(&format!("handler error: {error}"));
                bare(INTERNAL_SERVER_ERROR)
            }
        }
    }
}

/// What a request has beside its body.
fn describe(request: &Request) -> HttpRequest {
    HttpRequest {
        method: method_name(request.get_method()),
        scheme: request.get_scheme().map(scheme_name),
        authority: request.get_authority(),
        path_with_query: request.get_path_with_query(),
        headers: request.get_headers().copy_all(),
    }
}

wasip3::http::service::export!(Adapter);
