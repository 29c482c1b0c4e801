//! Requests that a program has taken: to be handled, or to be refused.

use std::sync::Arc;

use super::background::{Background, Outcome};
use crate::address::{Address, ListenAddress, Remote};
use crate::connection;
use crate::datagram;
use crate::event::RejectReason;
use crate::limit::{Permit, SourcePermit};
use crate::listener::{Datagram, DatagramSocket, Io};
use crate::record::Ended;
use crate::replies::Replies;
use crate::sandbox::Sandbox;
use crate::server::Shared;
use crate::session::Inbox;

/// A request that is not handled yet. Dropping it refuses it.
pub(crate) struct Request {
    pub(super) taken: Option<Taken>,
    pub(super) remote: Remote,
    pub(super) local: Arc<ListenAddress>,
    pub(super) handler: Arc<Sandbox>,
    pub(super) shared: Arc<Shared>,
    pub(super) background: Arc<Background>,
}

pub(super) struct Taken {
    pub(super) what: What,
    pub(super) permits: (Permit, SourcePermit),
}

pub(super) enum What {
    Connection(Box<dyn Io>),
    Datagram(Datagram, Arc<DatagramSocket>),
}

impl What {
    pub(super) fn refuse(self) {
        if let Self::Connection(io) = self {
            // A reset keeps the server out of TIME_WAIT and tells the peer that it was not served.
            io.abort_on_close();
        }
    }
}

impl Request {
    /// Who sent it.
    pub(crate) fn remote(&self) -> &Address {
        &self.remote.address
    }

    /// Handles it, and waits for its end.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves the request to end by itself.
    pub(crate) async fn finish(mut self) -> Outcome {
        let remote = self.remote.address.clone();
        let ended = match self.serve() {
            Some(serving) => {
                self.background.start();
                let ended = self.shared.drain.spawn(serving).await.ok();
                self.background.lock().numbers.active -= 1;
                ended
            }
            None => None,
        };
        Outcome::of(remote, ended)
    }

    /// Handles it while the program goes on.
    pub(crate) fn process(mut self) {
        let remote = self.remote.address.clone();
        let background = Arc::clone(&self.background);
        let Some(serving) = self.serve() else {
            return;
        };
        background.start();
        // What serves it may panic, and even then it is finished: so it has a task of its own.
        let serving = self.shared.drain.spawn(serving);
        self.shared.drain.spawn(async move {
            let ended = serving.await.ok();
            background.finish(Outcome::of(remote, ended));
        });
    }

    /// What serves the request; it is taken for that, so this works once.
    fn serve(&mut self) -> Option<impl Future<Output = Ended> + Send + use<>> {
        let Taken { what, permits } = self.taken.take()?;
        let (remote, local) = (self.remote.clone(), Arc::clone(&self.local));
        let (handler, shared) = (Arc::clone(&self.handler), Arc::clone(&self.shared));
        Some(async move {
            match what {
                What::Connection(io) => connection::serve(io, remote, local, handler, shared, permits).await,
                What::Datagram(one, socket) => {
                    let replies = Replies::new(socket, one.origin.clone());
                    datagram::serve(Inbox::of_one(one), replies, local, handler, shared, permits).await
                }
            }
        })
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        if let Some(taken) = self.taken.take() {
            taken.what.refuse();
            self.background.reject();
            self.shared.reject(&self.local, &self.remote, RejectReason::Program);
        }
    }
}
