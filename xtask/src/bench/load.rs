//! The client of the benchmark, a process of its own on a core of its own: what it costs is not charged to the server.
//!
//! One thread drives all connections. Every byte that comes back is compared with what was sent; the first difference or
//! error ends the process with that error, and makes the benchmark fail. What was measured is printed as one line of JSON.

mod bulk;
mod connect;
mod idle;
mod payload;
mod recorder;
mod request;

use std::net::SocketAddrV4;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;
use tokio::time::timeout;

pub(super) use self::idle::Held;
use self::recorder::Recorder;
pub(super) use self::recorder::Rates;

/// What to do to which server.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    scenario: Scenario,
    /// Where the server listens.
    #[arg(long)]
    address: SocketAddrV4,
    /// The process of the server, for its CPU time and memory.
    #[arg(long)]
    pid: i32,
    /// Clients at the same time, or connections to hold.
    #[arg(long)]
    clients: u32,
    /// Milliseconds of load before the measurement.
    #[arg(long, default_value_t = 0)]
    warm_up: u64,
    /// Milliseconds of the measurement.
    #[arg(long, default_value_t = 0)]
    duration: u64,
}

/// What clients do.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(super) enum Scenario {
    /// Send without pause, on one long-lived connection for each client.
    Bulk,
    /// Connect, exchange 64 bytes, close; again and again.
    Connect,
    /// Hold connections that do nothing, and measure memory.
    Idle,
    /// Exchange 64 bytes again and again, on one long-lived connection for each client.
    Request,
}

impl Scenario {
    /// As it is written on the command line.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Bulk => "bulk",
            Self::Connect => "connect",
            Self::Idle => "idle",
            Self::Request => "request",
        }
    }
}

/// What was measured.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Measured {
    Held(Held),
    Rates(Rates),
}

pub(crate) fn run(args: &Args) -> Result<()> {
    // One thread: it has one core, and a second thread would only compete with the first.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let measured = runtime.block_on(measure(args))?;
    println!("{}", serde_json::to_string(&measured)?);
    Ok(())
}

async fn measure(args: &Args) -> Result<Measured> {
    if args.scenario == Scenario::Idle {
        return Ok(Measured::Held(idle::hold(args).await?));
    }
    let warm_up = Duration::from_millis(args.warm_up);
    let duration = Duration::from_millis(args.duration);
    let recorder = Arc::new(Recorder::new(args.pid)?);
    let mut clients = JoinSet::new();
    for client in 0..args.clients {
        let recorder = Arc::clone(&recorder);
        match args.scenario {
            Scenario::Bulk => clients.spawn(bulk::run(args.address, client, recorder)),
            Scenario::Connect => clients.spawn(connect::run(args.address, client, recorder)),
            Scenario::Request => clients.spawn(request::run(args.address, client, recorder)),
            Scenario::Idle => unreachable!("returned above"),
        };
    }
    let finish = async {
        while let Some(ended) = clients.join_next().await {
            ended??;
        }
        anyhow::Ok(())
    };
    let both = async { tokio::try_join!(recorder.measure(warm_up, duration), finish) };
    let (rates, ()) = timeout(warm_up + duration + GRACE, both)
        .await
        .context("a connection hangs")??;
    Ok(Measured::Rates(rates))
}

/// What clients may take to end what they are doing when the time is over. Far more than any measured latency.
const GRACE: Duration = Duration::from_secs(10);
