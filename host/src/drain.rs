//! The phases of a server's life, and the one place where tasks start.
//!
//! Every task is spawned here, so that the server can wait for all of them: when [`Drain::finished`] returns, none is
//! left.

use std::fmt::{self, Display, Formatter};
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio_util::task::TaskTracker;

/// Where a server is in its life. It only moves forward, but for `Serving` and `Suspended`, which may alternate.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Phase {
    /// Sockets are bound; nothing is accepted.
    Starting,
    /// Connections are accepted.
    Serving,
    /// New connections wait in the backlog; open ones go on.
    Suspended,
    /// Listeners are closed, so new connections are refused; open ones have the drain grace to finish.
    Draining,
    /// Open connections are being aborted.
    Killing,
    /// Nothing is left.
    Stopped,
}

impl Display for Phase {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Starting => "starting",
            Self::Serving => "serving",
            Self::Suspended => "suspended",
            Self::Draining => "draining",
            Self::Killing => "killing",
            Self::Stopped => "stopped",
        })
    }
}

/// Holds every task of a server, and its phase.
#[derive(Debug)]
pub(crate) struct Drain {
    phase: watch::Sender<Phase>,
    /// Said when the server begins to drain.
    stop: Kill,
    kill: Kill,
    tasks: TaskTracker,
}

impl Drain {
    pub(crate) fn new() -> Self {
        Self {
            phase: watch::Sender::new(Phase::Starting),
            stop: Kill::default(),
            kill: Kill::default(),
            tasks: TaskTracker::new(),
        }
    }

    /// The only way to start a task. Dropping what is returned leaves it running.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the method that the others have to use"
    )]
    pub(crate) fn spawn<T: Send + 'static>(&self, task: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
        tokio::spawn(self.tasks.track_future(task))
    }

    pub(crate) fn phase(&self) -> watch::Receiver<Phase> {
        self.phase.subscribe()
    }

    /// Enters `to` if `allowed` says so of the present phase; tells whether it did.
    pub(crate) fn enter(&self, to: Phase, allowed: impl FnOnce(Phase) -> bool) -> bool {
        let entered = self.phase.send_if_modified(|phase| {
            let enter = *phase != to && allowed(*phase);
            if enter {
                *phase = to;
            }
            enter
        });
        if entered && to >= Phase::Draining {
            self.stop.kill();
        }
        if entered && to == Phase::Killing {
            self.kill.kill();
        }
        entered
    }

    /// Tells when open connections are to be aborted.
    pub(crate) fn kill(&self) -> &Kill {
        &self.kill
    }

    /// Tells when open connections are to take nothing more on.
    pub(crate) fn stop(&self) -> &Kill {
        &self.stop
    }

    /// Resolves when every task has ended.
    ///
    /// # Cancel safety
    ///
    /// Dropping it loses nothing.
    pub(crate) async fn finished(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }
}

/// Says once, to everybody, that something is to end: open connections are to be aborted, or to take nothing more on.
///
/// Every connection waits for it all its life, so looking costs one load: no lock that all of them share.
#[derive(Debug, Default)]
pub(crate) struct Kill {
    killed: AtomicBool,
    waiting: Notify,
}

impl Kill {
    pub(crate) fn kill(&self) {
        self.killed.store(true, Ordering::SeqCst);
        self.waiting.notify_waiters();
    }

    pub(crate) fn is_killed(&self) -> bool {
        self.killed.load(Ordering::SeqCst)
    }

    /// Resolves when it is said.
    ///
    /// # Cancel safety
    ///
    /// Dropping it loses nothing.
    pub(crate) async fn killed(&self) {
        // From here on it is notified, so a kill that comes after the look is not missed.
        let notified = self.waiting.notified();
        if !self.is_killed() {
            notified.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_waits_for_every_task() {
        let drain = Drain::new();
        let (go, gone) = tokio::sync::oneshot::channel::<()>();
        drain.spawn(async move {
            let _ = gone.await;
        });
        let mut finished = std::pin::pin!(drain.finished());
        assert!(futures_poll(finished.as_mut()).await.is_none());
        go.send(()).unwrap();
        finished.await;
    }

    #[tokio::test]
    async fn phases_do_not_go_back() {
        let drain = Drain::new();
        assert!(drain.enter(Phase::Killing, |_| true));
        assert!(!drain.enter(Phase::Serving, |phase| phase <= Phase::Suspended));
        drain.kill().killed().await;
    }

    #[tokio::test]
    async fn a_kill_reaches_who_waits_and_who_comes_later() {
        let kill = Kill::default();
        let mut waits = std::pin::pin!(kill.killed());
        assert!(futures_poll(waits.as_mut()).await.is_none() && !kill.is_killed());
        kill.kill();
        waits.await;
        kill.killed().await;
    }

    async fn futures_poll<F: Future + Unpin>(future: F) -> Option<F::Output> {
        tokio::time::timeout(std::time::Duration::ZERO, future).await.ok()
    }
}
