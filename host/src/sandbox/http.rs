//! Requests of HTTP, each in an instance of its own, by `wasi:http` of WASI 0.2 or 0.3.

mod error;
mod hooks;
mod incoming;
mod reuse;
mod send;
mod service;

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use tokio::sync::oneshot;
use wasmtime::Store;
use wasmtime::component::InstancePre;
use wasmtime_wasi_http::WasiBody;
use wasmtime_wasi_http::p2::bindings::exports::wasi::http::incoming_handler;
use wasmtime_wasi_http::p3::bindings::exports::wasi::http::handler;

pub(super) use self::hooks::HttpState;
pub(super) use self::reuse::Kept;
use self::reuse::Used;
use super::state::{Given, State};
use super::{Ending, Failure, Outcome, Sandbox};
use crate::config::Timeouts;
use crate::event::CloseReason;
use crate::http::{BodyError, Exchange, Received};
use crate::limit::Permit;
use crate::server::Shared;
use crate::supervise::supervise;

/// Where a component has its handler.
pub(super) enum Indices {
    /// Of WASI 0.2.
    Incoming(incoming_handler::GuestIndices),
    /// Of WASI 0.3.
    Service(handler::GuestIndices),
}

impl Indices {
    /// `None` for a component that handles no requests. One that has both handlers is called by the newer.
    pub(super) fn new(component: &InstancePre<State>) -> Option<Self> {
        let service = handler::GuestIndices::new(component).ok().map(Self::Service);
        service.or_else(|| incoming_handler::GuestIndices::new(component).ok().map(Self::Incoming))
    }
}

/// The handler of one instance.
enum Callee {
    Incoming(incoming_handler::Guest),
    Service(handler::Guest),
}

/// A guest that handles one request. It runs when it is polled, and stops when it is dropped.
pub(crate) struct Handling {
    run: Pin<Box<dyn Future<Output = Ending> + Send>>,
    head: oneshot::Receiver<Head>,
}

/// What a guest answers with.
type Head = Result<Response<GuestBody>, Declined>;

/// A guest that would not answer, and said why.
pub(crate) struct Declined {
    /// What the peer is told.
    pub(crate) status: StatusCode,
    /// The guest's error code.
    pub(crate) message: String,
}

impl Handling {
    /// Runs the guest as far as it goes; ready when it has ended, after which it must not be polled again.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Ending> {
        self.run.as_mut().poll(cx)
    }

    /// What the guest has answered with, once.
    pub(crate) fn take_head(&mut self) -> Option<Head> {
        self.head.try_recv().ok()
    }
}

/// The body of a guest's response.
pub(crate) struct GuestBody {
    body: WasiBody,
    /// Dropped with it, which tells the guest's call that nothing more is taken.
    _taken: Option<oneshot::Sender<()>>,
}

impl GuestBody {
    fn new(body: WasiBody) -> Self {
        Self { body, _taken: None }
    }

    /// One that tells when it is at its end, or dropped before.
    fn told(body: WasiBody) -> (Self, oneshot::Receiver<()>) {
        let (taken, told) = oneshot::channel();
        let body = Self {
            body,
            _taken: Some(taken),
        };
        (body, told)
    }
}

impl Body for GuestBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        Pin::new(&mut self.body).poll_frame(cx).map_err(BodyError::from)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Sandbox {
    /// Has a request handled. The permit is given back when the guest is gone.
    pub(crate) fn answer(
        self: Arc<Self>,
        request: Request<Received>,
        exchange: &Arc<Exchange>,
        server: &Arc<Shared>,
        permit: Permit,
    ) -> Handling {
        let (told, head) = oneshot::channel();
        let (exchange, server) = (Arc::clone(exchange), Arc::clone(server));
        let run = async move {
            let ending = self.run_request(request, told, &exchange, &server).await;
            drop(permit);
            ending
        };
        Handling {
            run: Box::pin(run),
            head,
        }
    }

    async fn run_request(
        self: &Arc<Self>,
        request: Request<Received>,
        told: oneshot::Sender<Head>,
        exchange: &Exchange,
        server: &Arc<Shared>,
    ) -> Ending {
        let meter = exchange.meter();
        let (connection, given) = (Arc::clone(exchange.connection()), Given::Request(exchange.number()));
        let (mut store, mut callee, uses) = match self.kept.take() {
            Some(Used {
                mut store,
                callee,
                uses,
                ..
            }) => {
                store.data_mut().renew(connection, given, Arc::clone(meter));
                store.set_epoch_deadline(1);
                (store, Some(callee), uses)
            }
            None => (self.store(connection, given, meter), None, 0),
        };
        // How long a body may rest is seen by the body: a guest that waits for something else is not idle.
        let timeouts = Timeouts {
            idle: None,
            lifetime: server.http.request_timeout,
            ..self.timeouts
        };
        let result = {
            let handle = pin!(self.handle_request(&mut store, &mut callee, request, told));
            let work = pin!(self.in_turns(meter, handle));
            supervise(work, meter.opened(), meter, &timeouts, server.drain.kill()).await
        };
        let ending = Ending::of(result, store.data());
        if let Some(callee) = callee
            && ending.reason == CloseReason::Completed
            && !store.data().memory.refused()
            // What it holds of this request would keep the connection from its next.
            && !exchange.has_unread()
        {
            self.keep(Used::of(store, callee, uses + 1), server);
        }
        ending
    }

    async fn handle_request(
        &self,
        store: &mut Store<State>,
        callee: &mut Option<Callee>,
        request: Request<Received>,
        told: oneshot::Sender<Head>,
    ) -> Outcome {
        let callee = match callee {
            Some(callee) => callee,
            None => callee.insert(self.callee(store).await?),
        };
        match callee {
            Callee::Incoming(handler) => incoming::handle(store, handler, request, told).await,
            // On the heap, so that a request that is handled the other way has no room for it.
            Callee::Service(handler) => Box::pin(service::handle(store, handler, request, told)).await,
        }
    }

    async fn callee(&self, store: &mut Store<State>) -> Result<Callee, Failure> {
        let instance = self.instantiate(store).await?;
        let callee = match &self.http {
            Some(Indices::Incoming(handler)) => handler.load(&mut *store, &instance).map(Callee::Incoming),
            Some(Indices::Service(handler)) => handler.load(&mut *store, &instance).map(Callee::Service),
            None => Err(wasmtime::format_err!("the component handles no requests")),
        };
        callee.map_err(Failure::Instantiate)
    }
}
