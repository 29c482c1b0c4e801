//! Connections that do nothing, and the memory that they take.

use std::time::Duration;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

use super::Args;
use super::connect::{close, exchange, open};
use crate::bench::process::Memory;

/// The memory of the server at five moments.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(in crate::bench) struct Held {
    pub(in crate::bench) connections: u32,
    /// Before any connection but one, which lets the server make what it makes lazily.
    pub(in crate::bench) before: Memory,
    /// With all connections open, each of which has echoed once.
    pub(in crate::bench) open: Memory,
    /// With all of them closed.
    pub(in crate::bench) closed: Memory,
    /// With as many open once more: what is kept between is used again, so a server without a leak is where it was.
    pub(in crate::bench) open_again: Memory,
    pub(in crate::bench) closed_again: Memory,
}

pub(super) async fn hold(args: &Args) -> Result<Held> {
    let whole = async {
        close_all(open_all(args, 1).await?).await?;
        let before = settled(args.pid).await?;
        let connections = open_all(args, args.clients).await?;
        let open = settled(args.pid).await?;
        close_all(connections).await?;
        let closed = settled(args.pid).await?;
        let connections = open_all(args, args.clients).await?;
        let open_again = settled(args.pid).await?;
        close_all(connections).await?;
        let closed_again = settled(args.pid).await?;
        Ok(Held {
            connections: args.clients,
            before,
            open,
            closed,
            open_again,
            closed_again,
        })
    };
    timeout(LONGEST, whole).await.context("a connection hangs")?
}

async fn open_all(args: &Args, count: u32) -> Result<Vec<TcpStream>> {
    let mut connections = Vec::new();
    for client in 0..count {
        let mut stream = open(args.address, client, 0).await?;
        exchange(&mut stream, client, 0).await?;
        connections.push(stream);
    }
    Ok(connections)
}

async fn close_all(connections: Vec<TcpStream>) -> Result<()> {
    for connection in connections {
        close(connection).await?;
    }
    Ok(())
}

/// The memory of the server once it no longer changes: an allocator gives memory back some time after it was freed.
async fn settled(pid: i32) -> Result<Memory> {
    let deadline = Instant::now() + SETTLING;
    let mut memory = Memory::of(pid)?;
    loop {
        sleep(SETTLED_FOR).await;
        let earlier = std::mem::replace(&mut memory, Memory::of(pid)?);
        if memory.total().abs_diff(earlier.total()) <= SETTLED_WITHIN || Instant::now() >= deadline {
            return Ok(memory);
        }
    }
}

/// Two readings so far apart, and no more different, are a memory at rest.
const SETTLED_FOR: Duration = Duration::from_millis(200);
const SETTLED_WITHIN: u64 = 64;
/// A server that never rests is measured all the same.
const SETTLING: Duration = Duration::from_secs(2);
/// Everything together takes about five seconds.
const LONGEST: Duration = Duration::from_secs(60);
