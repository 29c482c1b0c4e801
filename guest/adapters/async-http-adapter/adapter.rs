//! Calls an async handler for an HTTP request: what it receives is the body of the request, and what it sends is the body of
//! the response.
//!
//! The handler is given the stream of the runtime itself, and the runtime the stream of the handler, so no byte of a body
//! enters the memory of this component.

#![cfg(target_family = "wasm")]

mod bindings;

use adapter_async_exchange::{aborted, bare, body_error, complain, method_name, scheme_name};
use adapter_connection::network::{ErrorCode, SocketAddress};
use wasip3::http::types::{ErrorCode as HttpError, Fields, Request, Response};
use wit_bindgen::spawn_local;

use self::bindings::socketserver::adapters::ends::Teller;
use self::bindings::socketserver::adapters::http_context;
use self::bindings::socketserver::core::async_stream_handler::{self, ConnectionInfo};
use self::bindings::socketserver::core::http_requests::HttpRequest;

struct Adapter;

const INTERNAL_SERVER_ERROR: u16 = 500;

impl wasip3::exports::http::handler::Guest for Adapter {
    async fn handle(request: Request) -> Result<Response, HttpError> {
        http_context::set(&describe(&request));
        // Nobody but the client would want to know how the body was taken, and it is told by the response.
        let (taken, taken_for_runtime) = wasip3::wit_future::new(|| Ok(()));
        drop(taken);
        let (received, trailers) = Request::consume_body(request, taken_for_runtime);
        let (end, end_for_handler) = Teller::open();
        spawn_local(async move {
            let received = trailers.await.map(drop).map_err(body_error);
            Teller::tell(end, received).await;
        });
        // WASI tells no address of an HTTP request.
        let info = ConnectionInfo {
            remote_address: SocketAddress::Unix(None),
            local_address: SocketAddress::Unix(None),
        };
        match async_stream_handler::handle(info, received, end_for_handler).await {
            Ok((stream, told)) => {
                let fields = Fields::from_list(&[("content-type".to_owned(), b"application/octet-stream".to_vec())]);
                let fields = fields.map_err(|error| HttpError::InternalError(Some(error.to_string())))?;
                let (end, end_for_runtime) = wasip3::wit_future::new(aborted);
                spawn_local(async move {
                    let told: Result<(), ErrorCode> = told.await;
                    let told = match told {
                        Ok(()) => Ok(None),
                        Err(error) => {
                            complain(&format!("handler error: {error}"));
                            aborted()
                        }
                    };
                    let _ = end.write(told).await;
                });
                Ok(Response::new(fields, Some(stream), end_for_runtime).0)
            }
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
