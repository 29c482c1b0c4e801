//! Sandboxes that wait, for nobody: what a server holds when its peers are silent.

use std::io;
use std::net::Shutdown;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::ReadBuf;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use crate::address::{Address, ListenAddress, Remote, Transport};
use crate::drain::Kill;
use crate::event::Connection;
use crate::listener::Io;
use crate::meter::Meter;
use crate::sandbox::{Idle, Sandbox};

/// Sandboxes that wait, until it is dropped.
pub(super) struct Resting {
    /// Of connections: their handlers have run.
    running: JoinSet<()>,
    /// Of requests and datagrams, for which there is nobody to wait for.
    made: Vec<Idle>,
    kill: Arc<Kill>,
    duration: Duration,
}

impl Resting {
    /// Makes so many, and waits until each handler waits for its peer, or has returned.
    pub(super) async fn new(sandbox: &Arc<Sandbox>, count: u32) -> Self {
        let begun = Instant::now();
        let kill = Arc::new(Kill::default());
        let mut resting = Self {
            running: JoinSet::new(),
            made: Vec::new(),
            kill: Arc::clone(&kill),
            duration: Duration::ZERO,
        };
        if !sandbox.handles(Transport::Tcp) {
            for id in 0..count {
                // One that cannot be made is not among those that rest.
                resting.made.extend(sandbox.make_idle(connection(id.into())).await);
            }
            resting.duration = begun.elapsed();
            return resting;
        }
        let waiting = Arc::new(AtomicU32::new(0));
        for id in 0..count {
            let (sandbox, kill, waiting) = (Arc::clone(sandbox), Arc::clone(&kill), Arc::clone(&waiting));
            resting.running.spawn(async move {
                let meter = Arc::new(Meter::new());
                let peer = Box::new(SilentPeer {
                    waiting,
                    is_waiting: AtomicU32::new(0),
                });
                sandbox.run(connection(id.into()), peer, &meter, &kill).await;
            });
        }
        let all = async {
            loop {
                while resting.running.try_join_next().is_some() {}
                let left = u32::try_from(resting.running.len()).unwrap_or(u32::MAX);
                if waiting.load(Ordering::Acquire) >= left {
                    break;
                }
                sleep(LOOK).await;
            }
        };
        // A handler that computes for so long is measured as it is.
        let _ = timeout(PATIENCE, all).await;
        resting.duration = begun.elapsed();
        resting
    }

    /// Those that are there.
    pub(super) fn count(&self) -> u32 {
        u32::try_from(self.running.len() + self.made.len()).unwrap_or(u32::MAX)
    }

    pub(super) fn duration(&self) -> Duration {
        self.duration
    }

    /// Ends all of them, and waits until they have.
    pub(super) async fn end(mut self) {
        self.kill.kill();
        while self.running.join_next().await.is_some() {}
    }
}

fn connection(id: u64) -> Arc<Connection> {
    let address = Address::Unix(None);
    Arc::new(Connection {
        id,
        listener: Arc::new(ListenAddress {
            transport: Transport::Unix,
            address: address.clone(),
        }),
        remote: Remote { address, uid: None },
    })
}

/// A peer that takes everything and says nothing. It has no descriptor, so there may be more of them than of those.
struct SilentPeer {
    /// The peers that are waited for.
    waiting: Arc<AtomicU32>,
    is_waiting: AtomicU32,
}

impl SilentPeer {
    fn wait<T>(&self) -> Poll<T> {
        if self.is_waiting.swap(1, Ordering::AcqRel) == 0 {
            self.waiting.fetch_add(1, Ordering::AcqRel);
        }
        Poll::Pending
    }
}

impl Drop for SilentPeer {
    fn drop(&mut self) {
        self.waiting
            .fetch_sub(self.is_waiting.load(Ordering::Acquire), Ordering::AcqRel);
    }
}

impl Io for SilentPeer {
    fn poll_receive(&self, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.wait()
    }

    fn poll_send(&self, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_readable(&self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.wait()
    }

    fn poll_writable(&self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn local_address(&self) -> Option<Address> {
        None
    }

    fn shutdown(&self, _: Shutdown) -> io::Result<()> {
        Ok(())
    }

    fn abort_on_close(&self) {}
}

/// How long handlers have until they wait.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often it is looked whether all of them wait.
const LOOK: Duration = Duration::from_millis(1);
