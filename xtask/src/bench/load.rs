//! The load generator: a process of its own, so that what the kernel charges to the server is the server's.
//!
//! One thread, one task for each client. Every answer is compared with what was sent, byte for byte.

mod bulk;
mod connect;
mod datagram;
mod http;
mod idle;
mod pattern;
mod request;
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
use super::process::{CpuClock, allow_many_connections};
use super::server::Server;
use super::workload::{Quantity, Workload};

/// The command line between `bench` and its load generator.
#[derive(Debug, clap::Args)]
pub(crate) struct Load {
    workload: Workload,
    /// Where the server listens.
    #[arg(long)]
    server: SocketAddr,
    /// The process of the server.
    #[arg(long)]
    process: i32,
    /// How long to measure, in milliseconds.
    #[arg(long)]
    window: u64,
    /// How many connections to leave waiting.
    #[arg(long)]
    idle_connections: u32,
}

impl Load {
    pub(super) fn arguments(
        workload: Workload,
        server: &Server,
        window: Duration,
        idle_connections: u32,
    ) -> Vec<String> {
        let values = [
            ("--server", server.address().to_string()),
            ("--process", server.id().to_string()),
            ("--window", window.as_millis().to_string()),
            ("--idle-connections", idle_connections.to_string()),
        ];
        let options = values
            .into_iter()
            .flat_map(|(option, value)| [option.to_owned(), value]);
        [workload.name().to_owned()].into_iter().chain(options).collect()
    }
}

/// What one run of the load generator found.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Outcome {
    pub(super) figures: BTreeMap<Quantity, f64>,
    /// Operations that failed, or whose answer was not what it had to be.
    pub(super) errors: u64,
    pub(super) first_error: Option<String>,
}

/// Puts load on a server and prints the [`Outcome`].
pub(crate) fn run(load: &Load) -> Result<()> {
    allow_many_connections()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let limit = LIMIT + Duration::from_millis(load.window);
    let outcome = runtime.block_on(async {
        let local = tokio::task::LocalSet::new();
        let measured = local.run_until(tokio::time::timeout(limit, measure(load)));
        measured.await.context("the server holds up the load generator")?
    })?;
    let mut stdout = std::io::stdout().lock();
    serde_json::to_writer(&mut stdout, &outcome)?;
    stdout.flush()?;
    Ok(())
}

/// What a run may take beyond its window. A server that stops answering must not stop the benchmark.
const LIMIT: Duration = Duration::from_secs(60);

/// Load before the measurement: the first operations find cold caches, and a client's tasks start one after the other.
const WARM_UP: Duration = Duration::from_millis(150);

async fn measure(load: &Load) -> Result<Outcome> {
    let server = load.server;
    match load.workload {
        Workload::Connect64 | Workload::AsyncConnect64 => {
            window(load, 64, |tally, client| connect::client(server, client, tally)).await
        }
        Workload::Connect1 => window(load, 1, |tally, client| connect::client(server, client, tally)).await,
        Workload::Connect64AfterBurst => {
            idle::burst(server, load.idle_connections).await?;
            window(load, 64, |tally, client| connect::client(server, client, tally)).await
        }
        Workload::Requests64 | Workload::AsyncRequests64 => {
            window(load, 64, |tally, client| request::client(server, client, tally)).await
        }
        Workload::Requests1 => window(load, 1, |tally, client| request::client(server, client, tally)).await,
        Workload::Datagrams64 => window(load, 64, |tally, client| datagram::client(server, client, tally))
            .await
            .map(datagram::judge),
        Workload::Bulk1 | Workload::AsyncBulk1 => {
            window(load, 1, |tally, client| bulk::client(server, client, tally)).await
        }
        Workload::Bulk8 => window(load, 8, |tally, client| bulk::client(server, client, tally)).await,
        Workload::HttpFresh
        | Workload::HttpReused
        | Workload::AsyncHttpFresh
        | Workload::AsyncHttpReused
        | Workload::AsyncHttpShared => window(load, 64, |tally, _| http::client(server, tally)).await,
        Workload::Idle => idle::measure(server, load.process, load.idle_connections).await,
    }
}

/// Starts the clients, lets them warm up, measures for the time of the window, and lets them end in order.
async fn window<C, F>(load: &Load, clients: u32, client: C) -> Result<Outcome>
where
    C: Fn(Rc<Tally>, u32) -> F,
    F: Future<Output = Result<()>> + 'static,
{
    let cpu = CpuClock::of(load.process)?;
    let tally = Rc::new(Tally::new()?);
    let mut tasks = JoinSet::new();
    for number in 0..clients {
        tasks.spawn_local(client(Rc::clone(&tally), number));
    }

    tokio::time::sleep(WARM_UP).await;
    tally.start();
    let (started, cpu_before) = (Instant::now(), cpu.now()?);
    tokio::time::sleep(Duration::from_millis(load.window)).await;
    let (elapsed, cpu_after) = (started.elapsed(), cpu.now()?);
    let figures = tally.figures(elapsed, cpu_after.saturating_sub(cpu_before));

    tally.stop();
    let mut outcome = Outcome {
        figures,
        errors: 0,
        first_error: None,
    };
    while let Some(ended) = tasks.join_next().await {
        if let Err(error) = ended.context("a client panicked").flatten() {
            outcome.errors += 1;
            outcome.first_error.get_or_insert_with(|| format!("{error:#}"));
        }
    }
    if outcome.figures.is_empty() && outcome.errors == 0 {
        // A gap in the report alone would look like a pass.
        outcome.errors = 1;
        outcome.first_error = Some(format!("no operation ended in {} ms", load.window));
    }
    Ok(outcome)
}
