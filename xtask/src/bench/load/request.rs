//! Round trips on connections that stay.

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Instant;

use anyhow::Result;
use tokio::net::TcpStream;

use super::tally::Tally;
use super::{connect, pattern};

/// Connects, and sends requests until it is told to stop.
pub(super) async fn client(server: SocketAddr, client: u32, tally: Rc<Tally>) -> Result<()> {
    repeat(connect::open(server).await?, client, tally).await
}

/// Sends a request when the answer to the one before is complete, until it is told to stop.
pub(super) async fn repeat(mut stream: TcpStream, client: u32, tally: Rc<Tally>) -> Result<()> {
    let mut position = pattern::start(client);
    connect::exchange(&mut stream, position).await?;
    tally.begin();
    while !tally.is_stopped() {
        position += connect::REQUEST as u64;
        let started = Instant::now();
        connect::exchange(&mut stream, position).await?;
        tally.record(started.elapsed());
    }
    connect::close(stream).await
}
