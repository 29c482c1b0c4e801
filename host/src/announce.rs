//! The lines on standard output that say where the command listens.

use std::error::Error;
use std::io::{self, Write as _};
use std::sync::Arc;

use socketserver::{
    AcceptFailure, Closed, ConnectRefused, Connection, GuestLine, Listen, ListenAddress, LoadError, LogObserver,
    Observer, RejectReason, Remote, RequestEnded,
};
use tokio::sync::Notify;

/// Announces listeners, one line each.
pub(crate) fn listeners<'a>(addresses: impl IntoIterator<Item = &'a ListenAddress>) {
    let mut output = io::stdout().lock();
    for address in addresses {
        // Whoever closed standard output does not want to know.
        let _ = writeln!(output, "listening {address}");
    }
    let _ = output.flush();
}

/// Logs what happens, and announces the servers of a program when it activates them.
#[derive(Default)]
pub(crate) struct ProgramObserver {
    log: LogObserver,
    /// Whom to tell that a server listens.
    listening: Option<Arc<Notify>>,
}

impl ProgramObserver {
    /// An observer that also tells `listening` of each server that listens.
    pub(crate) fn telling(listening: Arc<Notify>) -> Self {
        Self {
            listening: Some(listening),
            ..Self::default()
        }
    }
}

impl Observer for ProgramObserver {
    fn listening(&self, listener: &ListenAddress) {
        listeners([listener]);
        if let Some(listening) = &self.listening {
            listening.notify_one();
        }
    }

    fn bind_denied(&self, listen: &Listen) {
        self.log.bind_denied(listen);
    }

    fn bind_failed(&self, error: &(dyn Error + 'static)) {
        self.log.bind_failed(error);
    }

    fn connect_refused(&self, refused: &ConnectRefused) {
        self.log.connect_refused(refused);
    }

    fn opened(&self, connection: &Connection) {
        self.log.opened(connection);
    }

    fn closed(&self, connection: &Connection, closed: &Closed) {
        self.log.closed(connection, closed);
    }

    fn request_ended(&self, connection: &Connection, ended: &RequestEnded<'_>) {
        self.log.request_ended(connection, ended);
    }

    fn rejected(&self, listener: &ListenAddress, remote: &Remote, reason: RejectReason) {
        self.log.rejected(listener, remote, reason);
    }

    fn datagrams_dropped(&self, listener: &ListenAddress, count: u64) {
        self.log.datagrams_dropped(listener, count);
    }

    fn accept_failed(&self, listener: &ListenAddress, failure: AcceptFailure, error: &io::Error) {
        self.log.accept_failed(listener, failure, error);
    }

    fn accept_recovered(&self, listener: &ListenAddress) {
        self.log.accept_recovered(listener);
    }

    fn full(&self, max_connections: u32) {
        self.log.full(max_connections);
    }

    fn memory_reset_changed(&self, error: Option<&LoadError>) {
        self.log.memory_reset_changed(error);
    }

    fn guest_output(&self, line: &GuestLine<'_>) {
        self.log.guest_output(line);
    }
}
