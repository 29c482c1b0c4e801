//! The entry of a connection in the books.

use std::sync::Arc;
use std::time::Duration;

use crate::address::{ListenAddress, Remote};
use crate::event::{CloseReason, Closed, Connection};
use crate::meter::Meter;
use crate::sandbox::Ending;
use crate::server::Shared;

/// A connection that was opened. It is closed exactly once, even if the task that serves it panics.
pub(crate) struct Record {
    pub(crate) connection: Arc<Connection>,
    server: Arc<Shared>,
    meter: Arc<Meter>,
    is_closed: bool,
}

/// How a connection ended, for whoever waits for that.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) reason: CloseReason,
    pub(crate) message: String,
}

impl Record {
    pub(crate) fn open(remote: Remote, listener: Arc<ListenAddress>, server: &Arc<Shared>, meter: &Arc<Meter>) -> Self {
        let connection = Arc::new(Connection {
            id: server.books.accept(),
            listener,
            remote,
        });
        server.observer.opened(&connection);
        Self {
            connection,
            server: Arc::clone(server),
            meter: Arc::clone(meter),
            is_closed: false,
        }
    }

    pub(crate) fn close(mut self, ending: Ending) -> Ended {
        self.enter(ending)
    }

    fn enter(&mut self, ending: Ending) -> Ended {
        self.is_closed = true;
        self.server.books.close(ending.reason);
        let closed = Closed {
            reason: ending.reason,
            message: ending.message,
            backtrace: ending.backtrace,
            duration: self.meter.opened().elapsed(),
            cpu_time: Duration::from_millis(self.meter.cpu()),
            received: self.meter.received(),
            sent: self.meter.sent(),
            output_dropped: self.meter.output_dropped(),
            connects_refused: self.meter.connects_refused(),
        };
        self.server.observer.closed(&self.connection, &closed);
        Ended {
            reason: closed.reason,
            message: closed.message,
        }
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        if !self.is_closed {
            self.enter(Ending {
                reason: CloseReason::Bug,
                message: "the task that served the connection panicked".to_owned(),
                backtrace: Vec::new(),
            });
        }
    }
}
