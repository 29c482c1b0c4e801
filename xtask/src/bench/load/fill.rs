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
    let (mut open_ones, full) = open::open_up_to(server, most, openers).await?;
    let (elapsed, cpu_after) = (started.elapsed(), tree.cpu()?);
    let count = u32::try_from(open_ones.len())?;
    if count == 0 {
        return Err(full.unwrap_or_else(|| anyhow::anyhow!("no connection was opened")));
    }
    let during = idle::settled(tree).await?;

    let mut figures = idle::growth(before, during, count);
    figures.insert(Quantity::Connections, f64::from(count));
    if full.is_none() {
        // Of one that filled up, most of the time is what the last one waited for.
        figures.insert(Quantity::Rate, f64::from(count) / elapsed.as_secs_f64());
        let cpu = cpu_after.saturating_sub(cpu_before);
        figures.insert(Quantity::Cpu, cpu.as_secs_f64() * 1e6 / f64::from(count));
    }
    for stream in &mut open_ones {
        connect::exchange(stream, pattern::start(0))
            .await
            .context("a connection that was open does not answer any more")?;
    }
    open::close(open_ones).await?;
    Ok(Outcome {
        figures,
        ..Outcome::default()
    })
}
