//! The accept loop: wait for a peer, take a permit, accept, spawn, and nothing else.
//!
//! A connection that fails never reaches the loop, and an accept that fails never ends it. The permit comes before the
//! connection, so a full server leaves connections in the kernel's backlog rather than holding sockets that it cannot
//! serve.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::address::{ListenAddress, Remote};
use crate::connection;
use crate::drain::Phase;
use crate::event::{AcceptFailure, RejectReason};
use crate::limit::Permit;
use crate::listener::{Io, Listener, classify};
use crate::server::Shared;

/// Accepts connections until the server drains; then closes the listener.
pub(crate) async fn run(
    listener: Listener,
    local: Arc<ListenAddress>,
    server: Arc<Shared>,
    mut phase: watch::Receiver<Phase>,
) {
    let mut acceptor = Acceptor {
        listener,
        local,
        server,
        exhausted: None,
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
                () = acceptor.serve() => {}
            },
            Phase::Starting | Phase::Suspended => changed.await,
            Phase::Draining | Phase::Killing | Phase::Stopped => return,
        }
    }
}

struct Acceptor {
    listener: Listener,
    local: Arc<ListenAddress>,
    server: Arc<Shared>,
    /// When accept last failed for want of descriptors or memory, until that is over: it is reported once.
    exhausted: Option<Instant>,
}

impl Acceptor {
    /// Accepts for ever.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses no connection: one that was accepted has been spawned.
    async fn serve(&mut self) {
        loop {
            if let Err(error) = self.listener.ready().await {
                self.fail(&error).await;
                continue;
            }
            // Not before there is somebody to give it to, or a listener without peers would keep it from the others.
            let permit = self.permit().await;
            match self.listener.accept() {
                Ok((io, remote)) => {
                    if self.exhausted.is_some_and(|last| last.elapsed() >= RECOVERED_AFTER) {
                        self.exhausted = None;
                        self.server.observer.accept_recovered(&self.local);
                    }
                    self.open(io, remote, permit);
                }
                // The peer has gone, or there was a false alarm.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => {
                    drop(permit);
                    self.fail(&error).await;
                }
            }
        }
    }

    async fn permit(&self) -> Permit {
        if let Some(permit) = self.server.permits.try_one() {
            return permit;
        }
        self.server.report_full();
        self.server.permits.one().await
    }

    fn open(&self, io: Box<dyn Io>, remote: Remote, permit: Permit) {
        match self.server.permits.admit(&remote) {
            Ok(source) => {
                let task = connection::serve(
                    io,
                    remote,
                    Arc::clone(&self.local),
                    Arc::clone(&self.server),
                    (permit, source),
                );
                self.server.drain.spawn(task);
            }
            Err(_refused) => {
                let reason = RejectReason::MaxConnectionsPerSource;
                // A reset keeps the server out of TIME_WAIT and tells the peer that it was not served.
                io.abort_on_close();
                self.server.books.reject(reason);
                self.server.observer.rejected(&self.local, &remote, reason);
            }
        }
    }

    async fn fail(&mut self, error: &io::Error) {
        let failure = classify(error);
        self.server.books.fail_accept();
        match failure {
            AcceptFailure::Connection => self.server.observer.accept_failed(&self.local, failure, error),
            AcceptFailure::Exhausted | AcceptFailure::Other => {
                if self.exhausted.replace(Instant::now()).is_none() {
                    self.server.observer.accept_failed(&self.local, failure, error);
                }
                tokio::time::sleep(EXHAUSTED_PAUSE).await;
            }
        }
    }
}

/// How long to wait for descriptors or memory to come back. The kernel reports the connection again at once, so without a
/// pause the loop would spin. Ranch and Thousand Island wait as long.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(100);

/// How long accept must have worked before an exhaustion counts as over. At the limit of descriptors each connection that
/// closes lets one more in, which is no recovery and shall not fill the log.
pub(crate) const RECOVERED_AFTER: Duration = Duration::from_secs(5);
