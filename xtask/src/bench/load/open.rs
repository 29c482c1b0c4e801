//! Connections that have said something once, and wait.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

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
    let opened = open_up_to(server, connections, OPENERS).await?;
    opened.full.map_or(Ok(opened.streams), Err)
}

/// What [`open_up_to`] has opened.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) streams: Vec<TcpStream>,
    /// When the last of them was answered.
    pub(super) last: Instant,
    /// Why there are no more.
    pub(super) full: Option<anyhow::Error>,
}

/// Opens connections until there are so many, or one is not answered.
pub(super) async fn open_up_to(server: SocketAddr, connections: u32, openers: u32) -> Result<Opened> {
    let opened = Rc::new(RefCell::new(Opened {
        streams: Vec::new(),
        last: Instant::now(),
        full: None,
    }));
    let next = Rc::new(Cell::new(0));
    let mut tasks = JoinSet::new();
    for _ in 0..openers.min(connections) {
        let (opened, next) = (Rc::clone(&opened), Rc::clone(&next));
        tasks.spawn_local(async move {
            while next.get() < connections && opened.borrow().full.is_none() {
                let number = next.get();
                next.set(number + 1);
                let answered = timeout(PATIENCE, answered(server, number)).await;
                let answered = answered.context("no answer in time").flatten();
                let mut opened = opened.borrow_mut();
                match answered {
                    Ok(stream) => {
                        opened.streams.push(stream);
                        opened.last = Instant::now();
                    }
                    Err(error) => {
                        opened.full.get_or_insert(error);
                    }
                }
            }
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended.context("a client panicked")?;
    }
    let opened = Rc::into_inner(opened).context("a client has not ended")?;
    Ok(opened.into_inner())
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
