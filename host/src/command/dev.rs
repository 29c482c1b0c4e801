//! `dev`: serve a source, and follow it.

use std::path::PathBuf;
use std::sync::Arc;

use socketserver::{
    BoundSockets, Handle, LogObserver, Phase, Program, ProgramEnded, ProgramStopped, Role, Server, Slot, StartError,
};
use socketserver_project::Source;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::build::{build_source, components};
use super::watch::Watch;
use crate::announce::{self, ProgramObserver};
use crate::cli::Dev;
use crate::exit::{Exit, Failure};
use crate::{Signal, Signals, obey, start_log};

/// Builds and serves, and puts each new build in the place of the last: what comes in from then on is served by it, and what
/// is open goes on with what it began with.
pub(crate) fn dev(dev: Dev) -> Result<Exit, Failure> {
    start_log(&dev.settings.process)?;
    let source = Source::find(&dev.source).map_err(|error| Failure::new(Exit::Handler, error))?;
    let runtime = crate::runtime(&dev.settings.process, 1)?;
    crate::raise_descriptors();
    let result = runtime.block_on(async {
        let mut signals = Signals::new().map_err(|error| Failure::new(Exit::Bug, error))?;
        let watch = Watch::new(&source.folder).map_err(|error| {
            Failure::new(Exit::Bug, error).context(format!("cannot watch {}", source.folder.display()))
        })?;
        let mut follow = Follow { source, watch };
        let component = tokio::select! {
            component = follow.first() => component,
            _ = signals.next() => return Ok(Exit::Clean),
        };
        let inspection = socketserver::inspect(&component).map_err(|error| Failure::from(StartError::Load(error)))?;
        if inspection.roles.contains(&Role::Program) {
            follow_program(dev, component, follow, signals).await
        } else {
            follow_handler(dev, component, follow, signals).await
        }
    });
    crate::leave(runtime);
    result
}

/// A source, and the changes of its files.
struct Follow {
    source: Source,
    watch: Watch,
}

impl Follow {
    /// The first component that can be built.
    async fn first(&mut self) -> PathBuf {
        match self.build().await {
            Some(component) => component,
            None => self.next().await,
        }
    }

    /// The next component that can be built: waits for a change, and says what is wrong with it until nothing is.
    async fn next(&mut self) -> PathBuf {
        loop {
            self.watch.changed().await;
            if let Some(component) = self.build().await {
                return component;
            }
        }
    }

    async fn build(&self) -> Option<PathBuf> {
        let source = self.source.clone();
        let building = tokio::task::spawn_blocking(move || build_source(&source));
        match building.await {
            Ok(Ok(component)) => Some(component),
            Ok(Err(failure)) => {
                say(&format!("error: {:#}", failure.error));
                None
            }
            Err(panic) => std::panic::resume_unwind(panic.into_panic()),
        }
    }
}

async fn follow_handler(
    dev: Dev,
    component: PathBuf,
    mut follow: Follow,
    mut signals: Signals,
) -> Result<Exit, Failure> {
    let server = Server::bind(dev.serve(component), Arc::new(LogObserver)).await?;
    announce::listeners(server.handle().addresses());
    let (handle, slot) = (server.handle(), server.slot());
    let serving = server.serve();
    tokio::pin!(serving);
    loop {
        // Kept until it is done: a signal must not make it forget a change.
        let next = follow.next();
        tokio::pin!(next);
        let component = loop {
            tokio::select! {
                stopped = &mut serving => return Ok(if stopped.killed { Exit::Killed } else { Exit::Clean }),
                signal = signals.next() => obey(signal, &handle),
                component = &mut next => break component,
            }
        };
        replace(&slot, component).await;
    }
}

async fn replace(slot: &Slot, component: PathBuf) {
    match slot.replace(component).await {
        Ok(facts) => say(&format!(
            "replaced the handler; loaded in {:.1} s",
            facts.duration.as_secs_f64()
        )),
        Err(error) => say(&format!(
            "error: {:#}; the handler stays as it was",
            anyhow::Error::from(error)
        )),
    }
}

/// A program has state and owns its servers, so it is not replaced in place: the next one begins, and takes from the same
/// sockets, and the last one is told to stop as soon as the next one listens.
async fn follow_program(
    dev: Dev,
    mut component: PathBuf,
    mut follow: Follow,
    mut signals: Signals,
) -> Result<Exit, Failure> {
    let handlers = components(&dev.handler)?;
    let mut programs = JoinSet::new();
    let listening = Arc::new(Notify::new());
    let mut last: Option<Handle> = None;
    let mut current: Option<Handle> = None;
    let mut handles = Vec::new();
    // What the program listens at that came to listen last, and what the one after it was offered.
    let mut bound = BoundSockets::default();
    let mut next_bound = None;
    loop {
        let (config, grants) = dev.run(component, handlers.clone());
        offer(&bound, &config.bound);
        let offered = config.bound.clone();
        match Program::load(
            config,
            grants,
            Arc::new(ProgramObserver::telling(Arc::clone(&listening))),
        )
        .await
        {
            Ok(program) => {
                handles.retain(|handle: &Handle| *handle.phase().borrow() < Phase::Stopped);
                handles.push(program.handle());
                let replaced = current.replace(program.handle());
                // One that never came to listen has nothing to hand over.
                if last.is_some() {
                    replaced.as_ref().inspect(|handle| handle.stop());
                } else {
                    last = replaced;
                }
                next_bound = Some(offered.clone());
                programs.spawn(async move {
                    let ended = program.run().await;
                    offered.withdraw();
                    ended
                });
            }
            Err(error) if current.is_none() => return Err(error.into()),
            Err(error) => say(&format!(
                "error: {:#}; the program stays as it was",
                anyhow::Error::from(error)
            )),
        }
        let next = follow.next();
        tokio::pin!(next);
        component = loop {
            tokio::select! {
                () = listening.notified() => {
                    if let Some(next) = next_bound.take() {
                        bound = next;
                    }
                    if let Some(last) = last.take() {
                        say("replaced the program");
                        last.stop();
                    }
                },
                Some(ended) = programs.join_next() => match ended {
                    Ok(ended) => {
                        // What the one that listens has not taken when the one before it is gone, it does not want.
                        bound.withdraw();
                        say(&format!("a program ended: {}", describe(&ended.end)));
                    }
                    Err(error) => return Err(Failure::new(Exit::Bug, error)),
                },
                signal = signals.next() => {
                    return stop(&handles, signal, programs, signals).await;
                }
                component = &mut next => break component,
            }
        };
    }
}

/// Offers what a program listens at to the next one. Without descriptors for that, the next one finds its addresses in use, and
/// says so.
fn offer(of: &BoundSockets, to: &BoundSockets) {
    of.open().into_iter().flatten().for_each(|socket| to.offer(socket));
}

/// Obeys signals until every program has ended.
async fn stop(
    handles: &[Handle],
    signal: Signal,
    mut programs: JoinSet<ProgramStopped>,
    mut signals: Signals,
) -> Result<Exit, Failure> {
    handles.iter().for_each(|handle| obey(signal, handle));
    let mut killed = false;
    loop {
        tokio::select! {
            ended = programs.join_next() => match ended {
                Some(Ok(ended)) => killed |= ended.killed,
                Some(Err(error)) => return Err(Failure::new(Exit::Bug, error)),
                None => return Ok(if killed { Exit::Killed } else { Exit::Clean }),
            },
            signal = signals.next() => handles.iter().for_each(|handle| obey(signal, handle)),
        }
    }
}

fn describe(end: &ProgramEnded) -> String {
    match end {
        ProgramEnded::Failed => "it failed".to_owned(),
        ProgramEnded::Killed => "it had to be killed".to_owned(),
        ProgramEnded::Returned => "it returned".to_owned(),
        ProgramEnded::Trapped { message, backtrace } => format!("it trapped: {message}, in {}", backtrace.join(", ")),
        _ => String::new(),
    }
}

/// Beside the log, which a developer may have turned off.
#[expect(clippy::print_stderr, reason = "a command tells its user what it does")]
fn say(text: &str) {
    eprintln!("{text}");
}
