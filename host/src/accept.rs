//! Accepting connections: what the [intake](crate::intake) of a listener that has some does.

use std::io;
use std::sync::Arc;

use crate::address::{ListenAddress, Remote};
use crate::connection;
use crate::event::RejectReason;
use crate::http;
use crate::intake::Intake;
use crate::limit::Permit;
use crate::listener::{Io, Listener};
use crate::server::Shared;

/// Accepts connections, and gives each a task.
pub(crate) struct Acceptor {
    listener: Listener,
    local: Arc<ListenAddress>,
    server: Arc<Shared>,
}

impl Acceptor {
    pub(crate) fn new(listener: Listener, local: Arc<ListenAddress>, server: Arc<Shared>) -> Self {
        Self {
            listener,
            local,
            server,
        }
    }

    fn open(&self, io: Box<dyn Io>, remote: Remote, permit: Permit) {
        match self.server.permits.admit(&remote) {
            Ok(source) if self.local.transport.is_http() => {
                let (local, server) = (Arc::clone(&self.local), Arc::clone(&self.server));
                self.server
                    .drain
                    .spawn(http::serve(io, remote, local, server, (permit, source)));
            }
            Ok(source) => {
                let task = connection::serve(
                    io,
                    remote,
                    Arc::clone(&self.local),
                    self.server.sandbox.load_full(),
                    Arc::clone(&self.server),
                    (permit, source),
                );
                self.server.drain.spawn(task);
            }
            Err(_refused) => {
                // A reset keeps the server out of TIME_WAIT and tells the peer that it was not served.
                io.abort_on_close();
                self.server
                    .reject(&self.local, &remote, RejectReason::MaxConnectionsPerSource);
            }
        }
    }
}

impl Intake for Acceptor {
    async fn ready(&self) -> io::Result<()> {
        self.listener.ready().await
    }

    fn is_asked(&self) -> bool {
        self.listener.is_asked()
    }

    fn take(&mut self, permit: Option<Permit>) -> io::Result<()> {
        // There is always one, as `waits_for_permit` says.
        let permit = permit.ok_or(io::ErrorKind::WouldBlock)?;
        let (io, remote) = self.listener.accept()?;
        self.open(io, remote, permit);
        Ok(())
    }

    fn waits_for_permit(&self) -> bool {
        true
    }

    fn local_address(&self) -> &ListenAddress {
        &self.local
    }
}
