//! The host's side of `socketserver:core/datagrams`.

use std::time::Duration;

use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, Resource, ResourceType, WasmList};

use super::bindings::socketserver::core::network::{ErrorCode, SocketAddress};
use super::convert;
use super::state::{DatagramHandle, State};
use crate::replies::Replies;

pub(super) const INTERFACE: &str = "socketserver:core/datagrams@0.1.0";

type Store<'a> = StoreContextMut<'a, State>;
type Handle = Resource<DatagramHandle>;

/// Defines the interface.
///
/// # Errors
///
/// It is defined already.
pub(super) fn add_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut interface = linker.instance(INTERFACE)?;
    let handle = ResourceType::host::<DatagramHandle>();
    interface.resource("datagram-socket", handle, |_, _| Ok(()))?;
    interface.func_wrap_async(
        "[method]datagram-socket.send-to",
        |store, (_, data, remote): (Handle, WasmList<u8>, SocketAddress)| {
            Box::new(async move { Ok((send_to(store, data, remote).await?,)) })
        },
    )?;
    interface.func_wrap(
        "[method]datagram-socket.set-timeout",
        |store, (_, milliseconds): (Handle, Option<u32>)| {
            let timeout = milliseconds.map(|milliseconds| Duration::from_millis(milliseconds.into()));
            replies(&store)?.set_timeout(timeout);
            Ok(())
        },
    )?;
    interface.func_wrap("[method]datagram-socket.get-local-address", |store, (_,): (Handle,)| {
        Ok((convert::socket_address(&replies(&store)?.local_address()),))
    })
}

async fn send_to(
    mut store: Store<'_>,
    data: WasmList<u8>,
    remote: SocketAddress,
) -> wasmtime::Result<Result<(), ErrorCode>> {
    let replies = replies(&store)?;
    if convert::socket_address(&replies.remote().address) != remote {
        return Ok(Err(ErrorCode::AccessDenied));
    }
    let bytes = data.as_le_slice(&store);
    let sent = replies.send(bytes).await;
    if sent.is_ok() {
        store.data().meter.send(bytes.len());
    }
    State::on_wake(&mut store);
    Ok(sent.map_err(convert::error_code))
}

/// A guest without a datagram has no handle either, so this fails only for a host that has mixed them up.
fn replies<'a>(store: &'a Store<'_>) -> wasmtime::Result<&'a Replies> {
    store.data().given.replies()
}
