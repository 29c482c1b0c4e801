//! `serve --workers`: several processes that serve together, and one that looks after them.
//!
//! The supervisor binds the sockets and keeps them, so that no peer is refused while a worker is replaced. Each worker is
//! this program once more, with the same command line: it takes the sockets over, and serves. The supervisor itself touches
//! no connection; it announces the listeners, passes signals on, starts a worker in the place of one that has died, and keeps
//! the books of all of them.

mod backoff;
mod member;
mod process;

use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use socketserver::{BoundSocket, Config, Ledger, Listen, LogObserver, Server, StartError, Transport};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tracing::{error, info, warn};

use self::backoff::Backoff;
pub(crate) use self::member::{HANDLER, Member, WORKER};
use self::process::{Message, Order, Process};
use crate::exit::{Exit, Failure};
use crate::{Signal, Signals, announce, log_counts};

/// Serves by so many workers, until it is told to stop and all of them have ended. `handler` is the component.
pub(crate) fn supervise(config: Config, handler: &Path) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime
        .context("cannot start the supervisor")
        .map_err(|error| Failure::new(Exit::Bug, error))?;
    let result = runtime.block_on(async {
        let mut signals = Signals::new().map_err(|error| Failure::new(Exit::Bug, error))?;
        // What is wrong with the settings or the handler is said once, and what has to be compiled is in the cache then.
        Server::check(config.clone(), Arc::new(LogObserver)).await?;
        let mut supervisor = Supervisor::new(config, handler).await?;
        if supervisor.start(&mut signals).await? {
            announce::listeners(supervisor.sockets.iter().map(|sockets| sockets[0].local_address()));
            supervisor.serve(&mut signals).await;
        }
        Ok(supervisor.stop(&mut signals).await)
    });
    crate::leave(runtime);
    result
}

struct Supervisor {
    handler: PathBuf,
    ledger: Ledger,
    /// For each listener one that all workers share, or one for each of them.
    sockets: Vec<Vec<BoundSocket>>,
    places: Vec<Place>,
    messages: mpsc::UnboundedReceiver<Message>,
    sender: mpsc::UnboundedSender<Message>,
    restarts: JoinSet<u16>,
    grace: Duration,
    exit: Exit,
}

/// Where a worker is, or will be again.
struct Place {
    process: Option<Process>,
    backoff: Backoff,
}

impl Supervisor {
    async fn new(config: Config, handler: &Path) -> Result<Self, Failure> {
        let ledger = Ledger::new(&config).context("there is no memory for the books");
        let ledger = ledger.map_err(|error| Failure::new(Exit::Config, error))?;
        let mut sockets = Vec::new();
        for listen in &config.listen {
            sockets.push(bind(listen, &config).await?);
        }
        let (sender, messages) = mpsc::unbounded_channel();
        let places = (0..config.workers).map(|_| Place {
            process: None,
            backoff: Backoff::default(),
        });
        Ok(Self {
            handler: handler.to_owned(),
            ledger,
            sockets,
            places: places.collect(),
            messages,
            sender,
            restarts: JoinSet::new(),
            grace: config.timeouts.drain_grace,
            exit: Exit::Clean,
        })
    }

    /// Starts all workers, and waits until each of them serves; tells whether they do, or it was told to stop.
    ///
    /// # Errors
    ///
    /// One of them cannot be started, or has ended. None is left then.
    async fn start(&mut self, signals: &mut Signals) -> Result<bool, Failure> {
        let started = self.try_start(signals).await;
        if started.is_err() {
            self.order(Order::Kill);
            self.wait(Instant::now() + OVERDUE, signals).await;
        }
        started
    }

    async fn try_start(&mut self, signals: &mut Signals) -> Result<bool, Failure> {
        for worker in self.numbers() {
            self.start_worker(worker)
                .map_err(|error| Failure::new(Exit::Bug, error))?;
        }
        let mut waiting = self.places.len();
        while waiting > 0 {
            let message = tokio::select! {
                message = self.messages.recv() => message,
                signal = signals.next() => match signal {
                    Signal::Stop => return Ok(false),
                    Signal::Status => continue,
                },
            };
            match message {
                Some(Message::Serves(_)) => waiting -= 1,
                Some(Message::Ended(worker, status)) => {
                    self.places[usize::from(worker)].process = None;
                    // Whoever told the worker to stop may be about to tell this process, too.
                    if is_told_to_stop(status) && tokio::time::timeout(TOLD_TOO, signals.stop()).await.is_ok() {
                        return Ok(false);
                    }
                    // The worker has said why.
                    let error = anyhow!("worker {worker} could not start: {status}");
                    let exit = Exit::of(status).filter(|exit| *exit != Exit::Clean);
                    return Err(Failure::new(exit.unwrap_or(Exit::Bug), error));
                }
                None => break,
            }
        }
        Ok(true)
    }

    fn numbers(&self) -> std::ops::Range<u16> {
        0..u16::try_from(self.places.len()).unwrap_or(u16::MAX)
    }

    fn start_worker(&mut self, worker: u16) -> anyhow::Result<()> {
        let is_first = worker == 0;
        let sockets = self.sockets.iter().filter_map(|sockets| match sockets.as_slice() {
            [one] if is_first || one.listen().transport().is_spread() => Some(one),
            [_] => None,
            each => each.get(usize::from(worker)),
        });
        let sockets: Vec<_> = sockets.collect();
        let workers = self.places.len();
        let process = Process::start((worker, workers), &self.handler, &self.ledger, &sockets, &self.sender)
            .with_context(|| format!("worker {worker} cannot be started"))?;
        info!(target: "socketserver", worker, process = process.id(), "worker started");
        self.places[usize::from(worker)].process = Some(process);
        Ok(())
    }

    /// Looks after the workers until it is told to stop.
    async fn serve(&mut self, signals: &mut Signals) {
        loop {
            tokio::select! {
                signal = signals.next() => match signal {
                    Signal::Stop => return,
                    Signal::Status => log_counts("status", &self.ledger.counts()),
                },
                Some(message) = self.messages.recv() => self.hear(message),
                Some(worker) = self.restarts.join_next() => if let Ok(worker) = worker {
                    self.restart(worker);
                },
            }
        }
    }

    /// Has the workers stop, and waits for them.
    async fn stop(&mut self, signals: &mut Signals) -> Exit {
        info!(target: "socketserver", "told to stop; a second signal kills open connections");
        // Nobody listens any more when the workers have let go of the sockets, too.
        self.sockets.clear();
        self.restarts.abort_all();
        self.order(Order::Stop);
        self.wait(Instant::now() + self.grace + OVERDUE, signals).await;
        log_counts("stopped", &self.ledger.counts());
        self.exit
    }

    /// Waits until all workers have ended. They are killed by the kernel when it is time, or at the third signal: one may be
    /// stopped, or hang.
    async fn wait(&mut self, overdue: Instant, signals: &mut Signals) {
        let mut told_to_kill = false;
        let overdue = tokio::time::sleep_until(overdue);
        tokio::pin!(overdue);
        while self.places.iter().any(|place| place.process.is_some()) {
            tokio::select! {
                signal = signals.next() => match signal {
                    Signal::Stop if told_to_kill => self.kill(),
                    Signal::Stop => {
                        told_to_kill = true;
                        self.order(Order::Kill);
                        let soon = Instant::now() + OVERDUE;
                        if soon < overdue.deadline() {
                            overdue.as_mut().reset(soon);
                        }
                    }
                    Signal::Status => log_counts("status", &self.ledger.counts()),
                },
                Some(message) = self.messages.recv() => self.hear_while_stopping(message),
                () = &mut overdue, if !overdue.is_elapsed() => {
                    error!(target: "socketserver", "workers did not stop in time; they are killed");
                    self.kill();
                }
            }
        }
    }

    fn kill(&self) {
        self.places
            .iter()
            .filter_map(|place| place.process.as_ref())
            .for_each(Process::kill);
    }

    fn order(&self, order: Order) {
        self.places
            .iter()
            .filter_map(|place| place.process.as_ref())
            .for_each(|process| process.order(order));
    }

    fn hear(&mut self, message: Message) {
        match message {
            Message::Serves(worker) => info!(target: "socketserver", worker, "worker serves"),
            Message::Ended(worker, status) => {
                let place = &mut self.places[usize::from(worker)];
                let lived = place.process.take().map(|process| process.age()).unwrap_or_default();
                let pause = place.backoff.after(lived);
                self.ledger.bury(worker);
                if status.success() {
                    info!(target: "socketserver", worker, "worker was told to stop; another takes its place");
                } else {
                    error!(
                        target: "socketserver",
                        worker,
                        %status,
                        pause = pause.as_secs_f64(),
                        "worker ended; what it had open is lost, and another takes its place"
                    );
                }
                self.restart_after(worker, pause);
            }
        }
    }

    fn hear_while_stopping(&mut self, message: Message) {
        if let Message::Ended(worker, status) = message {
            self.places[usize::from(worker)].process = None;
            self.ledger.bury(worker);
            let exit = Exit::of(status).filter(|exit| matches!(exit, Exit::Clean | Exit::Killed));
            match exit {
                Some(Exit::Killed) if self.exit == Exit::Clean => self.exit = Exit::Killed,
                Some(_) => {}
                // It had nothing open yet.
                None if is_told_to_stop(status) => {}
                None => {
                    error!(target: "socketserver", worker, %status, "worker ended; what it had open is lost");
                    self.exit = Exit::Bug;
                }
            }
        }
    }

    fn restart(&mut self, worker: u16) {
        if let Err(error) = self.start_worker(worker) {
            let pause = self.places[usize::from(worker)].backoff.after(Duration::ZERO);
            warn!(target: "socketserver", worker, error = format!("{error:#}"), pause = pause.as_secs_f64(), "worker not started");
            self.restart_after(worker, pause);
        }
    }

    fn restart_after(&mut self, worker: u16, pause: Duration) {
        self.restarts.spawn(async move {
            tokio::time::sleep(pause).await;
            worker
        });
    }
}

/// Binds what all workers share, or what each has for itself.
///
/// Connections are taken from one socket, so that none waits for a worker that is full while another is not. Datagrams have
/// a socket for each worker, by which the kernel gives those of one remote to the same one.
async fn bind(listen: &Listen, config: &Config) -> Result<Vec<BoundSocket>, Failure> {
    let mut options = config.sockets.clone();
    let count = match listen.transport() {
        Transport::Udp => config.workers,
        _ => 1,
    };
    let failed = |error| Failure::from(StartError::Bind(error));
    // Nobody else shares the address, unless the operator says so.
    let first = BoundSocket::bind(listen, &options).await.map_err(failed)?;
    if count > 1 {
        let allowed = first.allow_others().context("an address cannot be shared by workers");
        allowed.map_err(|error| Failure::new(Exit::Bind, error))?;
        options.reuse_port = true;
    }
    let same = first.same_address();
    let mut sockets = vec![first];
    for _ in 1..count {
        sockets.push(BoundSocket::bind(&same, &options).await.map_err(failed)?);
    }
    Ok(sockets)
}

/// Whether a process was told to stop, and had not come to the point of doing so in order.
fn is_told_to_stop(status: ExitStatus) -> bool {
    let told = [rustix::process::Signal::INT, rustix::process::Signal::TERM].map(|signal| Some(signal.as_raw()));
    status.success() || told.contains(&status.signal())
}

/// How long to wait for a signal that others have had.
const TOLD_TOO: Duration = Duration::from_millis(500);

/// How much longer than the drain grace a worker may take: it closes what is left then, and has to be let run.
const OVERDUE: Duration = Duration::from_secs(10);
