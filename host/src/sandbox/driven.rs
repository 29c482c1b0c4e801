//! The host's side of `socketserver:core/server`: servers that a program drives.

use std::time::Duration;

use wasmtime::component::{Component, Linker, Resource, ResourceTable, ResourceType};

use super::bindings::socketserver::core::network::{self, ErrorCode, SocketAddress};
use super::bindings::socketserver::core::server::{
    Counters, Event, Host, HostRequest, HostServer, Outcome, Reason, ServerOptions,
};
use super::convert;
use super::program::ProgramState;
use super::state::State;
use super::trap;
use crate::drive::{self, DrivenServer, Refused, Request, Wishes};
use crate::event::CloseReason;

/// A server that a program has made.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct ServerHandle(DrivenServer);

/// A request that a program has taken.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct RequestHandle(Request);

type Reply<T> = wasmtime::Result<Result<T, ErrorCode>>;

const INTERFACE: &str = "socketserver:core/server@0.1.0";
const CREATE: &str = "[static]server.create";

/// Defines the interface for an instance that handles a request: it may not make a server, and can do nothing else without
/// one.
///
/// # Errors
///
/// It is defined already.
pub(super) fn deny_in_linker(linker: &mut Linker<State>, component: &Component) -> wasmtime::Result<()> {
    let world = component.component_type();
    if world.imports(component.engine()).all(|(name, _)| name != INTERFACE) {
        return Ok(());
    }
    let mut interface = linker.instance(INTERFACE)?;
    interface.resource("server", ResourceType::host::<ServerHandle>(), |_, _| Ok(()))?;
    interface.func_wrap(CREATE, |_, (_, _): (String, ServerOptions)| {
        Ok((Err::<Resource<ServerHandle>, _>(ErrorCode::AccessDenied),))
    })?;
    // The other functions need a handle, of which there is none.
    trap::define(linker, component, INTERFACE, &["server", CREATE])
}

impl network::Host for ProgramState {}

impl Host for ProgramState {}

impl HostServer for ProgramState {
    async fn create(&mut self, address: String, options: ServerOptions) -> Reply<Resource<ServerHandle>> {
        let wishes = Wishes {
            backlog: options.request_queue_size,
            reuse_address: options.reuse_address,
            reuse_port: options.reuse_port,
            max_packet_size: options.max_packet_size,
            handler: options.handler,
        };
        match self.granted.create(&address, &wishes) {
            Ok(server) => Ok(Ok(self.table.push(ServerHandle(server))?)),
            Err(Refused::Denied) => Ok(Err(ErrorCode::AccessDenied)),
            Err(Refused::Invalid) => Ok(Err(ErrorCode::InvalidArgument)),
        }
    }

    async fn bind(&mut self, server: Resource<ServerHandle>) -> Reply<()> {
        Ok(self.server(&server)?.bind().await.map_err(convert::error_code))
    }

    async fn activate(&mut self, server: Resource<ServerHandle>) -> Reply<()> {
        Ok(self.server(&server)?.activate().map_err(convert::error_code))
    }

    async fn get_address(&mut self, server: Resource<ServerHandle>) -> wasmtime::Result<Option<SocketAddress>> {
        Ok(self.server(&server)?.address().map(convert::socket_address))
    }

    async fn get_number(&mut self, server: Resource<ServerHandle>) -> wasmtime::Result<u32> {
        Ok(self.server(&server)?.number())
    }

    async fn wait(&mut self, server: Resource<ServerHandle>, milliseconds: Option<u32>) -> Reply<Event> {
        let limit = milliseconds.map(|milliseconds| Duration::from_millis(milliseconds.into()));
        let event = self.server(&server)?.wait(limit).await;
        Ok(event.ok_or(ErrorCode::InvalidState).map(|event| match event {
            drive::Event::Finished => Event::Finished,
            drive::Event::Request => Event::Request,
            drive::Event::Shutdown => Event::Shutdown,
            drive::Event::TimedOut => Event::TimedOut,
        }))
    }

    async fn get_request(&mut self, server: Resource<ServerHandle>) -> Reply<Resource<RequestHandle>> {
        match self.server(&server)?.take() {
            Ok(request) => Ok(Ok(self.table.push(RequestHandle(request))?)),
            Err(error) => Ok(Err(convert::error_code(error))),
        }
    }

    async fn collect(&mut self, server: Resource<ServerHandle>) -> wasmtime::Result<Vec<Outcome>> {
        let outcomes = self.server(&server)?.collect();
        Ok(outcomes.into_iter().map(outcome).collect())
    }

    async fn suspend(&mut self, server: Resource<ServerHandle>) -> wasmtime::Result<()> {
        self.server(&server)?.suspend(true);
        Ok(())
    }

    async fn resume(&mut self, server: Resource<ServerHandle>) -> wasmtime::Result<()> {
        self.server(&server)?.suspend(false);
        Ok(())
    }

    async fn get_counters(&mut self, server: Resource<ServerHandle>) -> wasmtime::Result<Counters> {
        let drive::Numbers {
            accepted,
            active,
            rejected,
        } = self.server(&server)?.numbers();
        Ok(Counters {
            accepted,
            active,
            rejected,
        })
    }

    async fn close(&mut self, server: Resource<ServerHandle>) -> wasmtime::Result<()> {
        self.server(&server)?.close();
        Ok(())
    }

    async fn drop(&mut self, server: Resource<ServerHandle>) -> wasmtime::Result<()> {
        self.table.delete(server)?;
        Ok(())
    }
}

impl HostRequest for ProgramState {
    async fn get_remote_address(&mut self, request: Resource<RequestHandle>) -> wasmtime::Result<SocketAddress> {
        Ok(convert::socket_address(self.table.get(&request)?.0.remote()))
    }

    async fn finish(&mut self, request: Resource<RequestHandle>) -> wasmtime::Result<Outcome> {
        let RequestHandle(request) = self.table.delete(request)?;
        Ok(outcome(request.finish().await))
    }

    async fn process(&mut self, request: Resource<RequestHandle>) -> wasmtime::Result<()> {
        let RequestHandle(request) = self.table.delete(request)?;
        request.process();
        Ok(())
    }

    async fn drop(&mut self, request: Resource<RequestHandle>) -> wasmtime::Result<()> {
        self.table.delete(request)?;
        Ok(())
    }
}

impl ProgramState {
    fn server(&mut self, server: &Resource<ServerHandle>) -> wasmtime::Result<&mut DrivenServer> {
        let table: &mut ResourceTable = &mut self.table;
        Ok(&mut table.get_mut(server)?.0)
    }
}

fn outcome(outcome: drive::Outcome) -> Outcome {
    Outcome {
        remote: convert::socket_address(&outcome.remote),
        reason: reason(outcome.reason),
        message: (!outcome.message.is_empty()).then_some(outcome.message),
    }
}

fn reason(reason: CloseReason) -> Reason {
    match reason {
        // Those that only HTTP has do not happen to what a program takes, and nobody is told of the end of a worker.
        CloseReason::Aborted
        | CloseReason::Bug
        | CloseReason::Evicted
        | CloseReason::HeaderTimeout
        | CloseReason::Protocol
        | CloseReason::WorkerDied => Reason::Bug,
        CloseReason::Completed => Reason::Completed,
        CloseReason::CpuTime => Reason::CpuTime,
        CloseReason::Exit => Reason::Exit,
        CloseReason::HandlerError => Reason::HandlerError,
        CloseReason::Idle => Reason::Idle,
        CloseReason::Instantiate => Reason::Instantiate,
        CloseReason::Killed => Reason::Killed,
        CloseReason::Lifetime => Reason::Lifetime,
        CloseReason::Memory => Reason::Memory,
        CloseReason::Reset => Reason::Reset,
        CloseReason::TimedOut => Reason::TimedOut,
        CloseReason::Trap => Reason::Trap,
    }
}
