//! The handler of WASI 0.3, `wasi:http/handler`.

use std::future::poll_fn;

use http::uri::{Authority, Scheme};
use http::{Request, Response, header};
use tokio::sync::oneshot;
use wasmtime::Store;
use wasmtime::component::Accessor;
use wasmtime_wasi_http::p3::bindings::exports::wasi::http::handler::Guest;
use wasmtime_wasi_http::{Error, FieldMap, WasiHttpView as _, p3};

use super::{GuestBody, Head, error};
use crate::http::Received;
use crate::sandbox::state::State;
use crate::sandbox::{Failure, Outcome};

/// Calls the handler, tells what it answers with, and goes on until its last task is done and its response is taken.
///
/// # Cancel safety
///
/// Dropping the future leaves the store without use: what was under way in it is lost.
pub(super) async fn handle(
    store: &mut Store<State>,
    handler: &Guest,
    request: Request<Received>,
    told: oneshot::Sender<Head>,
) -> Outcome {
    let handled = store.run_concurrent(async |accessor| serve(accessor, handler, request, told).await);
    handled.await.flatten().map_err(Failure::Handle)?;
    Ok(Ok(()))
}

async fn serve(
    accessor: &Accessor<State>,
    handler: &Guest,
    request: Request<Received>,
    told: oneshot::Sender<Head>,
) -> wasmtime::Result<()> {
    let (parts, body) = request.into_parts();
    // A request of HTTP/1 says only in a header whom it is for, and the guest does not see that.
    let host = parts.headers.get(header::HOST);
    let host = host.and_then(|host| Authority::try_from(host.as_bytes()).ok());
    let authority = parts.uri.authority().cloned().or(host);
    let (request, received) = accessor.with(|mut store| {
        let http = store.data_mut().http();
        let headers = FieldMap::new_immutable(http.hooks, parts.headers);
        let path = parts.uri.path_and_query().cloned();
        let scheme = Some(Scheme::HTTP);
        let (request, received) = p3::Request::new(parts.method, scheme, authority, path, headers, None, body);
        wasmtime::error::Ok((http.table.push(request)?, received))
    })?;
    let (head, end) = match handler.call_handle(accessor, request).await? {
        Ok(response) => accessor.with(|mut store| {
            let response = store.data_mut().http().table.delete(response)?;
            let (parts, body) = response.into_http(&mut store, received)?.into_parts();
            let (body, end) = GuestBody::told(body);
            wasmtime::error::Ok((Ok(Response::from_parts(parts, body)), Some(end)))
        })?,
        Err(code) => (Err(error::declined(&Error::from(code))), None),
    };
    // A peer that has gone does not want to know.
    let _ = told.send(head);
    poll_fn(|cx| accessor.poll_no_interesting_tasks(cx)).await;
    // What the guest has left to the host to send, as the stream of a socket of its own, goes through the store.
    if let Some(end) = end {
        let _ = end.await;
    }
    Ok(())
}
