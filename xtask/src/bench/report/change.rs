//! What has changed since the run whose figures were in the folder.

use std::fmt::Write as _;

use super::super::measurement::Run;
use super::super::peer::OURS;
use super::super::row::ROWS;
use super::super::target::{Bound, TARGETS};
use super::{rows, short};

/// The figure that each row is about, of ours, and where it is held against another server the ratio to that: the figures are
/// of two days, and the ratios each of one.
pub(super) fn section(run: &Run, previous: Option<&Run>) -> String {
    let Some(previous) = previous else {
        return String::new();
    };
    let mut lines = String::new();
    for row in ROWS {
        let Some(quantity) = rows::main_quantity(run, row) else {
            continue;
        };
        let figures = [previous, run].map(|run| run.median(row.name, OURS, quantity));
        let [Some(before), Some(now)] = figures else { continue };
        let rival = TARGETS
            .iter()
            .filter(|target| target.row == row.name && target.peer == OURS && target.quantity == quantity)
            .find_map(|target| target.bound.rival())
            .or_else(|| row.peers.contains(&"tokio").then_some("tokio"));
        let ratio = |run: &Run| {
            let rival = rival?;
            let value = |own, theirs| Bound::RatioAtMost(0.0, rival).value(own, Some(theirs));
            let spread = run.paired(row.name, quantity, [OURS, rival], value)?;
            Some(format!("{} × {rival}", short(spread.median)))
        };
        let change = if before == 0.0 {
            String::new()
        } else {
            format!("{:+.0} %", 100.0 * (now / before - 1.0))
        };
        let _ = writeln!(
            lines,
            "| {} | {} | {} | {} | {change} | {} | {} |",
            row.name,
            quantity.unit(row.operation),
            short(before),
            short(now),
            ratio(previous).unwrap_or_default(),
            ratio(run).unwrap_or_default()
        );
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

fn fact<'a>(run: &'a Run, name: &str) -> &'a str {
    let fact = run.facts.iter().find(|(other, _)| other == name);
    fact.map_or("unknown", |(_, fact)| fact)
}

#[cfg(test)]
mod tests {
    use super::super::super::measurement::tests::run;
    use super::super::super::quantity::Quantity;
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
    fn without_a_run_before_nothing_is_said() {
        assert_eq!(section(&Run::default(), None), "");
        assert_eq!(section(&Run::default(), Some(&Run::default())), "");
    }
}
