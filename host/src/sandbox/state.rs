//! What a store holds for one connection.

use std::sync::Arc;

use wasmtime::{ResourceLimiter, StoreContextMut, UpdateDeadline};
use wasmtime_wasi::{ResourceTable, WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_config::WasiConfigVariables;
use wasmtime_wasi_http::{WasiHttpCtxView, WasiHttpView};

use super::http::HttpState;
use super::outbound::{Outbound, OutboundGrant};
use super::output::{GuestOutput, OutputBudget};
use super::sockets::OutboundView;
use super::ticker::Ticks;
use crate::event::{Connection, GuestStream, Observer};
use crate::meter::Meter;
use crate::replies::Replies;
use crate::socket::Socket;

/// The type that stands for a guest's handle to its connection.
///
/// There is one connection in a store, so the handle needs no table: it carries nothing.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub enum ConnectionHandle {}

/// As [`ConnectionHandle`], for the socket that a datagram came through.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub enum DatagramHandle {}

/// What the guest of a store was given.
pub(crate) enum Given {
    Connection(Arc<Socket>),
    Replies(Replies),
    /// A request of HTTP, by its number on its connection.
    Request(u64),
}

impl Given {
    /// The connection.
    ///
    /// # Errors
    ///
    /// There is none.
    pub(crate) fn socket(&self) -> wasmtime::Result<&Socket> {
        match self {
            Self::Connection(socket) => Ok(socket),
            Self::Replies(_) | Self::Request(_) => Err(wasmtime::format_err!("the guest was given no connection")),
        }
    }

    /// The way to answer a datagram.
    ///
    /// # Errors
    ///
    /// There is none.
    pub(crate) fn replies(&self) -> wasmtime::Result<&Replies> {
        match self {
            Self::Connection(_) | Self::Request(_) => Err(wasmtime::format_err!("the guest was given no datagram")),
            Self::Replies(replies) => Ok(replies),
        }
    }

    /// The kind of the last failure that the guest was told.
    pub(crate) fn failure(&self) -> Option<std::io::ErrorKind> {
        match self {
            Self::Connection(socket) => socket.failure(),
            Self::Replies(replies) => replies.failure(),
            Self::Request(_) => None,
        }
    }

    /// The number of the request.
    fn request(&self) -> Option<u64> {
        match self {
            Self::Connection(_) | Self::Replies(_) => None,
            Self::Request(number) => Some(*number),
        }
    }

    /// Tells the peer what the guest has done without waiting.
    fn tell(&self) {
        if let Self::Connection(socket) = self {
            socket.tell();
        }
    }
}

/// One connection's side of its store.
pub(crate) struct State {
    pub(crate) connection: Arc<Connection>,
    pub(crate) given: Given,
    pub(crate) memory: MemoryLimit,
    pub(crate) meter: Arc<Meter>,
    pub(crate) shared: Arc<Shared>,
    table: ResourceTable,
    /// Made when the guest first calls WASI; many guests never do.
    wasi: Option<Box<WasiCtx>>,
    /// What of it the guest writes to.
    outputs: Option<[GuestOutput; 2]>,
    /// As `wasi`, for a guest that was granted something of the network.
    outbound: Option<Outbound>,
    /// As `wasi`, for a guest that speaks HTTP.
    http: Option<Box<HttpState>>,
}

/// What the stores of a sandbox share.
pub(crate) struct Shared {
    pub(crate) ticks: Arc<Ticks>,
    /// Ticks that a guest may be charged for.
    pub(crate) max_cpu: Option<u64>,
    pub(crate) max_memory: u64,
    pub(crate) max_output: u64,
    /// What all guests together may write.
    pub(crate) output: Arc<OutputBudget>,
    /// What guests are granted of the network beyond their connections.
    pub(super) outbound: OutboundGrant,
    /// The environment of guests.
    pub(super) environment: Vec<(String, String)>,
    /// What those find that ask for `wasi:config`.
    pub(super) variables: WasiConfigVariables,
    /// Whether they have sockets for it.
    pub(super) has_sockets: bool,
    pub(crate) observer: Arc<dyn Observer>,
}

impl State {
    pub(crate) fn new(connection: Arc<Connection>, given: Given, meter: Arc<Meter>, shared: Arc<Shared>) -> Self {
        let mut table = ResourceTable::new();
        table.set_max_capacity(MAX_RESOURCES);
        Self {
            connection,
            given,
            memory: MemoryLimit::new(shared.max_memory),
            meter,
            shared,
            table,
            wasi: None,
            outputs: None,
            outbound: None,
            http: None,
        }
    }

    /// Goes on with another request. What the guest has used of its memory stays used.
    pub(super) fn renew(&mut self, connection: Arc<Connection>, given: Given, meter: Arc<Meter>) {
        for output in self.outputs.iter().flatten() {
            output.renew((connection.id, given.request()), &meter);
        }
        if let Some(outbound) = &self.outbound {
            outbound.renew(connection.id, &meter);
        }
        self.connection = connection;
        self.given = given;
        self.meter = meter;
    }

    /// Gives a guest that has waited a whole slice: ticks that passed meanwhile would interrupt it for nothing.
    ///
    /// A guest that did not wait, or was not resumed since the last tick, has something to be charged for, and stays
    /// due.
    pub(crate) fn on_wake(store: &mut StoreContextMut<'_, Self>) {
        let state = store.data();
        if state.meter.is_charged(state.shared.ticks.now()) {
            store.set_epoch_deadline(1);
        }
    }

    /// What happens when the guest runs as a tick passes.
    ///
    /// A guest that only waited over the tick goes on. One that computed over it is charged, and lets others run: with
    /// tokio's own yield, because tokio polls for input and output before it polls the guest again, while wasmtime's
    /// yield would run 61 slices before that.
    pub(crate) fn on_tick(mut store: StoreContextMut<'_, Self>) -> wasmtime::Result<UpdateDeadline> {
        let state = store.data_mut();
        state.given.tell();
        if state.meter.charge(state.shared.ticks.now()) == 0 {
            return Ok(UpdateDeadline::Continue(1));
        }
        match state.shared.max_cpu {
            Some(max) if state.meter.cpu() > max => Err(CpuTimeExceeded.into()),
            _ => Ok(UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now()))),
        }
    }
}

impl WasiView for State {
    /// Nothing but clocks, random numbers, the environment that the operator has given, and standard output and error that
    /// go to the log: no file, no argument, and an empty standard input. Sockets are not made with this context, so it allows none.
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let ctx = self.wasi.get_or_insert_with(|| {
            let budget = Arc::new(OutputBudget::new(self.shared.max_output));
            let source = (self.connection.id, self.given.request());
            let output = |stream| GuestOutput::new(source, stream, &budget, &self.meter, &self.shared);
            let (stdout, stderr) = (output(GuestStream::Stdout), output(GuestStream::Stderr));
            self.outputs = Some([stdout.clone(), stderr.clone()]);
            let mut builder = WasiCtx::builder();
            builder
                .stdout(stdout)
                .stderr(stderr)
                .max_random_size(MAX_RANDOM)
                .envs(&self.shared.environment)
                .allow_tcp(false)
                .allow_udp(false);
            Box::new(builder.build())
        });
        WasiCtxView {
            ctx,
            table: &mut self.table,
        }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        let outbound = self.outbound.get_or_insert_with(|| {
            let grant = &self.shared.outbound;
            grant.guest(Some(self.connection.id), &self.meter)
        });
        let http = self
            .http
            .get_or_insert_with(|| Box::new(HttpState::new(outbound.clone())));
        http.view(&mut self.table)
    }
}

impl OutboundView for State {
    fn outbound(&mut self) -> wasmtime::Result<Outbound> {
        if let Some(outbound) = &self.outbound {
            return Ok(outbound.clone());
        }
        let outbound = self.shared.outbound.guest(Some(self.connection.id), &self.meter);
        Ok(self.outbound.insert(outbound).clone())
    }
}

/// The guest used more processor time than it may.
#[derive(Debug, thiserror::Error)]
#[error("the guest used more processor time than max-cpu-time allows")]
pub(crate) struct CpuTimeExceeded;

/// Bounds the memory of one connection, over all of its memories and tables.
#[derive(Debug)]
pub(crate) struct MemoryLimit {
    left: u64,
    refused: bool,
}

impl MemoryLimit {
    pub(super) fn new(max: u64) -> Self {
        Self {
            left: max,
            refused: false,
        }
    }

    /// Whether the guest was ever refused memory.
    pub(crate) fn refused(&self) -> bool {
        self.refused
    }

    fn take(&mut self, current: usize, desired: usize, unit: u64) -> bool {
        let bytes = (desired as u64).saturating_sub(current as u64).saturating_mul(unit);
        match self.left.checked_sub(bytes) {
            Some(left) => self.left = left,
            None => self.refused = true,
        }
        !self.refused
    }
}

impl ResourceLimiter for MemoryLimit {
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        // Beyond its own maximum a memory cannot grow, whatever the limit: nothing is refused by it.
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        Ok(self.take(current, desired, 1))
    }

    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        Ok(self.take(current, desired, TABLE_ELEMENT))
    }

    fn instances(&self) -> usize {
        super::engine::MAX_CORE_INSTANCES as usize
    }

    fn memories(&self) -> usize {
        usize::MAX
    }

    fn tables(&self) -> usize {
        usize::MAX
    }
}

/// Handles that a guest may hold, which are memory of the host. A handler needs a handful.
pub(super) const MAX_RESOURCES: usize = 1024;

/// Random bytes that a guest may ask for at once, which are memory of the host first.
const MAX_RANDOM: u64 = 64 << 10;

/// The bytes of one element of a table.
const TABLE_ELEMENT: u64 = size_of::<usize>() as u64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memories_and_tables_share_one_limit() {
        let mut limit = MemoryLimit::new(1000);
        assert!(limit.memory_growing(0, 400, None).unwrap());
        assert!(limit.memory_growing(0, 400, None).unwrap());
        assert!(limit.table_growing(0, 25, None).unwrap());
        assert!(!limit.refused());
        assert!(!limit.memory_growing(400, 401, None).unwrap());
        assert!(limit.refused());
    }

    #[test]
    fn a_memory_at_its_own_maximum_is_not_over_the_limit() {
        let mut limit = MemoryLimit::new(1000);
        assert!(!limit.memory_growing(100, 200, Some(100)).unwrap());
        assert!(!limit.refused());
    }
}
