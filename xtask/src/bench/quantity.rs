//! What a measurement yields.

use serde::{Deserialize, Serialize};

/// One figure, in the order of the report.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Quantity {
    /// The server's processor time for an operation, all of its processes together, in µs. First, because the client's core
    /// saturates as well, so a rate says less about the server than this does.
    Cpu,
    /// Operations in a second.
    Rate,
    /// Quantiles of the time that an operation takes, in µs.
    P50,
    P99,
    P999,
    /// Datagrams that were not answered in time and were sent again, of all that were sent, in percent.
    Lost,
    /// From the start of the server's process until the first answer, in ms.
    Start,
    /// How many connections were open and answered.
    Connections,
    /// Growth of resident memory and page tables for a connection, each page counted once, however often it is mapped, in KiB.
    Proportional,
    /// The same with each page counted as often as it is mapped, in KiB: the most that the server can be blamed for.
    Resident,
    /// The page tables in both, in KiB.
    PageTables,
    /// What is left of the growth of resident memory and page tables, for each connection that has been closed, in KiB.
    Left,
    /// What is left on top of that when as many connections have come and gone once more, in KiB.
    Leak,
}

impl Quantity {
    /// The head of a column, where one operation is called `operation`.
    pub(super) fn unit(self, operation: &str) -> String {
        match self {
            Self::Cpu => format!("CPU µs per {operation}"),
            Self::Rate if operation == "MiB" => "MiB/s".into(),
            Self::Rate => format!("{operation}s/s"),
            Self::P50 => "p50 µs".into(),
            Self::P99 => "p99 µs".into(),
            Self::P999 => "p99.9 µs".into(),
            Self::Lost => "lost %".into(),
            Self::Start => "start to first byte, ms".into(),
            Self::Connections => "connections".into(),
            Self::Proportional => "KiB, shared pages counted once".into(),
            Self::Resident => "KiB, shared pages counted each time".into(),
            Self::PageTables => "KiB of page tables in both".into(),
            Self::Left => "KiB left after closing".into(),
            Self::Leak => "KiB more left after as many again".into(),
        }
    }

    /// Whether less of it is better.
    pub(super) fn is_cost(self) -> bool {
        !matches!(self, Self::Rate | Self::Connections)
    }

    /// Whether a ratio of two servers means something: one may give memory back that it held before, and losses are few.
    pub(super) fn has_ratio(self) -> bool {
        !matches!(self, Self::Left | Self::Leak | Self::Lost)
    }
}
