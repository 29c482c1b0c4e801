//! The host's side of `wasi:sockets` 0.2, for guests that were granted something of the network.
//!
//! Sockets are wasmtime's; here each is made with the check of its guest, within the guest's limit. Names are looked up by
//! [`lookup`].

use std::error::Error;

use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, Resource};
use wasmtime_wasi::p2::bindings::sockets as wasi;
use wasmtime_wasi::p2::bindings::sockets::network::{ErrorCode, IpAddressFamily};
use wasmtime_wasi::p2::bindings::sockets::tcp_create_socket::Host as _;
use wasmtime_wasi::p2::bindings::sockets::udp_create_socket::Host as _;
use wasmtime_wasi::p2::{TcpSocket, UdpSocket};
use wasmtime_wasi::sockets::{WasiSockets, WasiSocketsCtxView, WasiSocketsView as _};
use wasmtime_wasi::{TrappableError, WasiCtxView, WasiView};

use super::lookup;
use super::outbound::Outbound;

/// The state of a guest that may be granted something.
pub(super) trait OutboundView: WasiView + 'static {
    /// What it was granted.
    ///
    /// # Errors
    ///
    /// Nothing was; then nothing is linked either that asks.
    fn outbound(&mut self) -> wasmtime::Result<Outbound>;
}

pub(super) type Reply<T> = wasmtime::Result<Result<T, ErrorCode>>;

/// Defines all of `wasi:sockets`.
///
/// # Errors
///
/// Some of it is defined already.
pub(super) fn add_to_linker<T: OutboundView>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    let options = wasi::network::LinkOptions::default();
    wasi::network::add_to_linker::<T, WasiSockets>(linker, &options, T::sockets)?;
    wasi::instance_network::add_to_linker::<T, WasiSockets>(linker, T::sockets)?;
    wasi::tcp::add_to_linker::<T, WasiSockets>(linker, T::sockets)?;
    wasi::udp::add_to_linker::<T, WasiSockets>(linker, T::sockets)?;
    add_sources_to_linker(linker)
}

/// Defines what sockets and addresses come from, the part of `wasi:sockets` that is not wasmtime's alone.
///
/// # Errors
///
/// Some of it is defined already, and may not be replaced.
pub(super) fn add_sources_to_linker<T: OutboundView>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    linker
        .instance("wasi:sockets/tcp-create-socket@0.2.12")?
        .func_wrap_async("create-tcp-socket", |store, (family,): (IpAddressFamily,)| {
            Box::new(async move { Ok((create_tcp(store, family).await?,)) })
        })?;
    linker
        .instance("wasi:sockets/udp-create-socket@0.2.12")?
        .func_wrap_async("create-udp-socket", |store, (family,): (IpAddressFamily,)| {
            Box::new(async move { Ok((create_udp(store, family).await?,)) })
        })?;
    lookup::add_to_linker(linker)
}

async fn create_tcp<T: OutboundView>(
    mut store: StoreContextMut<'_, T>,
    family: IpAddressFamily,
) -> Reply<Resource<TcpSocket>> {
    let state = store.data_mut();
    let Some((mut ctx, _)) = state.outbound()?.socket().await else {
        return Ok(Err(ErrorCode::NewSocketLimit));
    };
    let WasiCtxView { table, .. } = state.ctx();
    reply(WasiSocketsCtxView { ctx: &mut ctx, table }.create_tcp_socket(family))
}

async fn create_udp<T: OutboundView>(
    mut store: StoreContextMut<'_, T>,
    family: IpAddressFamily,
) -> Reply<Resource<UdpSocket>> {
    let state = store.data_mut();
    let Some((mut ctx, _)) = state.outbound()?.socket().await else {
        return Ok(Err(ErrorCode::NewSocketLimit));
    };
    let WasiCtxView { table, .. } = state.ctx();
    reply(
        WasiSocketsCtxView { ctx: &mut ctx, table }
            .create_udp_socket(family)
            .await,
    )
}

/// What the guest is told, unless it has to be stopped.
pub(super) fn reply<V, E>(result: Result<V, TrappableError<E>>) -> wasmtime::Result<Result<V, E>>
where
    E: Error + Send + Sync + 'static,
{
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(error) => error.downcast().map(Err),
    }
}
