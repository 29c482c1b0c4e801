//! What a guest has of `wasi:http` in its store, and where its own requests go.

use std::pin::Pin;

use http::Request;
use wasmtime::component::ResourceTable;
use wasmtime_wasi_http::{Error, RequestOptions, Result, WasiBody, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks};

use super::send;
use crate::sandbox::outbound::Outbound;

/// Made when the guest first speaks of HTTP.
pub(in crate::sandbox) struct HttpState {
    ctx: WasiHttpCtx,
    hooks: Hooks,
}

impl HttpState {
    pub(in crate::sandbox) fn new(outbound: Outbound) -> Self {
        Self {
            ctx: WasiHttpCtx::new(),
            hooks: Hooks { outbound },
        }
    }

    pub(in crate::sandbox) fn view<'a>(&'a mut self, table: &'a mut ResourceTable) -> WasiHttpCtxView<'a> {
        WasiHttpCtxView {
            ctx: &mut self.ctx,
            table,
            hooks: &mut self.hooks,
        }
    }
}

struct Hooks {
    outbound: Outbound,
}

/// A response that has begun, and what has to run for its body to come.
type Sending = Box<dyn Future<Output = Result<(http::Response<WasiBody>, End)>> + Send>;
type End = Box<dyn Future<Output = Result<()>> + Send>;

impl WasiHttpHooks for Hooks {
    /// A guest may fill two of them for each body that it makes, and make as many as it may have handles: this is memory of
    /// the host.
    fn p2_outgoing_body_chunk_size(&mut self) -> usize {
        MAX_PART
    }

    fn send_request(&mut self, request: Request<WasiBody>, options: Option<RequestOptions>, taken: End) -> Sending {
        let outbound = self.outbound.clone();
        Box::new(async move {
            let (response, connection) = send::send(&outbound, request, options.unwrap_or_default()).await?;
            let end: End = Box::new(async move {
                let ended = connection.await;
                ended.and(Pin::from(taken).await)
            });
            Ok::<_, Error>((response, end))
        })
    }
}

/// The part of a body of WASI 0.2 that the host takes at once.
const MAX_PART: usize = 16 << 10;
