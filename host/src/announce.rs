//! The lines on standard output that say where the command listens.

use std::io::{self, Write as _};

use socketserver::{
    AcceptFailure, Closed, ConnectRefused, Connection, GuestLine, Listen, ListenAddress, LoadError, LogObserver,
    Observer, RejectReason, Remote,
};

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
pub(crate) struct ProgramObserver(pub(crate) LogObserver);

impl Observer for ProgramObserver {
    fn listening(&self, listener: &ListenAddress) {
        listeners([listener]);
    }

    fn bind_denied(&self, listen: &Listen) {
        self.0.bind_denied(listen);
    }

    fn connect_refused(&self, refused: &ConnectRefused) {
        self.0.connect_refused(refused);
    }

    fn opened(&self, connection: &Connection) {
        self.0.opened(connection);
    }

    fn closed(&self, connection: &Connection, closed: &Closed) {
        self.0.closed(connection, closed);
    }

    fn rejected(&self, listener: &ListenAddress, remote: &Remote, reason: RejectReason) {
        self.0.rejected(listener, remote, reason);
    }

    fn datagrams_dropped(&self, listener: &ListenAddress, count: u64) {
        self.0.datagrams_dropped(listener, count);
    }

    fn accept_failed(&self, listener: &ListenAddress, failure: AcceptFailure, error: &io::Error) {
        self.0.accept_failed(listener, failure, error);
    }

    fn accept_recovered(&self, listener: &ListenAddress) {
        self.0.accept_recovered(listener);
    }

    fn full(&self, max_connections: u32) {
        self.0.full(max_connections);
    }

    fn memory_reset_changed(&self, error: Option<&LoadError>) {
        self.0.memory_reset_changed(error);
    }

    fn guest_output(&self, line: &GuestLine<'_>) {
        self.0.guest_output(line);
    }
}
