//! Receiving datagrams, and the life of what each of them starts: a connection of one datagram and its answers, or a
//! session.

use std::io;
use std::sync::Arc;

use crate::address::ListenAddress;
use crate::event::RejectReason;
use crate::intake::Intake;
use crate::limit::{Permit, SourcePermit};
use crate::listener::{Datagram, Receiver};
use crate::meter::Meter;
use crate::record::{Ended, Record};
use crate::replies::Replies;
use crate::sandbox::Sandbox;
use crate::server::Shared;
use crate::session::{Inbox, Sessions};

/// Receives datagrams, and gives each a task or a place in its session.
pub(crate) struct DatagramIntake {
    receiver: Receiver,
    local: Arc<ListenAddress>,
    server: Arc<Shared>,
    sessions: Option<Arc<Sessions>>,
}

impl DatagramIntake {
    pub(crate) fn new(
        receiver: Receiver,
        local: Arc<ListenAddress>,
        server: Arc<Shared>,
        sessions: Option<Sessions>,
    ) -> Self {
        Self {
            receiver,
            local,
            server,
            sessions: sessions.map(Arc::new),
        }
    }

    /// Starts something of its own with a datagram.
    fn open(&self, datagram: Datagram, permit: Permit) {
        let remote = datagram.origin.remote();
        let Ok(source) = self.server.permits.admit(&remote) else {
            self.server
                .reject(&self.local, &remote, RejectReason::MaxConnectionsPerSource);
            return;
        };
        let replies = Replies::new(Arc::clone(self.receiver.socket()), datagram.origin.clone());
        let inbox = match &self.sessions {
            // Many can be without a name, and they would share a session.
            Some(sessions) if datagram.origin.has_name() => sessions.open(datagram, &self.server),
            _ => Inbox::of_one(datagram),
        };
        let task = serve(
            inbox,
            replies,
            Arc::clone(&self.local),
            self.server.sandbox.load_full(),
            Arc::clone(&self.server),
            (permit, source),
        );
        self.server.drain.spawn(task);
    }

    /// Gives a datagram to its session, which is made if there is none.
    fn route(&self, datagram: Datagram, sessions: &Sessions) {
        let Some(datagram) = sessions.give(datagram, || self.server.books.reject(RejectReason::SessionQueue, 1)) else {
            return;
        };
        match self.server.permits.try_one() {
            Some(permit) => self.open(datagram, permit),
            None => {
                self.server.report_full();
                let remote = datagram.origin.remote();
                self.server.reject(&self.local, &remote, RejectReason::MaxConnections);
            }
        }
    }
}

impl Intake for DatagramIntake {
    async fn ready(&self) -> io::Result<()> {
        self.receiver.ready().await
    }

    fn is_asked(&self) -> bool {
        self.receiver.is_asked()
    }

    fn take(&mut self, permit: Option<Permit>) -> io::Result<()> {
        let datagram = self.receiver.receive()?;
        self.server.note_dropped(self.receiver.take_dropped(), &self.local);
        match (&self.sessions, permit) {
            (Some(sessions), _) => self.route(datagram, sessions),
            (None, Some(permit)) => self.open(datagram, permit),
            // Without sessions there is always one, as `waits_for_permit` says.
            (None, None) => {}
        }
        Ok(())
    }

    /// A session that goes on needs no other permit, and must not wait for those that begin.
    fn waits_for_permit(&self) -> bool {
        self.sessions.is_none()
    }

    fn local_address(&self) -> &ListenAddress {
        &self.local
    }
}

/// Serves the datagrams of an inbox to its end. The permits are given back when everything of it is gone.
///
/// # Cancel safety
///
/// Dropping the future ends it; it is accounted for as a bug.
pub(crate) async fn serve(
    inbox: Inbox,
    replies: Replies,
    listener: Arc<ListenAddress>,
    sandbox: Arc<Sandbox>,
    server: Arc<Shared>,
    permits: (Permit, SourcePermit),
) -> Ended {
    let meter = Arc::new(Meter::new());
    let record = Record::open(replies.remote().clone(), listener, &server, &meter);
    let connection = Arc::clone(&record.connection);
    let ending = sandbox
        .run_datagrams(connection, replies, inbox, &meter, server.drain.kill())
        .await;
    let ended = record.close(ending);
    drop(permits);
    ended
}
