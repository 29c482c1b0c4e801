//! What has changed since the run whose figures were in the folder.

use std::collections::BTreeSet;

use super::super::measurement::Run;
use super::super::peer::OURS;
use super::super::quantity::Quantity;
use super::super::row::{ROWS, Row};
use super::super::target::TARGETS;
use super::{rows, short};

/// The figures of ours that each row is about, and their ratios to another server: the figures are of two days, and a ratio is
/// of one.
pub(super) fn section(run: &Run, previous: Option<&Run>) -> String {
    let Some(previous) = previous else {
        return String::new();
    };
    let mut lines = String::new();
    for row in ROWS {
        for quantity in quantities(run, row) {
            lines.push_str(&line(run, previous, row, quantity));
        }
    }
    if lines.is_empty() {
        return String::new();
    }
    let facts = ["date", "commit", "processor"].map(|name| fact(previous, name));
    format!(
        "## Since the run before\n\nThat was {}, of commit {}, on {}.\n\n\
         | row | quantity | before | now | change | ratio before | ratio now |\n|---|---|--:|--:|--:|--:|--:|\n{lines}\n",
        facts[0], facts[1], facts[2]
    )
}

/// The first of a row, and those that have a target.
fn quantities(run: &Run, row: &Row) -> BTreeSet<Quantity> {
    let targets = TARGETS
        .iter()
        .filter(|target| target.row == row.name && target.peer == OURS);
    targets
        .map(|target| target.quantity)
        .chain(rows::main_quantity(run, row))
        .collect()
}

/// Whom a figure is held against: the rival of its target, or native, or whoever else is there.
fn rival(row: &Row, quantity: Quantity) -> Option<&'static str> {
    TARGETS
        .iter()
        .filter(|target| target.row == row.name && target.peer == OURS && target.quantity == quantity)
        .find_map(|target| target.bound.rival())
        .or_else(|| row.peers.iter().copied().find(|peer| *peer == "tokio"))
        .or_else(|| row.peers.iter().copied().find(|peer| !peer.starts_with(OURS)))
}

/// Nothing where one of the runs has no such figure.
fn line(run: &Run, previous: &Run, row: &Row, quantity: Quantity) -> String {
    let figures = [previous, run].map(|run| run.median(row.name, OURS, quantity));
    let [Some(before), Some(now)] = figures else {
        return String::new();
    };
    let ratio = |run: &Run| {
        let rival = rival(row, quantity)?;
        let ratio = run.ratio(row.name, quantity, [OURS, rival])?;
        Some(format!("{} × {rival}", short(ratio)))
    };
    let change = if before == 0.0 {
        String::new()
    } else {
        format!("{:+.0} %", 100.0 * (now / before - 1.0))
    };
    format!(
        "| {} | {} | {} | {} | {change} | {} | {} |\n",
        row.name,
        quantity.unit(row.operation),
        short(before),
        short(now),
        ratio(previous).unwrap_or_default(),
        ratio(run).unwrap_or_default()
    )
}

fn fact<'a>(run: &'a Run, name: &str) -> &'a str {
    let fact = run.facts.iter().find(|(other, _)| other == name);
    fact.map_or("unknown", |(_, fact)| fact)
}

#[cfg(test)]
mod tests {
    use super::super::super::measurement::tests::run;
    use super::*;

    #[test]
    fn a_row_of_both_runs_is_compared_and_its_ratio_too() {
        let mut before = run(&[
            ("connect-64", "socketserver", Quantity::Cpu, &[45.0]),
            ("connect-64", "tokio", Quantity::Cpu, &[30.0]),
            ("bulk-1", "socketserver", Quantity::Cpu, &[500.0]),
        ]);
        before.facts = vec![("date".into(), "2026-11-01 10:00 UTC".into())];
        let now = run(&[
            ("connect-64", "socketserver", Quantity::Cpu, &[36.0]),
            ("connect-64", "tokio", Quantity::Cpu, &[30.0]),
        ]);
        let section = section(&now, Some(&before));
        assert!(
            section.contains("That was 2026-11-01 10:00 UTC, of commit unknown"),
            "{section}"
        );
        assert!(
            section
                .contains("| connect-64 | CPU µs per connection | 45.0 | 36.0 | -20 % | 1.50 × tokio | 1.20 × tokio |"),
            "{section}"
        );
        assert!(!section.contains("bulk-1"));
    }

    #[test]
    fn what_has_a_target_is_compared_too() {
        let runs = [1_000.0, 1_100.0].map(|rate| run(&[("bulk-1", "socketserver", Quantity::Rate, &[rate])]));
        let [before, now] = &runs;
        let section = section(now, Some(before));
        assert!(
            section.contains("| bulk-1 | MiB/s | 1,000 | 1,100 | +10 % |  |  |"),
            "{section}"
        );
    }

    #[test]
    fn without_a_run_before_nothing_is_said() {
        assert_eq!(section(&Run::default(), None), "");
        assert_eq!(section(&Run::default(), Some(&Run::default())), "");
    }
}
