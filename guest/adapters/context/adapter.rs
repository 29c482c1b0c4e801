//! What handlers are told of an HTTP request where their connection does not tell it: nothing, or what an async adapter has
//! said of it.

#![cfg(target_family = "wasm")]

mod bindings;

use std::cell::RefCell;

use self::bindings::exports::socketserver::adapters::http_context;
use self::bindings::exports::socketserver::core::http_requests::{self, HttpRequest};

thread_local! {
    static REQUEST: RefCell<Option<HttpRequest>> = const { RefCell::new(None) };
}

struct Adapter;

impl http_context::Guest for Adapter {
    fn set(request: HttpRequest) {
        REQUEST.set(Some(request));
    }
}

impl http_requests::Guest for Adapter {
    fn get_http_request() -> Option<HttpRequest> {
        REQUEST.with_borrow(Clone::clone)
    }
}

#[allow(unsafe_code, reason = "generated code")]
mod export {
    use crate::Adapter;

    crate::bindings::export!(Adapter with_types_in crate::bindings);
}
