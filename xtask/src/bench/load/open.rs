//! Connections that have said something once, and wait.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::{connect, pattern};

/// Opens so many connections, and has the handler of each answer once.
///
/// # Errors
///
/// One of them was not answered.
pub(super) async fn open(server: SocketAddr, connections: u32) -> Result<Vec<TcpStream>> {
    let (open_ones, error) = open_up_to(server, connections, OPENERS).await?;
    error.map_or(Ok(open_ones), Err)
}

/// Opens connections until there are so many, or one is not answered; returns those that were, and why there are no more.
pub(super) async fn open_up_to(
    server: SocketAddr,
    connections: u32,
    openers: u32,
) -> Result<(Vec<TcpStream>, Option<anyhow::Error>)> {
    let open_ones = Rc::new(RefCell::new(Vec::new()));
    let next = Rc::new(Cell::new(0));
    let failed = Rc::new(RefCell::new(None));
    let mut tasks = JoinSet::new();
    for _ in 0..openers.min(connections) {
        let (open_ones, next, failed) = (Rc::clone(&open_ones), Rc::clone(&next), Rc::clone(&failed));
        tasks.spawn_local(async move {
            while next.get() < connections && failed.borrow().is_none() {
                let number = next.get();
                next.set(number + 1);
                match timeout(PATIENCE, answered(server, number))
                    .await
                    .context("no answer in time")
                    .flatten()
                {
                    Ok(stream) => open_ones.borrow_mut().push(stream),
                    Err(error) => {
                        failed.borrow_mut().get_or_insert(error);
                    }
                }
            }
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended.context("a client panicked")?;
    }
    Ok((open_ones.take(), failed.take()))
}

/// A connection whose handler has run, and waits for more.
pub(super) async fn answered(server: SocketAddr, number: u32) -> Result<TcpStream> {
    let mut stream = connect::open(server).await?;
    connect::exchange(&mut stream, pattern::start(number)).await?;
    Ok(stream)
}

/// Closes all of them, which must not have been closed by the server.
pub(super) async fn close(open_ones: Vec<TcpStream>) -> Result<()> {
    for stream in open_ones {
        connect::close(stream).await?;
    }
    Ok(())
}

/// As many as connect at once in the other rows.
const OPENERS: u32 = 64;

/// A server that has taken a connection answers far sooner, and one that is full does not answer at all.
const PATIENCE: Duration = Duration::from_secs(5);
