//! The one instance of a server program.
//!
//! It is trusted more than a handler: it lives as long as it likes, and what it prints goes where the operator says. It
//! reaches no more than a handler does, but for the servers that it was granted: of the network beyond them it has what
//! its handlers have.

use std::pin::pin;
use std::sync::Arc;

use wasmtime::component::{HasSelf, Linker, ResourceTable};
use wasmtime::{Engine, Store, StoreContextMut, UpdateDeadline};
use wasmtime_wasi::p2::bindings::CommandPre;
use wasmtime_wasi::{I32Exit, WasiCtx, WasiCtxView, WasiView};

use super::bindings::socketserver::core::{network, server};
use super::ending::describe;
use super::engine::Concurrency;
use super::load::{Artifact, LoadError, Loaded};
use super::outbound::{Outbound, OutboundGrant};
use super::sockets::{self, OutboundView};
use super::state::MemoryLimit;
use super::ticker::Ticker;
use super::{async_sockets, connections, datagrams, trap};
use crate::config::Config;
use crate::drive::Granted;
use crate::event::Observer;
use crate::meter::Meter;

/// A program that is ready to run.
pub(crate) struct Program {
    engine: Engine,
    command: CommandPre<ProgramState>,
    ticker: Ticker,
    max_memory: u64,
    outbound: Option<OutboundGrant>,
}

/// What the store of a program holds.
pub(crate) struct ProgramState {
    pub(super) table: ResourceTable,
    pub(super) granted: Arc<Granted>,
    wasi: WasiCtx,
    memory: MemoryLimit,
    outbound: Option<Outbound>,
}

/// How a program ended.
#[derive(Debug)]
pub(crate) enum ProgramEnd {
    /// It returned from `run`, or called `exit`, with success.
    Success,
    /// It returned from `run`, or called `exit`, with a failure.
    Failure,
    /// It trapped: the words, and the functions that it was in.
    Trap(String, Vec<String>),
}

impl Program {
    /// Loads `config.handler` as a program; and as a handler, if it is one too.
    ///
    /// # Errors
    ///
    /// It is no program, or imports what it is not given.
    pub(crate) fn load(config: &Config, observer: &Arc<dyn Observer>) -> Result<(Self, Option<Loaded>), LoadError> {
        let artifact = Artifact::load(config, &config.handler)?;
        let engine = artifact.compiler.clone();
        let mut linker = Linker::new(&engine);
        let wasi_0_3 = |linker: &mut _| match artifact.concurrency {
            Concurrency::Off => Ok(()),
            Concurrency::On => wasmtime_wasi::p3::add_to_linker(linker),
        };
        wasmtime_wasi::p2::add_to_linker_async(&mut linker)
            .and_then(|()| wasi_0_3(&mut linker))
            .and_then(|()| network::add_to_linker::<_, HasSelf<ProgramState>>(&mut linker, |state| state))
            .and_then(|()| server::add_to_linker::<_, HasSelf<ProgramState>>(&mut linker, |state| state))
            // For its own handler: the instance that runs the program is given no connection and no datagram.
            .and_then(|()| trap::define(&mut linker, &artifact.component, connections::INTERFACE, &[]))
            .and_then(|()| trap::define(&mut linker, &artifact.component, datagrams::INTERFACE, &[]))
            .map_err(LoadError::Invalid)?;
        let outbound = OutboundGrant::of(config, observer);
        if outbound.is_some() {
            linker.allow_shadowing(true);
            sockets::add_sources_to_linker(&mut linker).map_err(LoadError::Invalid)?;
            if artifact.concurrency == Concurrency::On {
                async_sockets::add_sources_to_linker(&mut linker).map_err(LoadError::Invalid)?;
            }
        }
        let instance = linker.instantiate_pre(&artifact.component);
        let command = instance.map_err(LoadError::Invalid)?;
        let command = CommandPre::new(command).map_err(|_| LoadError::NotAProgram {
            exports: artifact.list_exports(),
        })?;
        let program = Self {
            ticker: Ticker::start(engine.clone(), None).map_err(LoadError::Ticker)?,
            engine,
            command,
            max_memory: config.limits.max_memory,
            outbound,
        };
        let handler = if artifact.is_handler() {
            Some(artifact.into_sandbox(config, Arc::clone(observer))?)
        } else {
            None
        };
        Ok((program, handler))
    }

    /// Loads another component as a handler.
    ///
    /// # Errors
    ///
    /// It is none, or imports what it is not given.
    pub(crate) fn load_handler(config: &Config, observer: &Arc<dyn Observer>) -> Result<Loaded, LoadError> {
        let artifact = Artifact::load(config, &config.handler)?;
        if !artifact.is_handler() {
            return Err(LoadError::NotAHandler {
                path: config.handler.clone(),
                exports: artifact.list_exports(),
            });
        }
        artifact.into_sandbox(config, Arc::clone(observer))
    }

    /// Runs the program to its end. What it is refused of the network is counted by `meter`.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the program, and closes its servers.
    pub(crate) async fn run(&self, granted: Arc<Granted>, arguments: &[String], meter: &Arc<Meter>) -> ProgramEnd {
        let mut wasi = WasiCtx::builder();
        // The first argument is the name of the program, as for every command.
        wasi.arg("program").args(arguments);
        wasi.allow_tcp(false).allow_udp(false);
        wasi.inherit_stdout().inherit_stderr();
        let state = ProgramState {
            table: ResourceTable::new(),
            granted,
            wasi: wasi.build(),
            memory: MemoryLimit::new(self.max_memory),
            outbound: self.outbound.as_ref().map(|grant| grant.guest(None, meter)),
        };
        let mut store = Store::new(&self.engine, state);
        store.limiter(|state| &mut state.memory);
        store.set_epoch_deadline(1);
        // It may compute as long as it likes, and lets others run at each tick.
        store.epoch_deadline_callback(|_: StoreContextMut<'_, ProgramState>| {
            Ok(UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now())))
        });
        let run = async {
            let command = Box::pin(self.command.instantiate_async(&mut store)).await?;
            command.wasi_cli_run().call_run(&mut store).await
        };
        let mut run = pin!(run);
        let run = std::future::poll_fn(|cx| {
            let _turn = self.ticker.turn();
            run.as_mut().poll(cx)
        });
        match run.await {
            Ok(Ok(())) => ProgramEnd::Success,
            Ok(Err(())) => ProgramEnd::Failure,
            Err(error) => match error.downcast_ref::<I32Exit>() {
                Some(I32Exit(0)) => ProgramEnd::Success,
                Some(I32Exit(_)) => ProgramEnd::Failure,
                None => {
                    let (message, backtrace) = describe(&error);
                    ProgramEnd::Trap(message, backtrace)
                }
            },
        }
    }
}

impl WasiView for ProgramState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl OutboundView for ProgramState {
    fn outbound(&mut self) -> wasmtime::Result<Outbound> {
        let outbound = self.outbound.clone();
        outbound.ok_or_else(|| wasmtime::format_err!("the program was granted no sockets"))
    }
}
