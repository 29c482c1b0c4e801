//! The memory of connections that wait.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Result;

use super::{Outcome, connect, open};
use crate::bench::process::Memory;
use crate::bench::quantity::Quantity;
use crate::bench::tree::Tree;

/// Opens connections, and compares the server's memory before, with all of them open, and after; then again after as many
/// more. A server may keep memory for its next connections, so what is left is a leak only if it grows.
pub(super) async fn measure(server: SocketAddr, tree: Tree, connections: u32) -> Result<Outcome> {
    let before = before(server, tree).await?;
    let open_ones = open::open(server, connections).await?;
    let during = settled(tree).await?;
    open::close(open_ones).await?;
    let after = settled(tree).await?;
    open::close(open::open(server, connections).await?).await?;
    let after_again = settled(tree).await?;

    let mut figures = growth(before, during, connections);
    figures.insert(Quantity::Left, each(after.total(), before.total(), connections));
    figures.insert(Quantity::Leak, each(after_again.total(), after.total(), connections));
    Ok(Outcome {
        figures,
        ..Outcome::default()
    })
}

/// The memory of a server that has served: what it sets up at its first connection is not the price of each.
pub(super) async fn before(server: SocketAddr, tree: Tree) -> Result<Memory> {
    connect::close(open::answered(server, 0).await?).await?;
    settled(tree).await
}

/// The memory of the server when nothing has happened for a while: connections that were closed have been cleared away.
pub(super) async fn settled(tree: Tree) -> Result<Memory> {
    tokio::time::sleep(Duration::from_millis(300)).await;
    tree.memory()
}

/// What a connection takes.
pub(super) fn growth(before: Memory, during: Memory, connections: u32) -> BTreeMap<Quantity, f64> {
    BTreeMap::from([
        (Quantity::Resident, each(during.total(), before.total(), connections)),
        (
            Quantity::PageTables,
            each(during.page_tables, before.page_tables, connections),
        ),
        (
            Quantity::Proportional,
            each(
                during.proportional + during.page_tables,
                before.proportional + before.page_tables,
                connections,
            ),
        ),
    ])
}

/// Negative where memory was given back.
fn each(more: u64, less: u64, connections: u32) -> f64 {
    (more as f64 - less as f64) / f64::from(connections)
}
