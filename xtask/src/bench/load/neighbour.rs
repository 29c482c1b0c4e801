//! A connection whose neighbours' handlers loop for ever.

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::tally::Tally;
use super::{connect, request};

/// Opens so many connections, and has their handlers loop. They do until their server ends.
pub(super) async fn spin(server: SocketAddr, connections: u32) -> Result<Vec<TcpStream>> {
    let mut spinning = Vec::new();
    for _ in 0..connections {
        spinning.push(asking(server, b"spin\n").await?);
    }
    // Until the last of them has begun.
    tokio::time::sleep(Duration::from_millis(100)).await;
    Ok(spinning)
}

/// Round trips, until it is told to stop.
pub(super) async fn client(server: SocketAddr, client: u32, tally: Rc<Tally>) -> Result<()> {
    request::repeat(asking(server, b"echo\n").await?, client, tally).await
}

async fn asking(server: SocketAddr, what: &[u8]) -> Result<TcpStream> {
    let mut stream = connect::open(server).await?;
    stream.write_all(what).await.context("cannot send")?;
    Ok(stream)
}
