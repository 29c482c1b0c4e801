//! The host's side of `wasi:sockets/ip-name-lookup`: names that the rules grant, and no other.
//!
//! Linked by hand, because what wasmtime has looks up any name, or none.

use std::future::poll_fn;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, ToSocketAddrs as _};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::vec;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use url::Host;
use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, Resource, ResourceType};
use wasmtime_wasi::async_trait;
use wasmtime_wasi::p2::bindings::sockets::network::{ErrorCode, IpAddress, Network};
use wasmtime_wasi::p2::{DynPollable, Pollable, subscribe};

use super::outbound::Outbound;
use super::sockets::{OutboundView, Reply};
use crate::outbound::Name;

/// Defines the interface.
///
/// # Errors
///
/// It is defined already, and may not be replaced.
pub(super) fn add_to_linker<T: OutboundView>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    let mut interface = linker.instance("wasi:sockets/ip-name-lookup@0.2.12")?;
    let stream = ResourceType::host::<Lookup>();
    interface.resource("resolve-address-stream", stream, |mut store, index| {
        store
            .data_mut()
            .ctx()
            .table
            .delete(Resource::<Lookup>::new_own(index))?;
        Ok(())
    })?;
    interface.func_wrap(
        "resolve-addresses",
        |store, (network, name): (Resource<Network>, String)| Ok((resolve(store, &network, &name)?,)),
    )?;
    interface.func_wrap(
        "[method]resolve-address-stream.resolve-next-address",
        |mut store, (stream,): (Resource<Lookup>,)| {
            let lookup = store.data_mut().ctx().table.get_mut(&stream)?;
            Ok((lookup.next(),))
        },
    )?;
    interface.func_wrap(
        "[method]resolve-address-stream.subscribe",
        |mut store, (stream,): (Resource<Lookup>,)| -> wasmtime::Result<(Resource<DynPollable>,)> {
            Ok((subscribe(store.data_mut().ctx().table, stream)?,))
        },
    )
}

/// The same for WASI 0.3: all addresses of a name, or of the text of an address.
///
/// # Errors
///
/// As [`Lookup::of`], and those of the resolver.
///
/// # Cancel safety
///
/// Dropping the future gives up the answer.
pub(super) async fn look_up(outbound: &Outbound, text: &str) -> Result<Vec<IpAddr>, ErrorCode> {
    let mut lookup = Lookup::of(outbound, text)?;
    poll_fn(|cx| lookup.poll(cx)).await;
    match lookup {
        Lookup::Answered(addresses) => Ok(addresses.collect()),
        Lookup::Failed(code) => Err(code),
        Lookup::Waiting(_) => Err(ErrorCode::TemporaryResolverFailure),
    }
}

fn resolve<T: OutboundView>(
    mut store: StoreContextMut<'_, T>,
    network: &Resource<Network>,
    text: &str,
) -> Reply<Resource<Lookup>> {
    let state = store.data_mut();
    state.ctx().table.get(network)?;
    let outbound = state.outbound()?;
    match Lookup::of(&outbound, text) {
        Ok(lookup) => Ok(Ok(state.ctx().table.push(lookup)?)),
        Err(code) => Ok(Err(code)),
    }
}

/// A name that is looked up: the resource `resolve-address-stream`.
enum Lookup {
    Answered(vec::IntoIter<IpAddr>),
    Failed(ErrorCode),
    Waiting(Pin<Box<dyn Future<Output = Result<Vec<IpAddr>, ErrorCode>> + Send>>),
}

impl Lookup {
    /// Begins it.
    ///
    /// # Errors
    ///
    /// `access-denied` for a name that no rule grants; it is not asked for. `temporary-resolver-failure` for one too many
    /// at once.
    fn of(outbound: &Outbound, text: &str) -> Result<Self, ErrorCode> {
        if text.len() > MAX_TEXT {
            return Err(ErrorCode::InvalidArgument);
        }
        // An address is itself, and no secret: whether the guest may connect to it is asked when it does.
        let domain = match Host::parse(text) {
            Ok(Host::Domain(domain)) => domain,
            Ok(Host::Ipv4(address)) => return Ok(Self::answer(vec![address.into()])),
            Ok(Host::Ipv6(address)) => return Ok(Self::answer(vec![address.to_canonical()])),
            // Without brackets it is none to a URL.
            Err(_) => {
                let address = text.parse::<Ipv6Addr>().map_err(|_| ErrorCode::InvalidArgument)?;
                return Ok(Self::answer(vec![address.to_canonical()]));
            }
        };
        let name: Name = domain.parse().map_err(|_| ErrorCode::InvalidArgument)?;
        if !outbound.allows_name(&name) {
            return Err(ErrorCode::AccessDenied);
        }
        // Never asked of a name server (RFC 6761, section 6.3).
        if name.is_localhost() {
            let loopback = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
            return told(outbound.granted().find(&name, loopback)).map(Self::answer);
        }
        let permit = outbound.lookup().ok_or(ErrorCode::TemporaryResolverFailure)?;
        let mut lookup = Self::Waiting(Box::pin(ask(outbound.clone(), name, permit)));
        // It starts here, and not when the guest first waits.
        let _ = lookup.poll(&mut Context::from_waker(Waker::noop()));
        Ok(lookup)
    }

    fn answer(addresses: Vec<IpAddr>) -> Self {
        Self::Answered(addresses.into_iter())
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Self::Waiting(asking) = self else {
            return Poll::Ready(());
        };
        asking.as_mut().poll(cx).map(|answer| {
            *self = answer.map_or_else(Self::Failed, Self::answer);
        })
    }

    fn next(&mut self) -> Result<Option<IpAddress>, ErrorCode> {
        let _ = self.poll(&mut Context::from_waker(Waker::noop()));
        match self {
            Self::Answered(addresses) => Ok(addresses.next().map(IpAddress::from)),
            Self::Failed(code) => Err(*code),
            Self::Waiting(_) => Err(ErrorCode::WouldBlock),
        }
    }
}

#[async_trait]
impl Pollable for Lookup {
    async fn ready(&mut self) {
        poll_fn(|cx| self.poll(cx)).await;
    }
}

/// Asks the system, whose resolver blocks a thread and cannot be interrupted: the permits are held until it is done,
/// although the guest may have gone.
async fn ask(outbound: Outbound, name: Name, permit: OwnedSemaphorePermit) -> Result<Vec<IpAddr>, ErrorCode> {
    let turn = LOOKUPS
        .acquire()
        .await
        .map_err(|_| ErrorCode::TemporaryResolverFailure)?;
    let asked = name.clone();
    let answer = tokio::task::spawn_blocking(move || {
        let _held = (permit, turn);
        let addresses = (asked.as_str(), 0).to_socket_addrs()?;
        Ok::<_, std::io::Error>(addresses.map(|address| address.ip()).collect::<Vec<_>>())
    });
    match answer.await {
        Ok(Ok(addresses)) => told(outbound.granted().find(&name, addresses)),
        // The system does not say what kind of failure it was.
        Ok(Err(_)) => Err(ErrorCode::NameUnresolvable),
        Err(_) => Err(ErrorCode::TemporaryResolverFailure),
    }
}

/// A name that stands for nothing is none.
fn told(addresses: Vec<IpAddr>) -> Result<Vec<IpAddr>, ErrorCode> {
    if addresses.is_empty() {
        return Err(ErrorCode::NameUnresolvable);
    }
    Ok(addresses)
}

/// Names that are looked up at once for all guests of the process. Others wait; the threads that block are shared with
/// the rest of the server, 512 by tokio's default.
static LOOKUPS: Semaphore = Semaphore::const_new(64);

/// A name of 253 characters, each written in the longest way.
const MAX_TEXT: usize = 1024;
