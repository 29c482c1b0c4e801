//! The targets of the project, and whether they are met.

use std::fmt::Write as _;

use super::super::measurement::{Run, Spread};
use super::super::row;
use super::super::target::{Bound, TARGETS, Target};
use super::short;

/// How many targets are missed, as far as they could be measured.
pub(in crate::bench) fn missed(run: &Run) -> usize {
    let measured = TARGETS
        .iter()
        .filter_map(|target| Some((target, measured(run, target)?)));
    measured
        .filter(|(target, spread)| !target.bound.is_met(spread.median))
        .count()
}

/// What is held against the target's limit.
fn measured(run: &Run, target: &Target) -> Option<Spread> {
    let Target {
        row,
        peer,
        quantity,
        bound,
    } = *target;
    match bound.rival() {
        Some(rival) => run.paired(row, quantity, [peer, rival], |own, theirs| {
            bound.value(own, Some(theirs))
        }),
        None => run.spread(row, peer, quantity),
    }
}

/// One line for each target. One that could not be measured has a line too, if anything of its row was.
pub(super) fn section(run: &Run) -> String {
    let mut lines = String::new();
    for target in TARGETS {
        let Some(row) = row::find(target.row) else { continue };
        if !run.measurements.iter().any(|measurement| measurement.row == row.name) {
            continue;
        }
        let unit = target.quantity.unit(row.operation);
        let (figure, verdict) = match measured(run, target) {
            None => ("not measured".into(), ""),
            Some(spread) => {
                let sign = if matches!(target.bound, Bound::AtMost(_)) {
                    ""
                } else {
                    " ×"
                };
                let figure = format!(
                    "{}{sign} ({}–{} of {})",
                    short(spread.median),
                    short(spread.least),
                    short(spread.most),
                    spread.rounds
                );
                let is_met = target.bound.is_met(spread.median);
                (figure, if is_met { "met" } else { "**missed**" })
            }
        };
        let _ = writeln!(
            lines,
            "| {} | {} | {unit} | {} | {figure} | {verdict} |",
            row.name, target.peer, target.bound
        );
    }
    if lines.is_empty() {
        return String::new();
    }
    format!(
        "## Targets\n\nThe median of the rounds, and in parentheses the least and the most, and how many there were.\n\n\
         | row | server | quantity | target | measured | |\n|---|---|---|--:|--:|---|\n{lines}\n"
    )
}

#[cfg(test)]
mod tests {
    use super::super::super::measurement::tests::run;
    use super::super::super::quantity::Quantity;
    use super::*;

    #[test]
    fn a_target_is_met_missed_or_not_measured() {
        let run = run(&[
            ("connect-64", "socketserver", Quantity::Cpu, &[40.0, 44.0, 42.0]),
            ("connect-64", "tokio", Quantity::Cpu, &[32.0, 32.0, 32.0]),
            ("connect-64", "node", Quantity::Cpu, &[80.0, 90.0, 80.0]),
        ]);
        let section = section(&run);
        let line = |words: &str| section.lines().find(|line| line.contains(words)).unwrap();
        assert!(
            line("≤ 1.15 × tokio").ends_with("| 1.31 × (1.25–1.38 of 3) | **missed** |"),
            "{section}"
        );
        assert!(
            line("less than node").ends_with("| 2.00 × (1.90–2.05 of 3) | met |"),
            "{section}"
        );
        assert!(
            line("less than tcpserver").ends_with("| not measured |  |"),
            "{section}"
        );
        assert!(!section.contains("bulk-1"));
        assert_eq!(missed(&run), 1);
    }
}
