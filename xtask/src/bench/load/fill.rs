//! As many connections at once as there can be.

use std::net::SocketAddr;
use std::time::Instant;

use anyhow::{Context as _, Result};

use super::{Outcome, connect, idle, open, pattern};
use crate::bench::quantity::Quantity;
use crate::bench::tree::Tree;

/// Opens connections until there are `most`, or the server answers no more; then has each answer once again.
///
/// To be full is no error, for it is what the row is to find out. To have taken a connection and not to answer it is.
pub(super) async fn measure(server: SocketAddr, tree: Tree, most: u32, openers: u32) -> Result<Outcome> {
    let before = idle::before(server, tree).await?;
    let (started, cpu_before) = (Instant::now(), tree.cpu()?);
    let open::Opened {
        mut streams,
        last,
        full,
    } = open::open_up_to(server, most, openers).await?;
    // Of a server that is full this was later, but it had nothing to do any more.
    let cpu = tree.cpu()?.saturating_sub(cpu_before);
    let count = u32::try_from(streams.len())?;
    if count == 0 {
        return Err(full.unwrap_or_else(|| anyhow::anyhow!("no connection was opened")));
    }
    let during = idle::settled(tree).await?;

    let mut figures = idle::growth(before, during, count);
    figures.insert(Quantity::Connections, f64::from(count));
    let elapsed = last.duration_since(started).as_secs_f64();
    figures.insert(Quantity::Rate, f64::from(count) / elapsed);
    figures.insert(Quantity::Cpu, cpu.as_secs_f64() * 1e6 / f64::from(count));
    for stream in &mut streams {
        connect::exchange(stream, pattern::start(0))
            .await
            .context("a connection that was open does not answer any more")?;
    }
    open::close(streams).await?;
    Ok(Outcome {
        figures,
        ..Outcome::default()
    })
}
