//! Defines connections over HTTP requests of WASI 0.2: what a handler receives is the body of the request, and what it sends
//! is the body of the response.

#![cfg(target_family = "wasm")]

mod bindings;
mod transport;

use adapter_connection::{Connection, Current};
use wasi::http::types::{IncomingRequest, ResponseOutparam};

use self::bindings::exports::socketserver::adapters::http_exchange;
use self::bindings::exports::socketserver::core::http_requests;
use self::transport::Transport;

thread_local! {
    static CURRENT: Current<Connection<Transport>> = const { Current::new() };
}

struct Adapter;

impl http_exchange::Guest for Adapter {
    fn open(request: IncomingRequest, response_out: ResponseOutparam) -> exported::Connection {
        // The server has its own bounds for a request; none of them is told.
        let connection = Connection::new(Transport::new(request, response_out), None);
        exported::Connection::new(Handle(CURRENT.with(|current| current.open(connection))))
    }

    fn close(handled: Result<(), String>) {
        if let Err(error) = &handled {
            adapter_exchange::complain(&format!("handler error: {error}"));
        }
        if let Some(connection) = CURRENT.with(Current::take_last) {
            connection.into_transport().close(handled.is_ok());
        }
    }
}

/// The handler has dropped its handle. Whether its response is complete is known when it returns, so that is waited for.
fn dropped(_: u32) {}

impl http_requests::Guest for Adapter {
    fn get_http_request() -> Option<http_requests::HttpRequest> {
        CURRENT.with(|current| {
            current.with_last(|connection| {
                let incoming = connection.transport().incoming();
                let request = incoming.request();
                http_requests::HttpRequest {
                    method: adapter_exchange::method_name(request.method()),
                    scheme: request.scheme().map(adapter_exchange::scheme_name),
                    authority: request.authority(),
                    path_with_query: request.path_with_query(),
                    headers: incoming.fields(),
                }
            })
        })
    }
}

impl exported::Guest for Adapter {
    type Connection = Handle;
}

adapter_connection::export_connections!(crate::bindings, CURRENT, dropped);

#[allow(unsafe_code, reason = "generated code")]
mod export {
    use crate::Adapter;

    crate::bindings::export!(Adapter with_types_in crate::bindings);
}
