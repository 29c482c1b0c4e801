//! Nothing outlives the benchmark, also when somebody stops it.
//!
//! Every process that it starts leads a process group of its own, and is written down here while it runs. When a signal asks
//! the benchmark to end, all of them are killed by these numbers; what waits for one of them fails then, and the benchmark
//! ends with an error, on the same way as after any other.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use anyhow::{Context as _, Result, bail};
use nix::errno::Errno;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::signal::unix::{SignalKind, signal};

/// All groups that run, and whether another may be started.
static STATE: Mutex<State> = Mutex::new(State {
    groups: BTreeSet::new(),
    is_interrupted: false,
});

#[derive(Debug)]
struct State {
    groups: BTreeSet<i32>,
    is_interrupted: bool,
}

/// Waits for SIGINT, SIGTERM and SIGHUP from now on, in a thread of its own.
pub(super) fn watch() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let mut signals = runtime.block_on(async {
        let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
        kinds.into_iter().map(signal).collect::<std::io::Result<Vec<_>>>()
    })?;
    thread::spawn(move || {
        runtime.block_on(async {
            let [interrupt, terminate, hangup] = &mut signals[..] else {
                return;
            };
            loop {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                    _ = hangup.recv() => {}
                }
                eprintln!("interrupted: stopping what runs");
                let mut state = state();
                state.is_interrupted = true;
                state.groups.iter().for_each(|group| kill(*group));
            }
        });
    });
    Ok(())
}

/// A process group that is written down until this is dropped. It does not end with it.
#[derive(Debug)]
pub(super) struct Group(i32);

impl Group {
    /// Writes the group of a new process down.
    ///
    /// # Errors
    ///
    /// The benchmark was interrupted before: the group has been killed.
    pub(super) fn new(leader: u32) -> Result<Self> {
        let group = i32::try_from(leader).context("a process without a number")?;
        let mut state = state();
        if state.is_interrupted {
            kill(group);
            bail!("interrupted");
        }
        state.groups.insert(group);
        Ok(Self(group))
    }

    /// Kills all that are left of the group. Its leader must not have been waited for: then nobody else can have its number.
    pub(super) fn kill(&self) {
        kill(self.0);
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        state().groups.remove(&self.0);
    }
}

/// What is written down stays true even if a thread that held it panicked.
fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn kill(group: i32) {
    if let Err(error) = killpg(Pid::from_raw(group), Signal::SIGKILL)
        && error != Errno::ESRCH
    {
        eprintln!("cannot kill the processes of group {group}: {error}");
    }
}

/// Fails once the benchmark has been interrupted.
pub(super) fn check() -> Result<()> {
    if state().is_interrupted {
        bail!("interrupted");
    }
    Ok(())
}
