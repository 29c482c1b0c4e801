//! The handler of WASI 0.2, `wasi:http/incoming-handler`.

use http::Request;
use tokio::sync::oneshot;
use wasmtime::Store;
use wasmtime_wasi_http::p2::bindings::exports::wasi::http::incoming_handler::Guest;
use wasmtime_wasi_http::p2::bindings::http::types::Scheme;
use wasmtime_wasi_http::{Error, WasiHttpView as _};

use super::{GuestBody, Head, error};
use crate::http::Received;
use crate::sandbox::state::State;
use crate::sandbox::{Failure, Outcome};

/// Calls the handler, and tells what it answers with as soon as it says so, while it goes on.
pub(super) async fn handle(
    store: &mut Store<State>,
    handler: &Guest,
    request: Request<Received>,
    told: oneshot::Sender<Head>,
) -> Outcome {
    let mut http = store.data_mut().http();
    let request = http
        .new_incoming_request(Scheme::Http, request)
        .map_err(Failure::Handle)?;
    let answer = http.new_response_outparam_from_callback(move |answer| {
        let head = answer.map(|response| response.map(GuestBody::new));
        // A peer that has gone does not want to know.
        let _ = told.send(head.map_err(|code| error::declined(&Error::from(code))));
    });
    let answer = answer.map_err(Failure::Handle)?;
    handler
        .call_handle(store, request, answer)
        .await
        .map_err(Failure::Handle)?;
    Ok(Ok(()))
}
