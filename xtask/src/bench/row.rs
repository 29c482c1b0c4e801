//! The rows of the benchmark: what is measured, and beside whom.

mod shape;
mod table;

use super::load::Kind;

pub(super) use self::table::ROWS;

/// One measurement, which each of its servers goes through in each round.
#[derive(Debug)]
pub(super) struct Row {
    /// On the command line and in the figures.
    pub(super) name: &'static str,
    /// In the report.
    pub(super) title: &'static str,
    /// What has to be known to read the figures; may be empty.
    pub(super) note: &'static str,
    /// What is served.
    pub(super) service: Service,
    /// What the clients do.
    pub(super) load: Load,
    /// What one operation is called.
    pub(super) operation: &'static str,
    /// Rows of one series share a table of the report.
    pub(super) series: Option<Series>,
    /// The most rounds of it in a run: a row whose spread is small, or that takes long, has fewer than those of the targets.
    pub(super) rounds: u32,
    /// Who is measured, by the names of [`super::peer::PEERS`].
    pub(super) peers: &'static [&'static str],
}

/// Where a row stands in its series.
#[derive(Clone, Copy, Debug)]
pub(super) struct Series {
    /// The common title.
    pub(super) title: &'static str,
    /// The head of this row's column.
    pub(super) column: &'static str,
    /// The one quantity that the table shows; the others are in the JSON.
    pub(super) quantity: super::quantity::Quantity,
}

/// What a server does for its peers.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) enum Service {
    /// Echo over TCP.
    Echo,
    /// Echo over UDP.
    EchoDatagrams,
    /// The time as RFC 868 has it: four bytes over TCP, sent without waiting for anything.
    Time,
    /// Echo over TCP after the line `echo`, and an endless loop after the line `spin`.
    Spin,
    /// `GET` answered with thirteen bytes.
    Http(Http),
    /// The protocol of Redis.
    Resp,
}

/// What `wasi:http` leaves open.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) struct Http {
    pub(super) wasi: Wasi,
    pub(super) reuse: Reuse,
}

#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) enum Wasi {
    /// 0.2.
    Preview2,
    /// 0.3.
    Preview3,
}

#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) enum Reuse {
    /// An instance for each request.
    Fresh,
    /// An instance for 128 requests, one after the other.
    Reused,
    /// The same, and up to 16 of them at once where the server can do that.
    Shared,
}

/// What puts load on the server.
#[derive(Clone, Copy, Debug)]
pub(super) enum Load {
    /// The load generator.
    Clients {
        kind: Kind,
        clients: u32,
        /// Connections that are open beside those of the clients, and what else a kind counts.
        open: Open,
    },
    /// Nothing: the server's start is measured.
    Start {
        /// With an empty cache of compiled components.
        cold: bool,
    },
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Open {
    Number(u32),
    /// As many as the limit of open files leaves room for.
    Most,
    /// More than that: so many, of several processes.
    Beyond(u32),
}

impl Open {
    pub(super) fn number(self, most: u32) -> u32 {
        match self {
            Self::Number(number) => number.min(most),
            Self::Most => most,
            Self::Beyond(number) => number.min(most.saturating_mul(4)),
        }
    }
}

/// Finds rows by what a user calls them: a name, or what names begin with up to a hyphen, such as `growth`.
///
/// # Errors
///
/// No row has such a name.
pub(super) fn select(name: &str) -> Result<Vec<&'static Row>, String> {
    let selected: Vec<_> = ROWS
        .iter()
        .filter(|row| {
            row.name
                .strip_prefix(name)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        })
        .collect();
    if selected.is_empty() {
        let names: Vec<_> = ROWS.iter().map(|row| row.name).collect();
        return Err(format!("no row has this name; there are {}", names.join(", ")));
    }
    Ok(selected)
}

/// The row of this name, for a figure of an earlier run: there may be none any more.
pub(super) fn find(name: &str) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.name == name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::bench::peer;

    #[test]
    fn rows_are_found_by_name_and_by_family() {
        let names = |name| -> Vec<_> { select(name).unwrap().iter().map(|row| row.name).collect() };
        assert_eq!(names("requests-64"), ["requests-64"]);
        assert_eq!(names("bulk"), ["bulk-1", "bulk-8"]);
        assert_eq!(names("growth-connect").len(), 4);
        assert!(select("bul").unwrap_err().contains("bulk-1"));
    }

    #[test]
    fn names_are_unique_and_peers_exist() {
        let names: BTreeSet<_> = ROWS.iter().map(|row| row.name).collect();
        assert_eq!(names.len(), ROWS.len());
        for row in ROWS {
            assert!(
                row.peers.contains(&peer::OURS),
                "{}: ours is measured everywhere",
                row.name
            );
            for name in row.peers {
                assert!(peer::find(name).is_some(), "{}: {name}", row.name);
            }
            let unique: BTreeSet<_> = row.peers.iter().collect();
            assert_eq!(unique.len(), row.peers.len(), "{}", row.name);
        }
    }

    #[test]
    fn no_more_is_opened_than_files_may_be() {
        assert_eq!(Open::Number(10_000).number(900), 900);
        assert_eq!(Open::Number(10).number(900), 10);
        assert_eq!(Open::Most.number(900), 900);
    }
}
