//! The rows of the benchmark: what is done, what is read off it, and what the project wants it to be.

use std::fmt::{self, Display, Formatter};

use clap::ValueEnum;
use serde::Serialize;

use super::load::{Held, Measured, Rates, Scenario};
use super::process::Memory;

/// One situation.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Row {
    /// Connect, 64 bytes, close: 64 clients.
    Connect,
    /// Connect, 64 bytes, close: one client.
    ConnectOne,
    /// 64-byte round trips on 64 connections.
    Request,
    /// 64-byte round trips on one connection.
    RequestOne,
    /// A stream of 64 KiB writes on one connection.
    BulkOne,
    /// Streams of 64 KiB writes on eight connections.
    Bulk,
    /// The memory of connections that do nothing.
    Idle,
}

impl Row {
    /// In the order of the report.
    pub(super) const ALL: [Self; 7] = [
        Self::Connect,
        Self::ConnectOne,
        Self::Request,
        Self::RequestOne,
        Self::BulkOne,
        Self::Bulk,
        Self::Idle,
    ];

    pub(super) fn scenario(self) -> Scenario {
        match self {
            Self::Connect | Self::ConnectOne => Scenario::Connect,
            Self::Request | Self::RequestOne => Scenario::Request,
            Self::BulkOne | Self::Bulk => Scenario::Bulk,
            Self::Idle => Scenario::Idle,
        }
    }

    /// How many clients there are; the plan says it for the idle row.
    pub(super) fn clients(self) -> Option<u32> {
        match self {
            Self::Connect | Self::Request => Some(64),
            Self::ConnectOne | Self::RequestOne | Self::BulkOne => Some(1),
            Self::Bulk => Some(8),
            Self::Idle => None,
        }
    }

    /// What is read off a measurement, most important first.
    pub(super) fn values(self, measured: Measured) -> Vec<(Metric, f64)> {
        match measured {
            Measured::Rates(rates) => self.rates(rates),
            Measured::Held(held) => memory(held),
        }
    }

    fn rates(self, rates: Rates) -> Vec<(Metric, f64)> {
        #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
        let operations = rates.operations as f64;
        let cpu = rates.cpu_seconds * MICRO / operations;
        let rate = operations / rates.seconds;
        let latencies = [
            (Metric::P50, rates.p50_seconds * MICRO),
            (Metric::P99, rates.p99_seconds * MICRO),
        ];
        let mut values = match self.scenario() {
            Scenario::Connect => vec![(Metric::ConnectionCpu, cpu), (Metric::Connections, rate)],
            Scenario::Request => vec![(Metric::Requests, rate), (Metric::RequestCpu, cpu)],
            // Operations are bytes here, and have no latency.
            Scenario::Bulk => return vec![(Metric::Mebibytes, rate / MEBI), (Metric::MebibyteCpu, cpu * MEBI)],
            Scenario::Idle => Vec::new(),
        };
        values.extend(latencies);
        values
    }

    /// The values that the project is after.
    pub(super) fn target(self, metric: Metric) -> Option<Target> {
        match (self, metric) {
            (Self::Connect, Metric::ConnectionCpu) => Some(Target::RatioAtMost(1.4)),
            (Self::Request, Metric::Requests) | (_, Metric::Mebibytes) => Some(Target::RatioAtLeast(0.9)),
            (Self::Idle, Metric::OpenMemory) => Some(Target::AtMost(48.0)),
            _ => None,
        }
    }
}

fn memory(held: Held) -> Vec<(Metric, f64)> {
    let each = |more: Memory, less: Memory| {
        #[expect(clippy::cast_precision_loss, reason = "KiB of one machine")]
        let kibibytes = more.total() as f64 - less.total() as f64;
        kibibytes / f64::from(held.connections)
    };
    vec![
        (Metric::OpenMemory, each(held.open, held.before)),
        (Metric::ClosedMemory, each(held.closed, held.before)),
        (Metric::OpenedAgainMemory, each(held.open_again, held.open)),
    ]
}

impl Display for Row {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "connect, 64 bytes, close; 64 clients",
            Self::ConnectOne => "connect, 64 bytes, close; 1 client",
            Self::Request => "64-byte round trips; 64 connections",
            Self::RequestOne => "64-byte round trips; 1 connection",
            Self::BulkOne => "64 KiB writes; 1 connection",
            Self::Bulk => "64 KiB writes; 8 connections",
            Self::Idle => "idle connections",
        })
    }
}

/// One number that is read off a measurement.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Metric {
    ClosedMemory,
    ConnectionCpu,
    Connections,
    MebibyteCpu,
    Mebibytes,
    OpenMemory,
    OpenedAgainMemory,
    P50,
    P99,
    RequestCpu,
    Requests,
}

impl Display for Metric {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ClosedMemory => "KiB kept for each, after closing all",
            Self::ConnectionCpu => "server CPU µs per connection",
            Self::Connections => "connections/s",
            Self::MebibyteCpu => "server CPU µs per MiB",
            Self::Mebibytes => "MiB/s",
            Self::OpenMemory => "KiB for each, with page tables",
            Self::OpenedAgainMemory => "KiB more for each, opening all again",
            Self::P50 => "p50 µs",
            Self::P99 => "p99 µs",
            Self::RequestCpu => "server CPU µs per request",
            Self::Requests => "requests/s",
        })
    }
}

/// What the project promises.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Target {
    /// Our value.
    AtMost(f64),
    /// Our value divided by the native one.
    RatioAtLeast(f64),
    /// Our value divided by the native one.
    RatioAtMost(f64),
}

impl Target {
    pub(super) fn is_met(self, ours: f64, ratio: f64) -> bool {
        match self {
            Self::AtMost(bound) => ours <= bound,
            Self::RatioAtLeast(bound) => ratio >= bound,
            Self::RatioAtMost(bound) => ratio <= bound,
        }
    }
}

impl Display for Target {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMost(bound) => write!(f, "≤ {bound}"),
            Self::RatioAtLeast(bound) => write!(f, "≥ {bound} ×"),
            Self::RatioAtMost(bound) => write!(f, "≤ {bound} ×"),
        }
    }
}

const MICRO: f64 = 1e6;
const MEBI: f64 = 1_048_576.0;
