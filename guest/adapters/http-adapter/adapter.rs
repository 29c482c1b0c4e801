//! Calls a handler for an HTTP request. What the handler is given is defined by another component, `http` or `http-wire`.

#![cfg(target_family = "wasm")]

mod bindings;

use wasi::http::types::{IncomingRequest, ResponseOutparam};

use self::bindings::socketserver::adapters::http_exchange;
use self::bindings::socketserver::core::stream_handler;

struct Adapter;

impl wasi::exports::http::incoming_handler::Guest for Adapter {
    fn handle(request: IncomingRequest, response_out: ResponseOutparam) {
        let handled = stream_handler::handle(http_exchange::open(request, response_out));
        http_exchange::close(handled.as_ref().copied().map_err(String::as_str));
    }
}

wasi::http::proxy::export!(Adapter);
