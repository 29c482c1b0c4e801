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
    ending: Option<Ending>,
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
            ending: None,
        }
    }

    pub(crate) fn close(mut self, ending: Ending) {
        self.ending = Some(ending);
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        let ending = self.ending.take().unwrap_or_else(|| Ending {
            reason: CloseReason::Bug,
            message: "the task that served the connection panicked".to_owned(),
            backtrace: Vec::new(),
        });
        self.server.books.close(ending.reason);
        self.server.observer.closed(
            &self.connection,
            &Closed {
                reason: ending.reason,
                message: ending.message,
                backtrace: ending.backtrace,
                duration: self.meter.opened().elapsed(),
                cpu_time: Duration::from_millis(self.meter.cpu()),
                received: self.meter.received(),
                sent: self.meter.sent(),
                output_dropped: self.meter.output_dropped(),
            },
        );
    }
}
