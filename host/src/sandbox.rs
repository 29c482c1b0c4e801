//! The sandbox: one component, and a fresh instance of it for each connection.
//!
//! Only this module and those below it know wasmtime. Outside, there is a component to load, a connection to run, and an
//! [`Ending`] to account for.

mod async_sockets;
mod async_stream;
mod bindings;
mod cache;
mod capacity;
mod connections;
mod convert;
mod datagrams;
mod driven;
mod ending;
mod engine;
mod future;
mod http;
mod http_requests;
mod inspect;
mod link;
mod load;
mod lookup;
mod outbound;
mod output;
mod program;
mod reset;
mod slab;
mod sockets;
mod state;
mod strategy;
mod ticker;
mod trap;
mod turns;
mod world;

use std::path::{Path, PathBuf};
use std::pin::{Pin, pin};
use std::sync::Arc;

use tokio::time::Instant;
use wasmtime::component::{Instance, InstancePre, Resource};
use wasmtime::{Engine, Store};

use self::bindings::exports::socketserver::core::{async_stream_handler, datagram_handler, stream_handler};
pub use self::cache::CacheError;
pub use self::capacity::CapacityError;
pub(crate) use self::capacity::Need;
pub(crate) use self::ending::Ending;
pub(crate) use self::http::{Declined, GuestBody, Handling};
pub use self::inspect::{Import, Inspection, Producer, Role, inspect};
pub use self::link::Grant;
pub use self::load::LoadError;
use self::load::Recipe;
pub use self::load::{Code, Facts};
pub(crate) use self::load::{Loaded, load};
use self::outbound::OutboundGrant;
use self::output::OutputBudget;
pub(crate) use self::program::{Program, ProgramEnd};
use self::reset::Reset;
pub use self::reset::ResetError;
use self::state::{Given, Shared, State};
use self::strategy::Strategy;
use self::ticker::Ticker;
use crate::address::Transport;
use crate::config::{Limits, Timeouts};
use crate::drain::Kill;
use crate::event::Connection;
use crate::listener::{Datagram, Io};
use crate::meter::Meter;
use crate::replies::Replies;
use crate::session::Inbox;
use crate::socket::Socket;
use crate::supervise::{Overrun, supervise};

/// A component that is ready to serve.
pub(crate) struct Sandbox {
    engine: Engine,
    component: InstancePre<State>,
    /// A component has at least one of them.
    stream: Option<stream_handler::GuestIndices>,
    async_stream: Option<async_stream_handler::GuestIndices>,
    datagram: Option<datagram_handler::GuestIndices>,
    http: Option<http::Indices>,
    kept: http::Kept,
    ticker: Ticker,
    shared: Arc<Shared>,
    timeouts: Timeouts,
    reset: Reset,
    recipe: Arc<Recipe>,
}

impl Sandbox {
    fn new(
        engine: Engine,
        component: InstancePre<State>,
        reset: Reset,
        recipe: Arc<Recipe>,
    ) -> Result<Self, LoadError> {
        let config = &recipe.config;
        let Limits {
            max_memory,
            max_cpu_time,
            max_guest_output,
            ..
        } = config.limits;
        let ticker = Ticker::start(engine.clone(), max_cpu_time).map_err(LoadError::Ticker)?;
        let shared = Arc::new(Shared {
            ticks: Arc::clone(ticker.ticks()),
            max_cpu: max_cpu_time.map(|max| ticker.charge_of(max)),
            max_memory,
            max_output: max_guest_output,
            output: Arc::new(OutputBudget::new(output::share(max_guest_output, config.workers))),
            outbound: OutboundGrant::new(config, &recipe.observer),
            environment: config.environment.clone(),
            variables: config.variables.iter().flatten().cloned().collect(),
            has_sockets: !config.allow_connect.is_empty(),
            observer: Arc::clone(&recipe.observer),
        });
        Ok(Self {
            engine,
            stream: stream_handler::GuestIndices::new(&component).ok(),
            async_stream: async_stream_handler::GuestIndices::new(&component).ok(),
            datagram: datagram_handler::GuestIndices::new(&component).ok(),
            http: http::Indices::new(&component),
            kept: http::Kept::new(&config.http),
            component,
            ticker,
            shared,
            timeouts: config.timeouts.clone(),
            reset,
            recipe,
        })
    }

    /// Whether the component handles what comes in over this transport.
    pub(crate) fn handles(&self, transport: Transport) -> bool {
        if transport.is_datagram() {
            self.datagram.is_some()
        } else if transport.is_http() {
            self.http.is_some()
        } else {
            self.stream.is_some() || self.async_stream.is_some()
        }
    }

    /// What one instance takes of what the process has only so much of.
    pub(crate) fn need(&self) -> Need {
        Need::of(self.recipe.pool, self.recipe.strategy)
    }

    /// As many instances as there may be at once.
    pub(crate) fn instances(&self) -> u32 {
        self.recipe.pool.instances
    }

    /// Makes an instance that is never called; `None` if it cannot be made.
    pub(crate) async fn make_idle(&self, connection: Arc<Connection>) -> Option<Idle> {
        let meter = Arc::new(Meter::new());
        let mut store = self.store(connection, Given::Request(0), &meter);
        {
            // It may have a start function, which is as much of a guest as any.
            let instance = pin!(self.instantiate(&mut store));
            self.in_turns(&meter, instance).await.ok()?;
        }
        Some(Idle(store))
    }

    /// Whether its way of resetting memory is safe only as long as nothing can be swapped out.
    pub(crate) fn must_not_swap(&self) -> bool {
        self.reset == Reset::PagemapScan && self.recipe.strategy == Strategy::Pool
    }

    /// Whether it is unsafe by now. This reads files, which may block.
    pub(crate) fn is_unsafe(&self) -> bool {
        self.must_not_swap() && reset::can_swap(Path::new("/"))
    }

    /// Loads another component with the settings of this one, and a pool of its own.
    ///
    /// # Errors
    ///
    /// As for [`load`].
    pub(crate) fn replacement(&self, handler: PathBuf) -> Result<Loaded, LoadError> {
        let mut config = self.recipe.config.clone();
        config.handler = handler;
        load(&config, Arc::clone(&self.recipe.observer))
    }

    /// Makes the same sandbox with the way of resetting memory that is safe everywhere, and a pool of its own.
    ///
    /// # Errors
    ///
    /// The machine has no room for a second pool.
    pub(crate) fn made_safe(&self) -> Result<Self, LoadError> {
        self.recipe.make(Reset::Decommit)
    }

    /// Serves one connection in an instance of its own, to the end of the handler or of its limits.
    ///
    /// When this returns the instance is gone, and its memory is ready for the next.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the instance and closes the socket.
    pub(crate) async fn run(
        &self,
        connection: Arc<Connection>,
        io: Box<dyn Io>,
        meter: &Arc<Meter>,
        kill: &Kill,
    ) -> (Ending, Arc<Socket>) {
        let socket = Arc::new(Socket::new(io, Arc::clone(meter)));
        let mut store = self.store(connection, Given::Connection(Arc::clone(&socket)), meter);
        let result = {
            let handle = pin!(self.handle(&mut store, &socket));
            let mut handle = pin!(self.in_turns(meter, handle));
            let work = std::future::poll_fn(|cx| {
                let outcome = handle.as_mut().poll(cx);
                if outcome.is_pending() {
                    socket.tell();
                }
                outcome
            });
            supervise(pin!(work), meter.opened(), meter, &self.timeouts, kill).await
        };
        let ending = Ending::of(result, &store.into_data());
        (ending, socket)
    }

    /// Serves the datagrams of an inbox in an instance of its own, one after the other, until there is none left or one
    /// fails.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the instance.
    pub(crate) async fn run_datagrams(
        &self,
        connection: Arc<Connection>,
        replies: Replies,
        mut inbox: Inbox,
        meter: &Arc<Meter>,
        kill: &Kill,
    ) -> Ending {
        let mut store = self.store(connection, Given::Replies(replies), meter);
        let mut instance = None;
        let mut result: Result<Outcome, Overrun> = Ok(Ok(Ok(())));
        let mut since = meter.opened();
        while let Some(datagram) = inbox.next().await {
            if instance.is_some() {
                since = Instant::now();
            }
            meter.receive(datagram.data.len());
            let handle = pin!(self.handle_datagram(&mut store, &mut instance, datagram));
            let work = pin!(self.in_turns(meter, handle));
            result = supervise(work, since, meter, &self.timeouts, kill).await;
            if !matches!(result, Ok(Ok(Ok(())))) {
                break;
            }
        }
        Ending::of(result, &store.into_data())
    }

    /// Polls what runs a guest, each time as a turn of it: ticks that pass while it waits are not its own.
    fn in_turns<T>(&self, meter: &Meter, mut guest: Pin<&mut impl Future<Output = T>>) -> impl Future<Output = T> {
        std::future::poll_fn(move |cx| {
            let _turn = self.ticker.turn();
            meter.resume(self.shared.ticks.now());
            guest.as_mut().poll(cx)
        })
    }

    fn store(&self, connection: Arc<Connection>, given: Given, meter: &Arc<Meter>) -> Store<State> {
        let state = State::new(connection, given, Arc::clone(meter), Arc::clone(&self.shared));
        let mut store = Store::new(&self.engine, state);
        store.limiter(|state| &mut state.memory);
        store.set_max_component_handles(state::MAX_RESOURCES);
        if self.shared.has_sockets {
            // A list of datagrams may name the same bytes over and over: the host copies no more of them than the guest may
            // have.
            let bytes = self.shared.max_memory.saturating_add(CALL_OVERHEAD);
            store.set_hostcall_fuel(usize::try_from(bytes).unwrap_or(usize::MAX));
        }
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(State::on_tick);
        store
    }

    async fn handle(&self, store: &mut Store<State>, socket: &Arc<Socket>) -> Outcome {
        let instance = self.instantiate(store).await?;
        let Some(handler) = &self.stream else {
            // On the heap, so that the task of a connection that is handled the other way has no room for it.
            return Box::pin(self.handle_async(store, instance, socket)).await;
        };
        let handler = handler.load(&mut *store, &instance).map_err(Failure::Instantiate)?;
        handler
            .call_handle(store, Resource::new_own(0))
            .await
            .map_err(Failure::Handle)
    }

    async fn handle_async(&self, store: &mut Store<State>, instance: Instance, socket: &Arc<Socket>) -> Outcome {
        let handler = self
            .async_stream
            .as_ref()
            .ok_or_else(|| Failure::Instantiate(wasmtime::format_err!("the component handles no connections")))?
            .load(&mut *store, &instance)
            .map_err(Failure::Instantiate)?;
        async_stream::handle(store, &handler, socket).await
    }

    async fn handle_datagram(
        &self,
        store: &mut Store<State>,
        instance: &mut Option<Instance>,
        datagram: Datagram,
    ) -> Outcome {
        let instance = match *instance {
            Some(instance) => instance,
            None => *instance.insert(self.instantiate(store).await?),
        };
        let handler = self
            .datagram
            .as_ref()
            .ok_or_else(|| Failure::Instantiate(wasmtime::format_err!("the component handles no datagrams")))?
            .load(&mut *store, &instance)
            .map_err(Failure::Instantiate)?;
        if let Given::Replies(replies) = &store.data().given {
            replies.renew();
        }
        let remote = convert::socket_address(&datagram.origin.remote().address);
        let datagram = datagram_handler::Datagram {
            data: datagram.data,
            remote,
            truncated: datagram.truncated,
        };
        handler
            .call_handle(store, &datagram, Resource::new_own(0))
            .await
            .map_err(Failure::Handle)
    }

    /// On the heap, so that the task of a connection does not keep room for what is over before it first waits.
    async fn instantiate(&self, store: &mut Store<State>) -> Result<Instance, Failure> {
        Box::pin(self.component.instantiate_async(store))
            .await
            .map_err(Failure::Instantiate)
    }
}

/// An instance that is not called.
pub(crate) struct Idle(#[expect(dead_code, reason = "it is there to be there")] Store<State>);

/// What a call may bring along beside bytes of the guest's memory.
const CALL_OVERHEAD: u64 = 64 << 10;

/// What a guest's run came to: its own word, or a failure.
type Outcome = Result<Result<(), String>, Failure>;

/// Where a guest's run failed.
enum Failure {
    Instantiate(wasmtime::Error),
    Handle(wasmtime::Error),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, MemoryReset};
    use crate::event::Observer;

    struct Nobody;

    impl Observer for Nobody {}

    #[tokio::test]
    async fn a_sandbox_can_be_made_safe() {
        let mut config = Config::new("../tests/programs/canary.wat");
        config.limits.max_connections = 2;
        config.memory_reset = MemoryReset::Zero;
        let loaded = load(&config, Arc::new(Nobody)).unwrap();
        assert!(!loaded.sandbox.must_not_swap() && !loaded.sandbox.is_unsafe());
        let safe = loaded.sandbox.made_safe().unwrap();
        assert_eq!(safe.reset, Reset::Decommit);
    }
}
