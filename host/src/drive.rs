//! Servers that a program drives: the same listeners, sandboxes, limits and books as those that the host drives, without the
//! [intake](crate::intake) loop.
//!
//! What a program may bind is decided here, before anything is bound. What it takes is served by the tasks that serve for
//! the host's own loop, so all that is promised of connections holds for requests as well.

mod background;
mod request;

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::time::{Instant, timeout};

use self::background::Background;
pub(crate) use self::background::{Numbers, Outcome};
pub(crate) use self::request::Request;
use self::request::{Taken, What};
use crate::address::{Address, ListenAddress};
use crate::config::SocketOptions;
use crate::drain::Phase;
use crate::event::RejectReason;
use crate::intake::Trouble;
use crate::limit::Permit;
use crate::listen::Listen;
use crate::listener::{BindError, Bound, BoundSockets};
use crate::sandbox::Sandbox;
use crate::server::Shared;

/// What a program may do.
pub(crate) struct Granted {
    pub(crate) shared: Arc<Shared>,
    pub(crate) allow_bind: Vec<Listen>,
    /// The components that handle requests, by name; the program itself has none.
    pub(crate) handlers: BTreeMap<Option<String>, Arc<ArcSwap<Sandbox>>>,
    pub(crate) sockets: SocketOptions,
    pub(crate) bound: BoundSockets,
    pub(crate) max_packet_size: u32,
    pub(crate) made: AtomicU32,
}

/// What a server is asked to be made with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wishes {
    pub(crate) backlog: Option<u32>,
    pub(crate) reuse_address: Option<bool>,
    pub(crate) reuse_port: Option<bool>,
    pub(crate) max_packet_size: Option<u32>,
    pub(crate) handler: Option<String>,
}

/// Why a server cannot be made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Refused {
    /// The operator has not granted the address.
    Denied,
    /// There is no such address, or no such handler.
    Invalid,
}

impl Granted {
    /// Makes a server, if its address is granted.
    pub(crate) fn create(self: &Arc<Self>, url: &str, wishes: &Wishes) -> Result<DrivenServer, Refused> {
        let asked: Listen = url.parse().map_err(|_| Refused::Invalid)?;
        let Some(listen) = self.allow_bind.iter().find(|grant| grant.covers(&asked)) else {
            self.shared.observer.bind_denied(&asked);
            return Err(Refused::Denied);
        };
        let handler = self.handler(wishes.handler.as_deref()).ok_or(Refused::Invalid)?;
        // What a program takes are connections, and those of HTTP are requests: the host takes them.
        if listen.transport().is_http() || !handler.load().handles(listen.transport()) {
            return Err(Refused::Invalid);
        }
        let mut sockets = self.sockets.clone();
        sockets.backlog = wishes.backlog.unwrap_or(sockets.backlog);
        sockets.reuse_address = wishes.reuse_address.unwrap_or(sockets.reuse_address);
        sockets.reuse_port = wishes.reuse_port.unwrap_or(sockets.reuse_port);
        let max_packet_size = wishes.max_packet_size.unwrap_or(self.max_packet_size);
        Ok(DrivenServer {
            number: self.made.fetch_add(1, Ordering::Relaxed),
            shared: Arc::clone(&self.shared),
            handler: Arc::clone(handler),
            listen: listen.clone(),
            sockets,
            bound: self.bound.clone(),
            max_packet_size: max_packet_size.clamp(1, self.max_packet_size),
            stage: Stage::Made,
            is_active: false,
            is_suspended: false,
            permit: None,
            trouble: Trouble::default(),
            paused_until: None,
            background: Arc::default(),
        })
    }

    /// The handler of this name; without one, that of the program itself, or the only one there is.
    fn handler(&self, name: Option<&str>) -> Option<&Arc<ArcSwap<Sandbox>>> {
        match name {
            Some(_) => self.handlers.get(&name.map(str::to_owned)),
            None if self.handlers.len() == 1 => self.handlers.values().next(),
            None => self.handlers.get(&None),
        }
    }
}

/// A listener whose requests a program takes.
pub(crate) struct DrivenServer {
    number: u32,
    shared: Arc<Shared>,
    handler: Arc<ArcSwap<Sandbox>>,
    listen: Listen,
    sockets: SocketOptions,
    bound: BoundSockets,
    max_packet_size: u32,
    stage: Stage,
    is_active: bool,
    is_suspended: bool,
    /// Taken when `wait` reports a request: it is not reported before it could be served.
    permit: Option<Permit>,
    trouble: Trouble,
    /// Until then no request is reported: the last could not be taken, and the kernel would report it again at once.
    paused_until: Option<Instant>,
    background: Arc<Background>,
}

enum Stage {
    Made,
    Bound(Bound, Arc<ListenAddress>),
    Closed,
}

/// Why a wait is over.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Event {
    Finished,
    Request,
    Shutdown,
    TimedOut,
}

impl DrivenServer {
    pub(crate) fn number(&self) -> u32 {
        self.number
    }

    /// The address that was bound.
    pub(crate) fn address(&self) -> Option<&Address> {
        match &self.stage {
            Stage::Bound(_, local) => Some(&local.address),
            Stage::Made | Stage::Closed => None,
        }
    }

    /// Binds the address.
    ///
    /// # Errors
    ///
    /// `NotConnected` when it was bound before, or the system's.
    pub(crate) async fn bind(&mut self) -> io::Result<()> {
        if !matches!(self.stage, Stage::Made) {
            return Err(io::ErrorKind::NotConnected.into());
        }
        let bound = self.try_bind().await.map_err(|error| {
            self.shared.observer.bind_failed(&error);
            error.into_io()
        })?;
        let local = Arc::new(bound.local_address().clone());
        self.stage = Stage::Bound(bound, local);
        Ok(())
    }

    async fn try_bind(&self) -> Result<Bound, BindError> {
        let socket = self.bound.take_or_bind(&self.listen, &self.sockets).await?;
        Bound::new(socket, self.max_packet_size)
    }

    /// Takes requests from here on.
    ///
    /// # Errors
    ///
    /// `NotConnected` when it is not bound.
    pub(crate) fn activate(&mut self) -> io::Result<()> {
        let Stage::Bound(_, local) = &self.stage else {
            return Err(io::ErrorKind::NotConnected.into());
        };
        if !self.is_active {
            self.is_active = true;
            self.shared.observer.listening(local);
        }
        Ok(())
    }

    pub(crate) fn suspend(&mut self, suspend: bool) {
        self.is_suspended = suspend;
    }

    /// Stops listening.
    pub(crate) fn close(&mut self) {
        self.stage = Stage::Closed;
        self.is_active = false;
        self.permit = None;
    }

    /// Waits for something to happen, at most for so long. `None` means that nothing can.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub(crate) async fn wait(&mut self, limit: Option<Duration>) -> Option<Event> {
        let is_closed = matches!(self.stage, Stage::Closed);
        if is_closed && self.background.is_over() {
            return None;
        }
        let mut phase = self.shared.drain.phase();
        let background = Arc::clone(&self.background);
        let event = async {
            tokio::select! {
                biased;
                // A server that is closed has obeyed, and only waits for what it has begun.
                _ = phase.wait_for(|phase| *phase >= Phase::Draining), if !is_closed => Event::Shutdown,
                () = background.has_finished() => Event::Finished,
                () = self.has_request() => Event::Request,
            }
        };
        Some(match limit {
            None => event.await,
            Some(limit) => timeout(limit, event).await.unwrap_or(Event::TimedOut),
        })
    }

    async fn has_request(&mut self) {
        let Stage::Bound(bound, _) = &self.stage else {
            return std::future::pending().await;
        };
        if !self.is_active || self.is_suspended {
            return std::future::pending().await;
        }
        if let Some(until) = self.paused_until.take() {
            // Should the wait be over before the pause is, the next one finds no pause, and an error that pauses again.
            tokio::time::sleep_until(until).await;
        }
        // An error is what the next call to take a request reports.
        let _ = bound.ready().await;
        if self.permit.is_none() {
            self.permit = Some(match self.shared.permits.try_one() {
                Some(permit) => permit,
                None => {
                    self.shared.report_full();
                    self.shared.permits.one().await
                }
            });
        }
    }

    /// Takes the next request, without waiting.
    ///
    /// # Errors
    ///
    /// `WouldBlock` when there is none, `NotConnected` when the server is not active, or the system's.
    pub(crate) fn take(&mut self) -> io::Result<Request> {
        let taken = self.try_take();
        if let Stage::Bound(_, local) = &self.stage {
            match &taken {
                Ok(_) => self.trouble.note_success(&self.shared, local),
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::NotConnected) => {}
                Err(error) => {
                    let pause = self.trouble.note_failure(error, &self.shared, local);
                    self.paused_until = pause.map(|pause| Instant::now() + pause);
                }
            }
        }
        taken
    }

    fn try_take(&mut self) -> io::Result<Request> {
        let Stage::Bound(bound, local) = &mut self.stage else {
            return Err(io::ErrorKind::NotConnected.into());
        };
        if !self.is_active {
            return Err(io::ErrorKind::NotConnected.into());
        }
        let permit = self.permit.take().or_else(|| self.shared.permits.try_one());
        let permit = permit.ok_or(io::ErrorKind::WouldBlock)?;
        let (what, remote) = match bound {
            Bound::Datagrams(receiver) => {
                let datagram = receiver.receive()?;
                self.shared.note_dropped(receiver.take_dropped(), local);
                let remote = datagram.origin.remote();
                (What::Datagram(datagram, Arc::clone(receiver.socket())), remote)
            }
            Bound::Stream(listener) => {
                let (io, remote) = listener.accept()?;
                (What::Connection(io), remote)
            }
        };
        let Ok(source) = self.shared.permits.admit(&remote) else {
            what.refuse();
            self.background.reject();
            self.shared
                .reject(local, &remote, RejectReason::MaxConnectionsPerSource);
            return Err(io::ErrorKind::WouldBlock.into());
        };
        Ok(Request {
            taken: Some(Taken {
                what,
                permits: (permit, source),
            }),
            remote,
            local: Arc::clone(local),
            handler: self.handler.load_full(),
            shared: Arc::clone(&self.shared),
            background: Arc::clone(&self.background),
        })
    }

    pub(crate) fn numbers(&self) -> Numbers {
        self.background.lock().numbers
    }

    /// How requests ended in the background since the last call.
    pub(crate) fn collect(&self) -> Vec<Outcome> {
        self.background.lock().finished.drain(..).collect()
    }
}
