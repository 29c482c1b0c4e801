//! What the project promises, and whether a run keeps it.

use std::fmt::{self, Display, Formatter};

use super::quantity::Quantity;

/// A figure of one server, and what it is held against.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) row: &'static str,
    pub(super) peer: &'static str,
    pub(super) quantity: Quantity,
    pub(super) bound: Bound,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Bound {
    /// In the unit of the figure.
    AtMost(f64),
    /// Divided by the same figure of another server, in the same round.
    RatioAtMost(f64, &'static str),
    RatioAtLeast(f64, &'static str),
    /// The other's figure divided by this one: so many times less than the other.
    TimesLess(f64, &'static str),
}

impl Bound {
    /// Whom the figure is divided by, or divides.
    pub(super) fn rival(self) -> Option<&'static str> {
        match self {
            Self::AtMost(_) => None,
            Self::RatioAtMost(_, rival) | Self::RatioAtLeast(_, rival) | Self::TimesLess(_, rival) => Some(rival),
        }
    }

    /// What is compared with the limit, of a figure and of the rival's. Nothing where there is no ratio.
    pub(super) fn value(self, figure: f64, rival: Option<f64>) -> Option<f64> {
        match (self, rival) {
            (Self::AtMost(_), _) => Some(figure),
            (Self::RatioAtMost(..) | Self::RatioAtLeast(..), Some(rival)) if rival > 0.0 => Some(figure / rival),
            (Self::TimesLess(..), Some(rival)) if figure > 0.0 => Some(rival / figure),
            _ => None,
        }
    }

    pub(super) fn is_met(self, value: f64) -> bool {
        match self {
            Self::AtMost(limit) | Self::RatioAtMost(limit, _) => value <= limit,
            Self::RatioAtLeast(limit, _) | Self::TimesLess(limit, _) => value >= limit,
        }
    }
}

impl Display for Bound {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMost(limit) => write!(f, "≤ {limit}"),
            Self::RatioAtMost(limit, rival) => write!(f, "≤ {limit} × {rival}"),
            Self::RatioAtLeast(limit, rival) => write!(f, "≥ {limit} × {rival}"),
            Self::TimesLess(limit, rival) => write!(f, "≥ {limit} × less than {rival}"),
        }
    }
}

const OURS: &str = super::peer::OURS;

const fn ours(row: &'static str, quantity: Quantity, bound: Bound) -> Target {
    Target {
        row,
        peer: OURS,
        quantity,
        bound,
    }
}

/// All of them, in the order of the report.
pub(super) const TARGETS: &[Target] = &[
    ours("connect-64", Quantity::Cpu, Bound::RatioAtMost(1.15, "tokio")),
    ours("connect-64", Quantity::Cpu, Bound::TimesLess(2.5, "python-threads")),
    ours("connect-64", Quantity::Cpu, Bound::TimesLess(30.0, "python-forks")),
    ours("connect-64", Quantity::Cpu, Bound::TimesLess(20.0, "tcpserver")),
    ours("connect-64", Quantity::Cpu, Bound::TimesLess(1.0, "node")),
    ours("requests-64", Quantity::Rate, Bound::RatioAtLeast(0.98, "tokio")),
    ours("requests-64", Quantity::P99, Bound::RatioAtMost(1.25, "tokio")),
    ours("bulk-1", Quantity::Rate, Bound::RatioAtLeast(0.98, "tokio")),
    ours("bulk-8", Quantity::Rate, Bound::RatioAtLeast(0.98, "tokio")),
    Target {
        row: "idle-10k",
        peer: "socketserver-slab",
        quantity: Quantity::Resident,
        bound: Bound::AtMost(32.0),
    },
    // A page that all connections share is not the price of each.
    Target {
        row: "idle-10k",
        peer: "socketserver-slab",
        quantity: Quantity::Proportional,
        bound: Bound::AtMost(32.0),
    },
    Target {
        row: "idle-10k",
        peer: "socketserver-c",
        quantity: Quantity::Proportional,
        bound: Bound::AtMost(32.0),
    },
    ours("neighbour-8", Quantity::P99, Bound::AtMost(10_000.0)),
    ours("http-fresh", Quantity::Cpu, Bound::RatioAtMost(0.5, "wasmtime")),
    ours("http-async-fresh", Quantity::Cpu, Bound::RatioAtMost(0.5, "wasmtime")),
    ours("http-reused", Quantity::Cpu, Bound::RatioAtMost(0.9, "wasmtime")),
    ours("http-async-reused", Quantity::Cpu, Bound::RatioAtMost(0.9, "wasmtime")),
    Target {
        row: "connect-64",
        peer: "socketserver-python",
        quantity: Quantity::Cpu,
        bound: Bound::AtMost(1_000.0),
    },
    Target {
        row: "connect-64",
        peer: "socketserver-javascript",
        quantity: Quantity::Cpu,
        bound: Bound::AtMost(400.0),
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::row;

    #[test]
    fn a_limit_itself_meets_its_target() {
        assert!(Bound::RatioAtMost(1.4, "tokio").is_met(1.4));
        assert!(!Bound::RatioAtMost(1.4, "tokio").is_met(1.41));
        assert!(Bound::RatioAtLeast(0.9, "tokio").is_met(0.9));
        assert!(!Bound::RatioAtLeast(0.9, "tokio").is_met(0.89));
        assert!(Bound::TimesLess(30.0, "forks").is_met(30.0));
        assert!(!Bound::TimesLess(30.0, "forks").is_met(29.9));
        assert!(Bound::AtMost(48.0).is_met(48.0));
        assert!(!Bound::AtMost(48.0).is_met(48.1));
    }

    #[test]
    fn times_less_is_the_other_way_round() {
        assert_eq!(Bound::RatioAtMost(1.0, "other").value(3.0, Some(2.0)), Some(1.5));
        assert_eq!(Bound::TimesLess(1.0, "other").value(2.0, Some(3.0)), Some(1.5));
        assert_eq!(Bound::AtMost(1.0).value(2.0, None), Some(2.0));
    }

    #[test]
    fn without_a_rival_there_is_no_ratio() {
        assert_eq!(Bound::RatioAtMost(1.0, "other").value(3.0, None), None);
        assert_eq!(Bound::RatioAtLeast(1.0, "other").value(3.0, Some(0.0)), None);
        assert_eq!(Bound::TimesLess(1.0, "other").value(0.0, Some(1.0)), None);
    }

    #[test]
    fn every_target_is_measured() {
        for target in TARGETS {
            let row = row::find(target.row).unwrap();
            assert!(row.peers.contains(&target.peer), "{target:?}");
            if let Some(rival) = target.bound.rival() {
                assert!(row.peers.contains(&rival), "{target:?}");
            }
            assert!(row.rounds >= 5, "{}: a median of five rounds", row.name);
        }
    }
}
