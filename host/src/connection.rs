//! One connection's life: opened, run in a sandbox, closed for exactly one reason.

use std::sync::Arc;

use crate::address::{ListenAddress, Remote};
use crate::limit::{Permit, SourcePermit};
use crate::listener::Io;
use crate::meter::Meter;
use crate::record::{Ended, Record};
use crate::sandbox::Sandbox;
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
    sandbox: Arc<Sandbox>,
    server: Arc<Shared>,
    permits: (Permit, SourcePermit),
) -> Ended {
    let meter = Arc::new(Meter::new());
    let record = Record::open(remote, listener, &server, &meter);
    let connection = Arc::clone(&record.connection);
    let kill = server.drain.kill();
    let (ending, socket) = sandbox.run(connection, io, &meter, kill).await;
    if ending.reason.is_orderly() {
        // A server that is told to stop now does not wait for peers to read.
        tokio::select! {
            biased;
            () = socket.close(server.timeouts.linger) => {}
            () = kill.killed() => {}
        }
    } else {
        socket.abort();
    }
    drop(socket);
    let ended = record.close(ending);
    drop(permits);
    ended
}
