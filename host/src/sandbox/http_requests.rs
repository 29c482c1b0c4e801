//! The host's side of `socketserver:core/http-requests`: what a handler is given here is a connection, and no request.

use super::bindings::socketserver::core::http_requests::{Host, HttpRequest};
use super::state::State;

impl Host for State {
    fn get_http_request(&mut self) -> Option<HttpRequest> {
        None
    }
}
