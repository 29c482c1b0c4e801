//! The host's side of `wasi:sockets` 0.3, for guests that were granted something of the network.
//!
//! It does what [`sockets`](super::sockets) does for 0.2. A stream of a socket may outlive the socket here, with its
//! descriptor: so each keeps the socket's place among those of its guest until the future of its end has been told.

use wasmtime::component::{Access, Accessor, FutureReader, Linker, Resource, StreamReader};
use wasmtime::{AsContextMut as _, StoreContextMut};
use wasmtime_wasi::WasiCtxView;
use wasmtime_wasi::p2::bindings::sockets::network::ErrorCode as Failure;
use wasmtime_wasi::p3::bindings::sockets::ip_name_lookup::ErrorCode as LookupCode;
use wasmtime_wasi::p3::bindings::sockets::types::{
    self as wasi, ErrorCode, HostTcpSocket, HostTcpSocketWithStore, HostUdpSocket, IpAddress, IpAddressFamily,
};
use wasmtime_wasi::sockets::{TcpSocket, UdpSocket, WasiSockets, WasiSocketsCtxView, WasiSocketsView as _};

use super::outbound::Place;
use super::sockets::{OutboundView, reply};
use super::{future, lookup};

type Store<'a, T> = StoreContextMut<'a, T>;
type Reply<T> = wasmtime::Result<Result<T, ErrorCode>>;
type End = Result<(), ErrorCode>;

/// Defines all of `wasi:sockets`.
///
/// # Errors
///
/// Some of it is defined already.
pub(super) fn add_to_linker<T: OutboundView>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    wasi::add_to_linker::<T, WasiSockets>(linker, T::sockets)?;
    linker.allow_shadowing(true);
    add_sources_to_linker(linker)?;
    linker.allow_shadowing(false);
    Ok(())
}

/// Defines what sockets, their streams and addresses come from, the part of `wasi:sockets` that is not wasmtime's alone.
///
/// # Errors
///
/// Some of it is defined already, and may not be replaced.
pub(super) fn add_sources_to_linker<T: OutboundView>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    let mut types = linker.instance("wasi:sockets/types@0.3.0")?;
    types.func_wrap_async("[static]tcp-socket.create", |store, (family,): (IpAddressFamily,)| {
        Box::new(async move { Ok((create_tcp(store, family).await?,)) })
    })?;
    types.func_wrap_async("[static]udp-socket.create", |store, (family,): (IpAddressFamily,)| {
        Box::new(async move { Ok((create_udp(store, family).await?,)) })
    })?;
    types.func_wrap(
        "[method]tcp-socket.send",
        |store, (socket, data): (Resource<TcpSocket>, StreamReader<u8>)| Ok((send(store, socket, data)?,)),
    )?;
    types.func_wrap(
        "[method]tcp-socket.receive",
        |store, (socket,): (Resource<TcpSocket>,)| Ok((receive(store, socket)?,)),
    )?;
    linker
        .instance("wasi:sockets/ip-name-lookup@0.3.0")?
        .func_wrap_concurrent("resolve-addresses", |accessor, (name,): (String,)| {
            Box::pin(async move { Ok((resolve(accessor, &name).await?,)) })
        })
}

async fn create_tcp<T: OutboundView>(mut store: Store<'_, T>, family: IpAddressFamily) -> Reply<Resource<TcpSocket>> {
    let state = store.data_mut();
    let outbound = state.outbound()?;
    let Some((mut ctx, place)) = outbound.socket().await else {
        return Ok(Err(too_many()));
    };
    let WasiCtxView { table, .. } = state.ctx();
    let view = &mut WasiSocketsCtxView { ctx: &mut ctx, table };
    let socket = reply(HostTcpSocket::create(view, family))?;
    if let Ok(socket) = &socket {
        outbound.keep_place(socket.rep(), &place);
    }
    Ok(socket)
}

async fn create_udp<T: OutboundView>(mut store: Store<'_, T>, family: IpAddressFamily) -> Reply<Resource<UdpSocket>> {
    let state = store.data_mut();
    let Some((mut ctx, _)) = state.outbound()?.socket().await else {
        return Ok(Err(too_many()));
    };
    let WasiCtxView { table, .. } = state.ctx();
    let view = &mut WasiSocketsCtxView { ctx: &mut ctx, table };
    reply(HostUdpSocket::create(view, family).await)
}

fn send<T: OutboundView>(
    mut store: Store<'_, T>,
    socket: Resource<TcpSocket>,
    data: StreamReader<u8>,
) -> wasmtime::Result<FutureReader<End>> {
    let place = store.data_mut().outbound()?.place(socket.rep());
    let access = Access::<T, WasiSockets>::new(store.as_context_mut(), T::sockets);
    let end = <WasiSockets as HostTcpSocketWithStore<T>>::send(access, socket, data)?;
    hold(store, end, place)
}

fn receive<T: OutboundView>(
    mut store: Store<'_, T>,
    socket: Resource<TcpSocket>,
) -> wasmtime::Result<(StreamReader<u8>, FutureReader<End>)> {
    let place = store.data_mut().outbound()?.place(socket.rep());
    let access = Access::<T, WasiSockets>::new(store.as_context_mut(), T::sockets);
    let (data, end) = <WasiSockets as HostTcpSocketWithStore<T>>::receive(access, socket)?;
    Ok((data, hold(store, end, place)?))
}

async fn resolve<T: OutboundView>(
    accessor: &Accessor<T>,
    name: &str,
) -> wasmtime::Result<Result<Vec<IpAddress>, LookupCode>> {
    let outbound = accessor.with(|mut store| store.data_mut().outbound())?;
    let addresses = lookup::look_up(&outbound, name).await;
    Ok(addresses
        .map(|addresses| addresses.into_iter().map(IpAddress::from).collect())
        .map_err(|failure| match failure {
            Failure::AccessDenied => LookupCode::AccessDenied,
            Failure::InvalidArgument => LookupCode::InvalidArgument,
            Failure::NameUnresolvable => LookupCode::NameUnresolvable,
            Failure::TemporaryResolverFailure => LookupCode::TemporaryResolverFailure,
            _ => LookupCode::Other(None),
        }))
}

/// What 0.2 calls `new-socket-limit`.
fn too_many() -> ErrorCode {
    ErrorCode::Other(Some(
        "the guest has as many sockets open as max-outbound allows".to_owned(),
    ))
}

/// Holds the place until the end is told, which it is when the stream is dropped at the latest.
fn hold<T: OutboundView>(
    mut store: Store<'_, T>,
    end: FutureReader<End>,
    place: Option<Place>,
) -> wasmtime::Result<FutureReader<End>> {
    let end = future::value_of(store.as_context_mut(), end, place)?;
    FutureReader::new(store, async { wasmtime::error::Ok(end.await.unwrap_or(Ok(()))) })
}
