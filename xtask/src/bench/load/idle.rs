//! Connections that have said something once, and wait.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Result;
use tokio::net::TcpStream;

use super::{Outcome, connect, pattern};
use crate::bench::process::Memory;
use crate::bench::workload::Quantity;

/// Opens connections, and compares the server's memory before, with all of them open, and after; then again after as many
/// more. A server may keep memory for its next connections, so what is left is a leak only if it grows.
pub(super) async fn measure(server: SocketAddr, process: i32, connections: u32) -> Result<Outcome> {
    // What the server sets up at its first connection is not the price of each.
    connect::close(open(server, 0).await?).await?;
    let before = settled(process).await?;

    let open_ones = open_all(server, connections).await?;
    let during = settled(process).await?;
    close_all(open_ones).await?;
    let after = settled(process).await?;
    close_all(open_all(server, connections).await?).await?;
    let after_again = settled(process).await?;

    let each = |more: u64, less: u64| (more as f64 - less as f64) / f64::from(connections);
    let figures = BTreeMap::from([
        (Quantity::Resident, each(during.total(), before.total())),
        (
            Quantity::Proportional,
            each(
                during.proportional + during.page_tables,
                before.proportional + before.page_tables,
            ),
        ),
        (Quantity::Left, each(after.total(), before.total())),
        (Quantity::Leak, each(after_again.total(), after.total())),
    ]);
    Ok(Outcome {
        figures,
        errors: 0,
        first_error: None,
    })
}

/// Opens as many connections at once, and closes them.
pub(super) async fn burst(server: SocketAddr, connections: u32) -> Result<()> {
    close_all(open_all(server, connections).await?).await
}

async fn open_all(server: SocketAddr, connections: u32) -> Result<Vec<TcpStream>> {
    let mut open_ones = Vec::new();
    for number in 0..connections {
        open_ones.push(open(server, number).await?);
    }
    Ok(open_ones)
}

async fn close_all(open_ones: Vec<TcpStream>) -> Result<()> {
    for stream in open_ones {
        connect::close(stream).await?;
    }
    Ok(())
}

/// A connection whose handler has run, and waits for more.
async fn open(server: SocketAddr, number: u32) -> Result<TcpStream> {
    let mut stream = connect::open(server).await?;
    connect::exchange(&mut stream, pattern::start(number)).await?;
    Ok(stream)
}

/// The memory of the server when nothing has happened for a while: connections that were closed have been cleared away.
async fn settled(process: i32) -> Result<Memory> {
    tokio::time::sleep(Duration::from_millis(300)).await;
    Memory::of(process)
}
