//! The adapters, as components, and which of them a bundle takes.

use super::{BundleError, BundleOptions, Runtime};
use crate::language::Kind;

/// What is put around a handler.
#[derive(Clone, Copy, Debug)]
pub(super) struct Adapters {
    /// Defines what the handler is given; an async handler is given what the runtime has.
    pub(super) transport: Option<Adapter>,
    /// Tells the handler of HTTP requests, unless its connection does.
    pub(super) context: Option<Adapter>,
    /// Calls the handler, and exports what the runtime calls.
    pub(super) driver: Adapter,
}

/// An embedded component, and its name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Adapter {
    pub(super) name: &'static str,
    pub(super) component: &'static [u8],
}

macro_rules! adapter {
    ($name:literal) => {
        Adapter {
            name: $name,
            component: include_bytes!(concat!(env!("OUT_DIR"), "/adapters/", $name, ".wasm")),
        }
    };
}

const ASYNC_HTTP_ADAPTER: Adapter = adapter!("async_http_adapter");
const ASYNC_HTTP_WIRE_ADAPTER: Adapter = adapter!("async_http_wire_adapter");
const ASYNC_TCP_LOOP: Adapter = adapter!("async_tcp_loop");
const CONTEXT: Adapter = adapter!("context");
const HTTP: Adapter = adapter!("http");
const HTTP_ADAPTER: Adapter = adapter!("http_adapter");
const HTTP_WIRE: Adapter = adapter!("http_wire");
const TCP: Adapter = adapter!("tcp");
const TCP_LOOP: Adapter = adapter!("tcp_loop");
const UDP: Adapter = adapter!("udp");
const UDP_LOOP: Adapter = adapter!("udp_loop");

/// The adapters for a handler of this kind.
pub(super) fn of(kind: Kind, options: BundleOptions) -> Result<Adapters, BundleError> {
    let BundleOptions { runtime, http_wire, .. } = options;
    if http_wire && runtime == Runtime::WasmtimeRun {
        return Err(BundleError::HttpWireByRun);
    }
    let (transport, driver) = match (runtime, kind) {
        (_, Kind::Program) => return Err(BundleError::Program),
        (Runtime::WasmtimeServe, Kind::Datagram) => return Err(BundleError::DatagramsByHttp),
        (Runtime::WasmtimeRun, Kind::Async) => (None, ASYNC_TCP_LOOP),
        (Runtime::WasmtimeRun, Kind::Datagram) => (Some(UDP), UDP_LOOP),
        (Runtime::WasmtimeRun, Kind::Stream) => (Some(TCP), TCP_LOOP),
        (Runtime::WasmtimeServe, Kind::Async) if http_wire => (None, ASYNC_HTTP_WIRE_ADAPTER),
        (Runtime::WasmtimeServe, Kind::Async) => (None, ASYNC_HTTP_ADAPTER),
        (Runtime::WasmtimeServe, Kind::Stream) if http_wire => (Some(HTTP_WIRE), HTTP_ADAPTER),
        (Runtime::WasmtimeServe, Kind::Stream) => (Some(HTTP), HTTP_ADAPTER),
    };
    // Over HTTP a connection of the blocking kind is the request, and tells of it.
    let context = (transport.is_none() || runtime == Runtime::WasmtimeRun).then_some(CONTEXT);
    Ok(Adapters {
        transport,
        context,
        driver,
    })
}
