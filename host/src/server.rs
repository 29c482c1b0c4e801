//! A server: listeners, a sandbox, and the verbs that control them.

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use thiserror::Error;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::accept::Acceptor;
use crate::address::{ListenAddress, Remote};
use crate::books::{Books, Counts};
use crate::capacity::Capacity;
use crate::config::{Config, ConfigError, Http, Timeouts};
use crate::datagram::DatagramIntake;
use crate::drain::{Drain, Phase};
use crate::event::{Observer, RejectReason};
use crate::http::Waiting;
use crate::intake::{self, RECOVERED_AFTER};
use crate::limit::Permits;
use crate::listener::{BindError, Bound};
use crate::sandbox::{self, Facts, LoadError, Loaded, Sandbox};
use crate::session::Sessions;
use crate::slot::{self, Slot};
use crate::worker::Worker;

/// A server whose sockets are bound. Nothing is accepted before [`serve`](Self::serve).
#[derive(Debug)]
pub struct Server {
    listeners: Vec<(Bound, Arc<ListenAddress>)>,
    handle: Handle,
    facts: Facts,
    capacity: Capacity,
}

impl Server {
    /// Loads the handler, and binds every listener.
    ///
    /// Loading compiles the component, which may take seconds for one of an interpreter; it runs on a thread for blocking
    /// work. If anything fails nothing stays bound.
    ///
    /// # Errors
    ///
    /// [`StartError`] tells which of the three steps failed: the settings, the handler, or a listener.
    ///
    /// # Panics
    ///
    /// If called outside of a tokio runtime with its I/O and time drivers.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future binds nothing.
    pub async fn bind(config: Config, observer: Arc<dyn Observer>) -> Result<Self, StartError> {
        let whole = config;
        whole.validate()?;
        let config = Arc::new(whole.clone().of_worker());
        let Loaded { sandbox, facts } = load(&config, &observer).await?;
        let capacity = Capacity::of(&whole, &sandbox.need(), None);
        let mut listeners = Vec::new();
        for listen in &config.listen {
            if !config.listens(listen.transport()) {
                continue;
            }
            let socket = config.bound.take_or_bind(listen, &config.sockets).await?;
            let bound = Bound::new(socket, config.limits.max_packet_size)?;
            let local = Arc::new(bound.local_address().clone());
            listeners.push((bound, local));
        }
        let shared = Arc::new(Shared::new(&config, Arc::new(ArcSwap::from_pointee(sandbox)), observer));
        let addresses = listeners.iter().map(|(_, local)| ListenAddress::clone(local)).collect();
        Ok(Self {
            listeners,
            handle: Handle::new(shared, addresses),
            facts,
            capacity,
        })
    }

    /// Does all that [`bind`](Self::bind) does but bind: a server with these settings would start, if its addresses are
    /// free.
    ///
    /// # Errors
    ///
    /// As for [`bind`](Self::bind).
    ///
    /// # Panics
    ///
    /// As for [`bind`](Self::bind).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future changes nothing.
    pub async fn check(config: Config, observer: Arc<dyn Observer>) -> Result<Facts, StartError> {
        config.validate()?;
        let config = Arc::new(config.of_worker());
        load(&config, &observer).await.map(|loaded| loaded.facts)
    }

    /// How many sandboxes fit at once, as far as it can be said without making some.
    pub fn capacity(&self) -> &Capacity {
        &self.capacity
    }

    /// How the handler was loaded.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The verbs that control this server, to keep while it serves.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Where the handler is, to put another there while the server serves.
    pub fn slot(&self) -> Slot {
        Slot::new(Arc::clone(&self.handle.shared))
    }

    /// Serves until [`Handle::stop`] or [`Handle::kill`], and until every connection has ended.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future goes on accepting in the background: stop the server instead.
    pub async fn serve(self) -> Stopped {
        let shared = self.handle.shared;
        shared.drain.enter(Phase::Serving, |phase| phase == Phase::Starting);
        for (bound, local) in self.listeners {
            shared.take_in(bound, local);
        }
        shared.watch_swap(&shared.sandbox);
        let killed = shared.drained(shared.overstayed()).await;
        let counts = shared.books.counts();
        Stopped { killed, counts }
    }
}

/// Loads the handler, by settings that were found to be fine.
pub(crate) async fn load(config: &Arc<Config>, observer: &Arc<dyn Observer>) -> Result<Loaded, StartError> {
    let (config, observer) = (Arc::clone(config), Arc::clone(observer));
    match tokio::task::spawn_blocking(move || sandbox::load(&config, observer)).await {
        Ok(loaded) => Ok(loaded?),
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

/// Controls a server. Clones control the same one.
#[derive(Clone, Debug)]
pub struct Handle {
    shared: Arc<Shared>,
    addresses: Arc<[ListenAddress]>,
}

impl Handle {
    pub(crate) fn new(shared: Arc<Shared>, addresses: Vec<ListenAddress>) -> Self {
        Self {
            shared,
            addresses: addresses.into(),
        }
    }

    /// Leaves new connections in the backlog; open ones go on. Does nothing unless the server serves.
    pub fn suspend(&self) {
        self.shared
            .drain
            .enter(Phase::Suspended, |phase| phase == Phase::Serving);
    }

    /// Accepts again. Does nothing unless the server is suspended.
    pub fn resume(&self) {
        self.shared
            .drain
            .enter(Phase::Serving, |phase| phase == Phase::Suspended);
    }

    /// Closes the listeners, and lets open connections finish within the drain grace. [`Server::serve`] returns when they
    /// have. Does nothing if the server is stopping already.
    pub fn stop(&self) {
        self.shared
            .drain
            .enter(Phase::Draining, |phase| phase < Phase::Draining);
    }

    /// Closes the listeners, and aborts open connections now.
    pub fn kill(&self) {
        self.shared.drain.enter(Phase::Killing, |phase| phase < Phase::Killing);
    }

    /// The phase that the server is in, and every later one.
    pub fn phase(&self) -> watch::Receiver<Phase> {
        self.shared.drain.phase()
    }

    /// The phase and the counters of this moment.
    pub fn status(&self) -> Status {
        Status {
            phase: *self.shared.drain.phase().borrow(),
            counts: self.shared.books.counts(),
        }
    }

    /// Where the listeners are bound, in the order of the configuration, with the ports that the system chose.
    pub fn addresses(&self) -> &[ListenAddress] {
        &self.addresses
    }
}

/// What a server is doing.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Status {
    /// Where it is in its life.
    pub phase: Phase,
    /// Its counters.
    pub counts: Counts,
}

/// How a server stopped.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Stopped {
    /// Whether connections had to be killed, or were told to be; otherwise all of them finished.
    pub killed: bool,
    /// The last counters: nothing is active.
    pub counts: Counts,
}

/// What the tasks of a server share.
pub(crate) struct Shared {
    /// Replaced by [`Slot::replace`], and when its way of resetting memory becomes unsafe; connections keep the one that they started in.
    pub(crate) sandbox: Arc<ArcSwap<Sandbox>>,
    pub(crate) observer: Arc<dyn Observer>,
    pub(crate) books: Books,
    pub(crate) permits: Permits,
    pub(crate) drain: Drain,
    pub(crate) timeouts: Timeouts,
    pub(crate) http: Http,
    /// Connections that could make room for others.
    pub(crate) waiting: Waiting,
    /// Whether other processes take connections from the same listeners.
    pub(crate) has_other_workers: bool,
    started: Instant,
    max_connections: u32,
    /// When a peer last found the server full.
    full: Mutex<Option<Instant>>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared")
            .field("books", &self.books)
            .field("drain", &self.drain)
            .finish_non_exhaustive()
    }
}

impl Shared {
    pub(crate) fn new(config: &Config, sandbox: Arc<ArcSwap<Sandbox>>, observer: Arc<dyn Observer>) -> Self {
        Self {
            sandbox,
            observer,
            books: config.worker.as_ref().map_or_else(Books::default, Worker::books),
            permits: Permits::new(
                &config.limits,
                config.http.max_concurrent_requests,
                config.worker.as_ref().and_then(Worker::table),
            ),
            drain: Drain::new(),
            timeouts: config.timeouts.clone(),
            http: config.http.clone(),
            waiting: Waiting::new(config.listen.iter().any(|listen| listen.transport().is_http())),
            has_other_workers: config.workers > 1,
            started: Instant::now(),
            max_connections: config.limits.max_connections,
            full: Mutex::default(),
        }
    }

    /// When it was made.
    pub(crate) fn started(&self) -> Instant {
        self.started
    }

    /// Has a sandbox replaced when its way of resetting memory becomes unsafe, if it can.
    pub(crate) fn watch_swap(self: &Arc<Self>, slot: &Arc<ArcSwap<Sandbox>>) {
        if slot.load().must_not_swap() {
            self.drain.spawn(slot::watch_swap(Arc::clone(self), Arc::clone(slot)));
        }
    }

    /// Resolves when the server is told to stop.
    async fn stopping(&self) {
        let mut phase = self.drain.phase();
        let stopping = phase.wait_for(|phase| *phase >= Phase::Draining).await;
        drop(stopping);
    }

    /// Resolves when the server was told to stop, and has had the drain grace for it, or is told to stop now.
    pub(crate) async fn overstayed(&self) {
        self.stopping().await;
        let _ = tokio::time::timeout(self.timeouts.drain_grace, self.drain.kill().killed()).await;
    }

    /// Lets open connections finish until `overstayed` says that the time for it is over, and kills those that have not.
    /// Tells whether any had to be.
    pub(crate) async fn drained(&self, overstayed: impl Future<Output = ()>) -> bool {
        self.stopping().await;
        tokio::select! {
            biased;
            () = self.drain.finished() => {}
            () = overstayed => {
                self.drain.enter(Phase::Killing, |phase| phase < Phase::Killing);
                self.drain.finished().await;
            }
        }
        let killed = *self.drain.phase().borrow() == Phase::Killing;
        self.drain.enter(Phase::Stopped, |_| true);
        killed
    }

    /// Starts the loop that takes what comes in at a listener.
    fn take_in(self: &Arc<Self>, bound: Bound, local: Arc<ListenAddress>) {
        let server = Arc::clone(self);
        let phase = self.drain.phase();
        match bound {
            Bound::Datagrams(receiver) => {
                let Timeouts {
                    datagram_session,
                    lifetime,
                    ..
                } = self.timeouts;
                let sessions = datagram_session.map(|idle| Sessions::new(idle, lifetime));
                let intake = DatagramIntake::new(receiver, local, Arc::clone(self), sessions);
                self.drain.spawn(intake::run(intake, server, phase));
            }
            Bound::Stream(listener) => {
                let intake = Acceptor::new(listener, local, Arc::clone(self));
                self.drain.spawn(intake::run(intake, server, phase));
            }
        }
    }

    /// Accounts for datagrams that the kernel has dropped at a listener.
    pub(crate) fn note_dropped(&self, count: u64, listener: &ListenAddress) {
        if count > 0 {
            self.books.reject(RejectReason::ReceiveBuffer, count);
            self.observer.datagrams_dropped(listener, count);
        }
    }

    /// Accounts for something that was taken, and is not served.
    pub(crate) fn reject(&self, listener: &ListenAddress, remote: &Remote, reason: RejectReason) {
        self.books.reject(reason, 1);
        self.observer.rejected(listener, remote, reason);
    }

    /// Reports that a peer waits because there is no permit left: once, until that has not happened for a while. At the
    /// limit each connection that closes lets one more in, which shall not fill the log.
    pub(crate) fn report_full(&self) {
        let mut last = self.full.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if last.replace(now).is_none_or(|last| now - last >= RECOVERED_AFTER) {
            self.observer.full(self.max_connections);
        }
    }
}

/// A server that could not start.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartError {
    /// A listener could not be bound.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// Settings are out of their bounds.
    #[error("{0}")]
    Config(Problems),
    /// The handler cannot serve.
    #[error(transparent)]
    Load(#[from] LoadError),
}

/// All settings that are out of their bounds, in one line.
#[derive(Debug)]
pub struct Problems(Vec<ConfigError>);

impl Problems {
    pub(crate) fn new(problems: Vec<ConfigError>) -> Self {
        Self(problems)
    }
}

impl std::fmt::Display for Problems {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let problems: Vec<_> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&problems.join("; "))
    }
}
