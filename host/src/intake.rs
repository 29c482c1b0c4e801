//! The loop that takes what comes in at a listener, be it connections or datagrams, until the server drains.
//!
//! Nothing happens in it but taking and spawning, and nothing in it ends it: an error of what was being taken is counted
//! and skipped, and want of descriptors or memory is waited out. A permit is there before anything is taken, so that the
//! server never holds what it cannot serve.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use crate::address::ListenAddress;
use crate::drain::Phase;
use crate::event::AcceptFailure;
use crate::limit::Permit;
use crate::listener::classify;
use crate::server::Shared;

/// Something that comes in.
pub(crate) trait Intake {
    /// Waits until there is something to take, or an error to report.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    fn ready(&self) -> impl Future<Output = io::Result<()>> + Send;

    /// Whether there is something to take at this moment, by the word of the kernel.
    fn is_asked(&self) -> bool;

    /// Takes the next, and spawns what serves it.
    ///
    /// # Errors
    ///
    /// `WouldBlock` when there is nothing to take after all, or the system's.
    fn take(&mut self, permit: Option<Permit>) -> io::Result<()>;

    /// Whether what comes waits for a permit. Otherwise it is taken without one.
    fn waits_for_permit(&self) -> bool;

    /// Where it comes in.
    fn local_address(&self) -> &ListenAddress;
}

/// Takes what comes until the server drains; then drops `intake`, which closes the listener.
pub(crate) async fn run(intake: impl Intake + Send, server: Arc<Shared>, mut phase: watch::Receiver<Phase>) {
    let mut taker = Taker {
        intake,
        server,
        trouble: Trouble::default(),
    };
    loop {
        let now = *phase.borrow_and_update();
        let changed = async {
            let _ = phase.changed().await;
        };
        match now {
            Phase::Serving => tokio::select! {
                biased;
                () = changed => {}
                () = taker.serve() => {}
            },
            Phase::Starting | Phase::Suspended => changed.await,
            Phase::Draining | Phase::Killing | Phase::Stopped => return,
        }
    }
}

struct Taker<I> {
    intake: I,
    server: Arc<Shared>,
    trouble: Trouble,
}

impl<I: Intake> Taker<I> {
    /// Takes for ever.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: what was taken has been spawned.
    async fn serve(&mut self) {
        loop {
            // What is refused at once waits for nothing, so a flood of it would keep a thread from those who are served.
            tokio::task::consume_budget().await;
            if let Err(error) = self.intake.ready().await {
                self.fail(&error).await;
                continue;
            }
            // Not before there is somebody to give it to, or a listener without peers would keep it from the others.
            let permit = if self.intake.waits_for_permit() {
                Some(self.permit().await)
            } else {
                None
            };
            match self.intake.take(permit) {
                Ok(()) => self.trouble.note_success(&self.server, self.intake.local_address()),
                // The peer has gone, or there was a false alarm.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => self.fail(&error).await,
            }
        }
    }

    async fn permit(&self) -> Permit {
        if let Some(permit) = self.server.permits.try_one() {
            return permit;
        }
        self.server.report_full();
        // The place in the order is kept, whatever is done to make room meanwhile.
        let mut permit = pin!(self.server.permits.one());
        if !self.server.waiting.is_kept() {
            return permit.await;
        }
        // Who is there may be taken by another worker at once.
        let mut is_patient = self.server.has_other_workers;
        loop {
            // The runtime's word that somebody is there may be of somebody who was taken since; nobody goes for that.
            if !std::mem::take(&mut is_patient) && self.intake.is_asked() {
                self.server.waiting.evict();
            }
            if let Ok(permit) = timeout(EVICTION_PAUSE, permit.as_mut()).await {
                return permit;
            }
        }
    }

    async fn fail(&mut self, error: &io::Error) {
        let local = self.intake.local_address();
        if let Some(pause) = self.trouble.note_failure(error, &self.server, local) {
            tokio::time::sleep(pause).await;
        }
    }
}

/// Remembers that a listener could take nothing for want of descriptors or memory, so that it is reported once.
#[derive(Debug, Default)]
pub(crate) struct Trouble {
    /// When it last was so, until that is over.
    exhausted: Option<Instant>,
}

impl Trouble {
    /// Accounts for a failure, and tells how long to leave the listener alone.
    pub(crate) fn note_failure(
        &mut self,
        error: &io::Error,
        server: &Shared,
        local: &ListenAddress,
    ) -> Option<Duration> {
        let failure = classify(error);
        server.books.fail_accept();
        match failure {
            AcceptFailure::Connection => {
                server.observer.accept_failed(local, failure, error);
                None
            }
            AcceptFailure::Exhausted | AcceptFailure::Other => {
                if self.exhausted.replace(Instant::now()).is_none() {
                    server.observer.accept_failed(local, failure, error);
                }
                Some(EXHAUSTED_PAUSE)
            }
        }
    }

    pub(crate) fn note_success(&mut self, server: &Shared, local: &ListenAddress) {
        if self.exhausted.is_some_and(|last| last.elapsed() >= RECOVERED_AFTER) {
            self.exhausted = None;
            server.observer.accept_recovered(local);
        }
    }
}

/// How often to look for an idle connection of HTTP to close for the sake of a peer that waits. One that was told to end does
/// so at once; where all of them are busy there is none to find.
const EVICTION_PAUSE: Duration = Duration::from_millis(50);

/// How long to wait for descriptors or memory to come back. The kernel reports the connection again at once, so without a
/// pause the loop would spin. Ranch and Thousand Island wait as long.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(100);

/// How long taking must have worked before an exhaustion counts as over. At the limit of descriptors each connection that
/// closes lets one more in, which is no recovery and shall not fill the log.
pub(crate) const RECOVERED_AFTER: Duration = Duration::from_secs(5);
