//! Round trips on connections that stay.

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Instant;

use anyhow::Result;

use super::tally::Tally;
use super::{connect, pattern};

/// Sends a request when the answer to the one before is complete, until it is told to stop.
pub(super) async fn client(server: SocketAddr, client: u32, tally: Rc<Tally>) -> Result<()> {
    let mut stream = connect::open(server).await?;
    let mut position = pattern::start(client);
    while !tally.is_stopped() {
        let started = Instant::now();
        connect::exchange(&mut stream, position).await?;
        tally.record(started.elapsed());
        position += connect::REQUEST as u64;
    }
    connect::close(stream).await
}
