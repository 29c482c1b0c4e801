//! One connection's life: opened, run in a sandbox, closed for exactly one reason.

use std::sync::Arc;
use std::time::Duration;

use crate::address::{ListenAddress, Remote};
use crate::event::{CloseReason, Closed, Connection};
use crate::limit::{Permit, SourcePermit};
use crate::listener::Io;
use crate::meter::Meter;
use crate::sandbox::Ending;
use crate::server::Shared;

/// Serves a connection to its end. The permits are given back when everything of it is gone.
///
/// # Cancel safety
///
/// Dropping the future ends the connection; it is accounted for as a bug.
pub(crate) async fn serve(
    io: Box<dyn Io>,
    remote: Remote,
    listener: Arc<ListenAddress>,
    server: Arc<Shared>,
    permits: (Permit, SourcePermit),
) {
    let meter = Arc::new(Meter::new());
    let record = Record::open(remote, listener, &server, &meter);
    let connection = Arc::clone(&record.connection);
    let kill = server.drain.kill();
    let sandbox = server.sandbox.load_full();
    let (ending, socket) = sandbox.run(connection, io, &meter, kill).await;
    if ending.reason.is_orderly() {
        // A server that is told to stop now does not wait for peers to read.
        tokio::select! {
            biased;
            () = socket.close(server.linger) => {}
            () = kill.killed() => {}
        }
    } else {
        socket.abort();
    }
    drop(socket);
    record.close(ending);
    drop(permits);
}

/// The entry of a connection in the books: it is closed exactly once, even if the task that serves it panics.
struct Record {
    connection: Arc<Connection>,
    server: Arc<Shared>,
    meter: Arc<Meter>,
    ending: Option<Ending>,
}

impl Record {
    fn open(remote: Remote, listener: Arc<ListenAddress>, server: &Arc<Shared>, meter: &Arc<Meter>) -> Self {
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

    fn close(mut self, ending: Ending) {
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
