//! The host's side of `socketserver:core/async-stream-handler`.

mod received;
mod sent;

use std::future::poll_fn;
use std::sync::Arc;

use wasmtime::Store;
use wasmtime::component::{Accessor, FutureReader, StreamReader};

use self::received::Received;
use self::sent::Sent;
use super::bindings::exports::socketserver::core::async_stream_handler::{ConnectionInfo, Guest};
use super::bindings::socketserver::core::network::ErrorCode;
use super::state::State;
use super::{Failure, Outcome, convert, future};
use crate::socket::Socket;

/// How a direction of a connection ended.
type End = Result<(), ErrorCode>;

/// Calls the handler, and goes on until what it sends has ended and its last task is done.
///
/// # Cancel safety
///
/// Dropping the future leaves the store without use: what was under way in it is lost.
pub(super) async fn handle(store: &mut Store<State>, handler: &Guest, socket: &Arc<Socket>) -> Outcome {
    store
        .run_concurrent(async |accessor| serve(accessor, handler, socket).await)
        .await
        .unwrap_or_else(|error| Err(Failure::Handle(error)))
}

async fn serve(accessor: &Accessor<State>, handler: &Guest, socket: &Arc<Socket>) -> Outcome {
    let (info, received, received_end) = accessor.with(|mut store| {
        let info = info(store.data_mut(), socket);
        let (received, end) = Received::new(Arc::clone(socket));
        let received = StreamReader::new(&mut store, received).map_err(Failure::Instantiate)?;
        let end = FutureReader::new(&mut store, end).map_err(Failure::Instantiate)?;
        Ok((info, received, end))
    })?;
    let handled = handler.call_handle(accessor, info, received, received_end).await;
    let (sent, sent_end) = match handled.map_err(Failure::Handle)? {
        Ok(ends) => ends,
        Err(message) => return Ok(Err(message)),
    };
    let verdict = accessor
        .with(|store| future::value_of(store, sent_end, ()))
        .map_err(Failure::Handle)?;
    // The host's own stream comes back as it was given: its bytes need not pass through the store at all.
    match accessor.with(|store| sent.try_into::<Received>(store)) {
        Ok(received) => received.relay().await,
        Err(sent) => {
            let all = accessor.with(|store| Sent::pipe(store, sent, Arc::clone(socket)));
            all.map_err(Failure::Handle)?.await;
        }
    }
    socket.release();
    // A guest that drops its end without a value traps, so there is one.
    let verdict = verdict.await.unwrap_or(Ok(()));
    poll_fn(|cx| accessor.poll_no_interesting_tasks(cx)).await;
    Ok(verdict.map_err(convert::words))
}

fn info(state: &State, socket: &Socket) -> ConnectionInfo {
    let connection = &state.connection;
    ConnectionInfo {
        remote_address: convert::socket_address(&connection.remote.address),
        local_address: convert::local_address(connection, socket),
    }
}
