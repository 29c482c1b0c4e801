//! The load generator: a process of its own, so that what the kernel charges to the server is the server's.
//!
//! One thread, one task for each client. Every answer is compared with what was sent, byte for byte.

mod bulk;
mod connect;
mod crowd;
mod datagram;
mod fill;
mod first_byte;
mod http;
mod idle;
mod neighbour;
mod open;
mod pattern;
mod request;
mod resp;
mod tally;

use std::collections::BTreeMap;
use std::future::Future;
use std::io::Write as _;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

use self::tally::Tally;
use super::process::allow_many_connections;
use super::quantity::Quantity;
use super::tree::Tree;

/// The command line between `bench` and its load generator.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct Load {
    kind: Kind,
    /// Where the server listens.
    #[arg(long)]
    server: SocketAddr,
    /// The process of the server; those that it starts are found.
    #[arg(long)]
    process: i32,
    /// How long to measure, in milliseconds.
    #[arg(long)]
    window: u64,
    /// How many clients there are.
    #[arg(long)]
    clients: u32,
    /// How many connections to have open beside them.
    #[arg(long)]
    open: u32,
}

/// What the clients do.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub(crate) enum Kind {
    /// Connect, send and receive 64 bytes, close.
    Connect,
    /// The same, after `open` connections have been open at once, and are closed again: what they used has to be used again.
    ConnectAfterBurst,
    /// Round trips of 64 bytes on a connection that stays.
    Requests,
    /// Writes of 64 KiB and their echo, both directions at once.
    Bulk,
    /// A datagram of 64 bytes, and its echo.
    Datagrams,
    /// HTTP/1.1 on a connection that stays.
    Http,
    /// Connect, and wait for what the server sends by itself.
    FirstByte,
    /// The protocol of Redis, pipelined: `redis-benchmark`.
    Resp,
    /// The memory of `open` connections that wait, and what is left of it.
    Idle,
    /// As many as `open` connections that wait: how fast they open, how many there are, their memory.
    Fill,
    /// Exactly `open` connections that wait, from several processes of clients: how fast they open, their memory.
    Crowd,
    /// What each of those does.
    Hold,
    /// Round trips beside `open` connections whose handlers loop for ever.
    Neighbour,
}

impl Load {
    pub(super) fn new(
        kind: Kind,
        server: SocketAddr,
        process: u32,
        window: Duration,
        clients: u32,
        open: u32,
    ) -> Result<Self> {
        Ok(Self {
            kind,
            server,
            process: i32::try_from(process)?,
            window: u64::try_from(window.as_millis())?,
            clients,
            open,
        })
    }

    pub(super) fn arguments(&self) -> Result<Vec<String>> {
        let kind = clap::ValueEnum::to_possible_value(&self.kind).context("a kind without a name")?;
        let values = [
            ("--server", self.server.to_string()),
            ("--process", self.process.to_string()),
            ("--window", self.window.to_string()),
            ("--clients", self.clients.to_string()),
            ("--open", self.open.to_string()),
        ];
        let options = values
            .into_iter()
            .flat_map(|(option, value)| [option.to_owned(), value]);
        Ok([kind.get_name().to_owned()].into_iter().chain(options).collect())
    }
}

/// What one run of the load generator found.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(super) struct Outcome {
    pub(super) figures: BTreeMap<Quantity, f64>,
    /// Operations that failed, or whose answer was not what it had to be.
    pub(super) errors: u64,
    pub(super) first_error: Option<String>,
}

impl Outcome {
    /// A measurement that failed as a whole.
    pub(super) fn failed(error: &anyhow::Error) -> Self {
        Self {
            figures: BTreeMap::new(),
            errors: 1,
            first_error: Some(format!("{error:#}")),
        }
    }
}

/// Puts load on a server and prints the [`Outcome`].
pub(crate) fn run(load: &Load) -> Result<()> {
    allow_many_connections()?;
    let outcome = measure_once(*load).unwrap_or_else(|error| Outcome::failed(&error));
    let mut stdout = std::io::stdout().lock();
    serde_json::to_writer(&mut stdout, &outcome)?;
    stdout.flush()?;
    Ok(())
}

pub(super) fn measure_once(load: Load) -> Result<Outcome> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let limit = LIMIT + Duration::from_millis(load.window);
    runtime.block_on(async {
        let local = tokio::task::LocalSet::new();
        let measured = local.run_until(tokio::time::timeout(limit, measure(load)));
        measured.await.context("the server holds up the load generator")?
    })
}

/// What a run may take beyond its window. A server that stops answering must not stop the benchmark.
const LIMIT: Duration = Duration::from_secs(40);

/// Load of all clients before the measurement: the first operations find cold caches.
const WARM_UP: Duration = Duration::from_millis(150);

async fn measure(load: Load) -> Result<Outcome> {
    let server = load.server;
    let tree = Tree::of(load.process)?;
    match load.kind {
        Kind::Connect => beside(load, |tally, client| connect::client(server, client, tally)).await,
        Kind::ConnectAfterBurst => {
            open::close(open::open(server, load.open).await?).await?;
            window(load, |tally, client| connect::client(server, client, tally)).await
        }
        Kind::Requests => beside(load, |tally, client| request::client(server, client, tally)).await,
        Kind::Bulk => window(load, |tally, client| bulk::client(server, client, tally)).await,
        Kind::Datagrams => window(load, |tally, client| datagram::client(server, client, tally))
            .await
            .map(datagram::judge),
        Kind::Http => window(load, |tally, _| http::client(server, tally)).await,
        Kind::FirstByte => window(load, |tally, _| first_byte::client(server, tally)).await,
        Kind::Resp => resp::measure(server, tree, Duration::from_millis(load.window), load.clients).await,
        Kind::Idle => idle::measure(server, tree, load.open).await,
        Kind::Fill => fill::measure(server, tree, load.open, load.clients).await,
        Kind::Crowd => crowd::measure(load, tree).await,
        Kind::Hold => crowd::hold(load).await.map(|()| Outcome::default()),
        Kind::Neighbour => {
            let spinning = neighbour::spin(server, load.open).await?;
            let outcome = window(load, |tally, client| neighbour::client(server, client, tally)).await;
            drop(spinning);
            outcome
        }
    }
}

/// Measures with connections open that do nothing.
async fn beside<C, F>(load: Load, client: C) -> Result<Outcome>
where
    C: Fn(Rc<Tally>, u32) -> F,
    F: Future<Output = Result<()>> + 'static,
{
    let open_ones = open::open(load.server, load.open).await?;
    let outcome = window(load, client).await?;
    // They must have been there to the end.
    open::close(open_ones).await?;
    Ok(outcome)
}

/// Starts the clients, lets them warm up, measures for the time of the window, and lets them end in order.
async fn window<C, F>(load: Load, client: C) -> Result<Outcome>
where
    C: Fn(Rc<Tally>, u32) -> F,
    F: Future<Output = Result<()>> + 'static,
{
    let tree = Tree::of(load.process)?;
    let tally = Rc::new(Tally::new()?);
    let mut tasks = JoinSet::new();
    for number in 0..load.clients {
        tasks.spawn_local(client(Rc::clone(&tally), number));
    }

    // A server that forks a thousand times takes longer over it than the whole measurement.
    let deadline = Instant::now() + PATIENCE;
    while tally.begun() < load.clients && Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    tokio::time::sleep(WARM_UP).await;
    tally.start();
    let (started, cpu_before) = (Instant::now(), tree.cpu()?);
    tokio::time::sleep(Duration::from_millis(load.window)).await;
    let (elapsed, cpu_after) = (started.elapsed(), tree.cpu()?);
    let figures = tally.figures(elapsed, cpu_after.saturating_sub(cpu_before));

    tally.stop();
    let mut outcome = Outcome {
        figures,
        errors: 0,
        first_error: None,
    };
    let mut end = |ended: Result<Result<()>, tokio::task::JoinError>| {
        if let Err(error) = ended.context("a client panicked").flatten() {
            outcome.errors += 1;
            outcome.first_error.get_or_insert_with(|| format!("{error:#}"));
        }
    };
    let all = async {
        while let Some(ended) = tasks.join_next().await {
            end(ended);
        }
    };
    let all_ended = tokio::time::timeout(PATIENCE, all).await.is_ok();
    if !all_ended {
        outcome.errors += 1;
        let error = format!("an operation took longer than {} s", PATIENCE.as_secs());
        outcome.first_error.get_or_insert(error);
    }
    if outcome.figures.is_empty() && outcome.errors == 0 {
        // A gap in the report alone would look like a pass.
        outcome.errors = 1;
        outcome.first_error = Some(format!("no operation ended in {} ms", load.window));
    }
    Ok(outcome)
}

/// How long all clients may take to begin, and to end once they have been told to. Far longer than any operation of a server that answers.
const PATIENCE: Duration = Duration::from_secs(15);
