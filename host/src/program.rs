//! A server program: a component that drives servers itself.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use arc_swap::ArcSwap;

use crate::books::Counts;
use crate::config::Config;
use crate::drain::Phase;
use crate::drive::Granted;
use crate::event::Observer;
use crate::listen::Listen;
use crate::meter::Meter;
use crate::sandbox::{self, LoadError, ProgramEnd};
use crate::server::{Handle, Shared, StartError};

/// What a program is given beside its settings.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Grants {
    /// The addresses that it may bind. Nothing else can be bound.
    pub allow_bind: Vec<Listen>,
    /// Components that it may have requests handled by, and their names.
    pub handlers: BTreeMap<String, PathBuf>,
    /// The arguments that it sees, after its name.
    pub arguments: Vec<String>,
}

/// A server program that was loaded. It does nothing before [`run`](Self::run).
pub struct Program {
    program: sandbox::Program,
    granted: Arc<Granted>,
    arguments: Vec<String>,
    handle: Handle,
}

/// How a program ended, and what there was until then.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ProgramStopped {
    /// How the program itself ended.
    pub end: ProgramEnded,
    /// Whether connections had to be killed, or were told to be; otherwise all of them finished.
    pub killed: bool,
    /// The last counters: nothing is active.
    pub counts: Counts,
    /// How often the program itself was refused something of the network; the first time was told by
    /// [`Observer::connect_refused`].
    pub connects_refused: u64,
}

/// How a program itself ended.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ProgramEnded {
    /// It returned, or exited, with a failure.
    Failed,
    /// It was told to stop, and had not done so when the drain grace was over.
    Killed,
    /// It returned, or exited, with success.
    Returned,
    /// It trapped.
    Trapped {
        /// What happened.
        message: String,
        /// The functions that it was in, the innermost first, where the component has their names.
        backtrace: Vec<String>,
    },
}

impl Program {
    /// Loads the program `config.handler`, and the handlers of `grants`. `config.listen` is not used: a program listens where
    /// it asks to, and is granted to.
    ///
    /// # Errors
    ///
    /// [`StartError`] tells what is wrong: the settings, the program, or a handler.
    ///
    /// # Panics
    ///
    /// If called outside of a tokio runtime with its I/O and time drivers.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves nothing behind.
    pub async fn load(config: Config, grants: Grants, observer: Arc<dyn Observer>) -> Result<Self, StartError> {
        config.validate()?;
        let Grants {
            allow_bind,
            handlers,
            arguments,
        } = grants;
        let loading = tokio::task::spawn_blocking(move || load(config, &handlers, &observer));
        let Made {
            program,
            handlers,
            shared,
            config,
        } = match loading.await {
            Ok(made) => made?,
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        };
        let granted = Arc::new(Granted {
            shared: Arc::clone(&shared),
            allow_bind,
            handlers,
            sockets: config.sockets,
            bound: config.bound,
            max_packet_size: config.limits.max_packet_size,
            made: AtomicU32::new(0),
        });
        Ok(Self {
            program,
            granted,
            arguments,
            handle: Handle::new(shared, Vec::new()),
        })
    }

    /// The verbs that control this program, to keep while it runs. [`Handle::suspend`] and [`Handle::resume`] are for the
    /// program itself to use, on its own servers.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Runs the program to its end, and until every request has ended.
    ///
    /// [`Handle::stop`] tells the program to end, by the event `shutdown`. It and its requests have the drain grace for that.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the program; requests that are being handled go on in the background.
    pub async fn run(self) -> ProgramStopped {
        let Self {
            program,
            granted,
            arguments,
            ..
        } = self;
        let shared = Arc::clone(&granted.shared);
        shared.drain.enter(Phase::Serving, |phase| phase == Phase::Starting);
        for handler in granted.handlers.values() {
            shared.watch_swap(handler);
        }
        let meter = Arc::new(Meter::new());
        // One grace for the program and its requests, from when it was told to stop.
        let mut overstayed = pin!(shared.overstayed());
        let end = tokio::select! {
            biased;
            end = program.run(granted, &arguments, &meter) => Some(end),
            () = &mut overstayed => None,
        };
        shared.drain.enter(Phase::Draining, |phase| phase < Phase::Draining);
        let (end, killed) = match end {
            Some(ProgramEnd::Success) => (ProgramEnded::Returned, shared.drained(overstayed).await),
            Some(ProgramEnd::Failure) => (ProgramEnded::Failed, shared.drained(overstayed).await),
            Some(ProgramEnd::Trap(message, backtrace)) => {
                let end = ProgramEnded::Trapped { message, backtrace };
                (end, shared.drained(overstayed).await)
            }
            None => (ProgramEnded::Killed, shared.drained(std::future::ready(())).await),
        };
        ProgramStopped {
            end,
            killed,
            counts: shared.books.counts(),
            connects_refused: meter.connects_refused(),
        }
    }
}

struct Made {
    program: sandbox::Program,
    handlers: BTreeMap<Option<String>, Arc<ArcSwap<sandbox::Sandbox>>>,
    shared: Arc<Shared>,
    config: Config,
}

/// Blocks while it compiles.
fn load(config: Config, named: &BTreeMap<String, PathBuf>, observer: &Arc<dyn Observer>) -> Result<Made, LoadError> {
    let (program, own) = sandbox::Program::load(&config, observer)?;
    let mut handlers = BTreeMap::new();
    if let Some(own) = own {
        handlers.insert(None, Arc::new(ArcSwap::from_pointee(own.sandbox)));
    }
    for (name, path) in named {
        let mut config = config.clone();
        config.handler = path.clone();
        let loaded = sandbox::Program::load_handler(&config, observer)?;
        handlers.insert(Some(name.clone()), Arc::new(ArcSwap::from_pointee(loaded.sandbox)));
    }
    let Some(first) = handlers.values().next() else {
        return Err(LoadError::NoHandler);
    };
    let shared = Arc::new(Shared::new(&config, Arc::clone(first), Arc::clone(observer)));
    Ok(Made {
        program,
        handlers,
        shared,
        config,
    })
}
