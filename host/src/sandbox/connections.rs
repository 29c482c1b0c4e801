//! The host's side of `socketserver:core/connections`.
//!
//! Linked by hand, where generated bindings would copy: what a guest sends goes to the system from where it lies in the
//! guest's memory.

use std::net::Shutdown;
use std::time::Duration;

use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, Resource, ResourceType, WasmList};

use super::bindings::socketserver::core::connections::{Readiness, ShutdownType};
use super::bindings::socketserver::core::network::{self, ErrorCode, SocketAddress};
use super::convert;
use super::state::{ConnectionHandle, State};
use crate::socket::{Ready, Socket};

pub(super) const INTERFACE: &str = "socketserver:core/connections@0.1.0";

type Store<'a> = StoreContextMut<'a, State>;
type Handle = Resource<ConnectionHandle>;
type Reply<T> = wasmtime::Result<Result<T, ErrorCode>>;

impl network::Host for State {}

/// Defines the interface.
///
/// # Errors
///
/// It is defined already.
pub(super) fn add_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut interface = linker.instance(INTERFACE)?;
    let handle = ResourceType::host::<ConnectionHandle>();
    interface.resource("connection", handle, |store, _| release(&store))?;
    interface.func_wrap_async("[method]connection.receive", |store, (_, max): (Handle, u32)| {
        Box::new(async move { Ok((receive(store, max).await?,)) })
    })?;
    interface.func_wrap_async("[method]connection.send", |store, (_, data): (Handle, WasmList<u8>)| {
        Box::new(async move { Ok((send(store, data).await?,)) })
    })?;
    interface.func_wrap_async(
        "[method]connection.send-all",
        |store, (_, data): (Handle, WasmList<u8>)| Box::new(async move { Ok((send_all(store, data).await?,)) }),
    )?;
    interface.func_wrap_async(
        "[method]connection.wait",
        |store, (_, interest): (Handle, Readiness)| Box::new(async move { Ok((wait(store, interest).await?,)) }),
    )?;
    interface.func_wrap(
        "[method]connection.shutdown",
        |store, (_, how): (Handle, ShutdownType)| Ok((shutdown(&store, how)?,)),
    )?;
    interface.func_wrap(
        "[method]connection.set-timeout",
        |store, (_, milliseconds): (Handle, Option<u32>)| set_timeout(&store, milliseconds),
    )?;
    interface.func_wrap("[method]connection.get-remote-address", |store, (_,): (Handle,)| {
        Ok((remote_address(&store),))
    })?;
    interface.func_wrap("[method]connection.get-local-address", |store, (_,): (Handle,)| {
        Ok((local_address(&store)?,))
    })
}

async fn receive(mut store: Store<'_>, max: u32) -> Reply<Vec<u8>> {
    let received = socket(&store)?.receive(max as usize).await;
    State::on_wake(&mut store);
    Ok(received.map_err(convert::error_code))
}

async fn send(mut store: Store<'_>, data: WasmList<u8>) -> Reply<u32> {
    let taken = socket(&store)?.send(data.as_le_slice(&store)).await;
    State::on_wake(&mut store);
    // A list of 32-bit memory is shorter than 4 GiB, and so is what was taken of it.
    Ok(taken
        .map(|taken| u32::try_from(taken).unwrap_or(u32::MAX))
        .map_err(convert::error_code))
}

async fn send_all(mut store: Store<'_>, data: WasmList<u8>) -> Reply<()> {
    let sent = socket(&store)?.send_all(data.as_le_slice(&store)).await;
    State::on_wake(&mut store);
    Ok(sent.map_err(convert::error_code))
}

async fn wait(mut store: Store<'_>, interest: Readiness) -> Reply<Readiness> {
    let interest = Ready {
        readable: interest.contains(Readiness::READABLE),
        writable: interest.contains(Readiness::WRITABLE),
    };
    let ready = socket(&store)?.wait(interest).await;
    State::on_wake(&mut store);
    Ok(ready.map(convert::readiness).map_err(convert::error_code))
}

fn shutdown(store: &Store<'_>, how: ShutdownType) -> Reply<()> {
    let how = match how {
        ShutdownType::Receive => Shutdown::Read,
        ShutdownType::Send => Shutdown::Write,
        ShutdownType::Both => Shutdown::Both,
    };
    Ok(socket(store)?.shutdown(how).map_err(convert::error_code))
}

fn set_timeout(store: &Store<'_>, milliseconds: Option<u32>) -> wasmtime::Result<()> {
    let timeout = milliseconds.map(|milliseconds| Duration::from_millis(milliseconds.into()));
    socket(store)?.set_timeout(timeout);
    Ok(())
}

fn remote_address(store: &Store<'_>) -> SocketAddress {
    convert::socket_address(&store.data().connection.remote.address)
}

fn local_address(store: &Store<'_>) -> wasmtime::Result<SocketAddress> {
    Ok(convert::local_address(&store.data().connection, socket(store)?))
}

/// Ends the connection for the peer. The socket itself is closed when `handle` has ended, so that the limits of the
/// connection hold for what the guest still does.
fn release(store: &Store<'_>) -> wasmtime::Result<()> {
    socket(store)?.release();
    Ok(())
}

/// A guest without a connection has no handle either, so this fails only for a host that has mixed them up.
fn socket<'a>(store: &'a Store<'_>) -> wasmtime::Result<&'a Socket> {
    store.data().given.socket()
}
