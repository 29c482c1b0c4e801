//! The adapters, as components, and which of them a bundle takes.

use super::{BundleError, BundleOptions, Runtime};
use crate::language::Kind;

/// What is put around a handler.
#[derive(Clone, Copy, Debug)]
pub(super) struct Adapters {
    /// What the handler and the driver import, in an order in which each needs those before it at most.
    pub(super) imported: &'static [Adapter],
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
const ENDS: Adapter = adapter!("ends");
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
    // Over HTTP a connection of the blocking kind is the request, and tells of it; elsewhere `CONTEXT` does.
    let (imported, driver): (&[Adapter], _) = match (runtime, kind) {
        (_, Kind::Program) => return Err(BundleError::Program),
        (Runtime::WasmtimeServe, Kind::Datagram) => return Err(BundleError::DatagramsByHttp),
        (Runtime::WasmtimeRun, Kind::Async) => (&[CONTEXT, ENDS], ASYNC_TCP_LOOP),
        (Runtime::WasmtimeRun, Kind::Datagram) => (&[CONTEXT, UDP], UDP_LOOP),
        (Runtime::WasmtimeRun, Kind::Stream) => (&[CONTEXT, TCP], TCP_LOOP),
        (Runtime::WasmtimeServe, Kind::Async) if http_wire => (&[CONTEXT, ENDS], ASYNC_HTTP_WIRE_ADAPTER),
        (Runtime::WasmtimeServe, Kind::Async) => (&[CONTEXT, ENDS], ASYNC_HTTP_ADAPTER),
        (Runtime::WasmtimeServe, Kind::Stream) if http_wire => (&[HTTP_WIRE], HTTP_ADAPTER),
        (Runtime::WasmtimeServe, Kind::Stream) => (&[HTTP], HTTP_ADAPTER),
    };
    Ok(Adapters { imported, driver })
}
