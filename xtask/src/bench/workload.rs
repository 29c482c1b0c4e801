//! What is measured: the workloads, and the quantities that each of them yields.

use std::fmt::{self, Display, Formatter};

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// One kind of load, in the order of the report.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Workload {
    /// 64 clients: connect, send and receive 64 bytes, close.
    #[value(name = "connect-64")]
    Connect64,
    /// The same with one client.
    #[value(name = "connect-1")]
    Connect1,
    /// As the first, on a server that has held thousands of connections at once: what they used has to be used again.
    #[value(name = "connect-64-after-burst")]
    Connect64AfterBurst,
    /// Round trips of 64 bytes on 64 connections that stay.
    #[value(name = "requests-64")]
    Requests64,
    /// The same on one connection.
    #[value(name = "requests-1")]
    Requests1,
    /// The first, the round trips and the bulk on one connection, of a handler in the async world.
    #[value(name = "async-connect-64")]
    AsyncConnect64,
    #[value(name = "async-requests-64")]
    AsyncRequests64,
    #[value(name = "async-bulk-1")]
    AsyncBulk1,
    /// 64 peers: a datagram of 64 bytes, and its echo. Each is served by a sandbox of its own.
    #[value(name = "datagrams-64")]
    Datagrams64,
    /// Writes of 64 KiB and their echo, both directions at once, on one connection.
    #[value(name = "bulk-1")]
    Bulk1,
    /// The same on 8 connections.
    #[value(name = "bulk-8")]
    Bulk8,
    /// The memory of connections that wait.
    #[value(name = "idle")]
    Idle,
    /// HTTP/1.1 on 64 connections that stay, each request in an instance of its own: WASI 0.2, beside `wasmtime serve`.
    #[value(name = "http-fresh")]
    HttpFresh,
    /// The same where an instance serves 128 requests, one after the other.
    #[value(name = "http-reused")]
    HttpReused,
    /// Both with WASI 0.3.
    #[value(name = "async-http-fresh")]
    AsyncHttpFresh,
    #[value(name = "async-http-reused")]
    AsyncHttpReused,
    /// As the last, but an instance of `wasmtime serve` serves several requests at once, as it does unless told otherwise.
    #[value(name = "async-http-shared")]
    AsyncHttpShared,
}

impl Workload {
    /// Those that are measured beside a native server.
    pub(super) fn all() -> Vec<Self> {
        let variants = Self::value_variants().iter().copied();
        variants.filter(|workload| !workload.is_http()).collect()
    }

    /// Those that are measured beside `wasmtime serve`.
    pub(super) fn http() -> Vec<Self> {
        let variants = Self::value_variants().iter().copied();
        variants.filter(|workload| workload.is_http()).collect()
    }

    /// The name on the command line.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Connect64 => "connect-64",
            Self::Connect1 => "connect-1",
            Self::Connect64AfterBurst => "connect-64-after-burst",
            Self::Requests64 => "requests-64",
            Self::Requests1 => "requests-1",
            Self::AsyncConnect64 => "async-connect-64",
            Self::AsyncRequests64 => "async-requests-64",
            Self::AsyncBulk1 => "async-bulk-1",
            Self::Datagrams64 => "datagrams-64",
            Self::Bulk1 => "bulk-1",
            Self::Bulk8 => "bulk-8",
            Self::Idle => "idle",
            Self::HttpFresh => "http-fresh",
            Self::HttpReused => "http-reused",
            Self::AsyncHttpFresh => "async-http-fresh",
            Self::AsyncHttpReused => "async-http-reused",
            Self::AsyncHttpShared => "async-http-shared",
        }
    }

    /// The words of the report.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Connect64 => "connect, 64 bytes, close; 64 clients",
            Self::Connect1 => "connect, 64 bytes, close; 1 client",
            Self::Connect64AfterBurst => "connect, 64 bytes, close; 64 clients, after a burst",
            Self::Requests64 => "64-byte round trips; 64 connections",
            Self::Requests1 => "64-byte round trips; 1 connection",
            Self::AsyncConnect64 => "async handler: connect, 64 bytes, close; 64 clients",
            Self::AsyncRequests64 => "async handler: 64-byte round trips; 64 connections",
            Self::AsyncBulk1 => "async handler: 64 KiB writes, full duplex; 1 connection",
            Self::Datagrams64 => "64-byte datagrams and their echo; 64 peers",
            Self::Bulk1 => "64 KiB writes, full duplex; 1 connection",
            Self::Bulk8 => "64 KiB writes, full duplex; 8 connections",
            Self::Idle => "an idle connection",
            Self::HttpFresh => "HTTP, WASI 0.2, fresh instances; 64 connections",
            Self::HttpReused => "HTTP, WASI 0.2, reused instances; 64 connections",
            Self::AsyncHttpFresh => "HTTP, WASI 0.3, fresh instances; 64 connections",
            Self::AsyncHttpReused => "HTTP, WASI 0.3, reused instances; 64 connections",
            Self::AsyncHttpShared => {
                "HTTP, WASI 0.3, reused instances, theirs with 16 requests at once; 64 connections"
            }
        }
    }

    /// Whether it is about datagrams, which other servers serve than connections.
    pub(super) fn has_datagrams(self) -> bool {
        self == Self::Datagrams64
    }

    /// Whether it is about handlers of the async world.
    pub(super) fn is_async(self) -> bool {
        matches!(
            self,
            Self::AsyncConnect64
                | Self::AsyncRequests64
                | Self::AsyncBulk1
                | Self::AsyncHttpFresh
                | Self::AsyncHttpReused
                | Self::AsyncHttpShared
        )
    }

    /// Whether it is about `wasi:http`, whose other server is `wasmtime serve`.
    pub(super) fn is_http(self) -> bool {
        matches!(
            self,
            Self::HttpFresh | Self::HttpReused | Self::AsyncHttpFresh | Self::AsyncHttpReused | Self::AsyncHttpShared
        )
    }

    /// What one operation is called.
    pub(super) fn operation(self) -> &'static str {
        match self {
            Self::Connect64 | Self::Connect1 | Self::Connect64AfterBurst | Self::AsyncConnect64 | Self::Idle => {
                "connection"
            }
            Self::Requests64
            | Self::Requests1
            | Self::AsyncRequests64
            | Self::HttpFresh
            | Self::HttpReused
            | Self::AsyncHttpFresh
            | Self::AsyncHttpReused
            | Self::AsyncHttpShared => "request",
            Self::Datagrams64 => "datagram",
            Self::Bulk1 | Self::Bulk8 | Self::AsyncBulk1 => "MiB",
        }
    }

    /// What the project promises, beside the other server.
    pub(super) fn target(self, quantity: Quantity) -> Option<Target> {
        match (self, quantity) {
            (Self::Connect64, Quantity::Cpu) => Some(Target::RatioAtMost(1.4)),
            (Self::Requests64 | Self::Bulk1 | Self::Bulk8, Quantity::Rate) => Some(Target::RatioAtLeast(0.9)),
            (Self::HttpFresh | Self::AsyncHttpFresh, Quantity::Rate) => Some(Target::RatioAtLeast(1.5)),
            (Self::HttpReused | Self::AsyncHttpReused, Quantity::Rate) => Some(Target::RatioAtLeast(1.0)),
            // A page that all connections share is not the price of each.
            (Self::Idle, Quantity::Proportional) => Some(Target::AtMost(48.0)),
            _ => None,
        }
    }
}

/// One figure of a workload, in the order of the report.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Quantity {
    /// The server's processor time for an operation. First, because the client's core saturates as well, so a rate says
    /// less about the server than this does.
    Cpu,
    /// Operations in a second.
    Rate,
    P50,
    P99,
    /// Datagrams that were not answered in time and were sent again, of all that were sent.
    Lost,
    /// Growth of resident memory and page tables for a connection, in KiB.
    Resident,
    /// The same with each page counted once, however often it is mapped.
    Proportional,
    /// What is left of the growth of resident memory and page tables, for each connection that has been closed.
    Left,
    /// What is left on top of that when as many connections have come and gone once more.
    Leak,
}

impl Quantity {
    pub(super) fn unit(self, workload: Workload) -> String {
        let operation = workload.operation();
        match self {
            Self::Cpu => format!("server CPU µs per {operation}"),
            Self::Rate if operation == "MiB" => "MiB/s".into(),
            Self::Rate => format!("{operation}s/s"),
            Self::P50 => "p50 µs".into(),
            Self::P99 => "p99 µs".into(),
            Self::Lost => "lost %".into(),
            Self::Resident => "KiB, resident + page tables".into(),
            Self::Proportional => "KiB, shared pages counted once".into(),
            Self::Left => "KiB left after closing".into(),
            Self::Leak => "KiB more left after as many again".into(),
        }
    }
}

/// What a figure is held against.
#[derive(Clone, Copy, Debug)]
pub(super) enum Target {
    /// Ours, in the unit of the figure.
    AtMost(f64),
    /// Ours divided by native.
    RatioAtLeast(f64),
    RatioAtMost(f64),
}

impl Target {
    pub(super) fn is_met(self, ours: f64, ratio: f64) -> bool {
        match self {
            Self::AtMost(limit) => ours <= limit,
            Self::RatioAtLeast(limit) => ratio >= limit,
            Self::RatioAtMost(limit) => ratio <= limit,
        }
    }
}

impl Display for Target {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMost(limit) => write!(f, "≤ {limit}"),
            Self::RatioAtLeast(limit) => write!(f, "≥ {limit} x"),
            Self::RatioAtMost(limit) => write!(f, "≤ {limit} x"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_command_line() {
        for workload in [Workload::all(), Workload::http()].concat() {
            let value = workload.to_possible_value().unwrap();
            assert_eq!(value.get_name(), workload.name());
        }
    }

    #[test]
    fn a_limit_itself_meets_its_target() {
        assert!(Target::RatioAtMost(1.4).is_met(70.0, 1.4));
        assert!(!Target::RatioAtMost(1.4).is_met(70.0, 1.41));
        assert!(Target::RatioAtLeast(0.9).is_met(1.0, 0.9));
        assert!(!Target::RatioAtLeast(0.9).is_met(1.0, 0.89));
        assert!(Target::AtMost(48.0).is_met(48.0, 9.0));
        assert!(!Target::AtMost(48.0).is_met(48.1, 0.1));
    }
}
