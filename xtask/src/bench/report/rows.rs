//! The tables of what was measured.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::super::measurement::Run;
use super::super::peer::OURS;
use super::super::quantity::Quantity;
use super::super::row::{ROWS, Row, Series};
use super::short;

/// A table for each row, and one for each series.
pub(super) fn section(run: &Run) -> String {
    let mut text = String::from("## Rows\n\n");
    let mut shown = BTreeSet::new();
    for row in ROWS {
        match row.series {
            None => text.push_str(&table(run, row)),
            Some(series) => {
                if shown.insert(series.title) {
                    text.push_str(&series_table(run, series));
                }
            }
        }
    }
    text
}

/// Native where it is measured: the processor time without a sandbox is a unit that does not move when ours does.
const NATIVE: &str = "tokio";

/// Who is one in the column of ratios.
fn baseline(row: &Row, quantity: Quantity) -> &'static str {
    if quantity == Quantity::Cpu && row.peers.contains(&NATIVE) {
        NATIVE
    } else {
        OURS
    }
}

/// The first figure of ours: what the row is about.
pub(super) fn main_quantity(run: &Run, row: &Row) -> Option<Quantity> {
    row.series
        .map(|series| series.quantity)
        .or_else(|| quantities(run, row.name).into_iter().next())
}

fn quantities(run: &Run, row: &str) -> Vec<Quantity> {
    let measurements = run.measurements.iter().filter(|measurement| measurement.row == row);
    let quantities: BTreeSet<Quantity> = measurements
        .flat_map(|measurement| measurement.outcome.figures.keys().copied())
        .collect();
    quantities.into_iter().collect()
}

/// Ours first, then the others by what they cost; those without a figure last.
fn sorted<'a>(run: &'a Run, row: &str, quantity: Quantity) -> Vec<&'a str> {
    let peers: BTreeSet<&str> = run
        .measurements
        .iter()
        .filter(|measurement| measurement.row == row)
        .map(|measurement| measurement.peer.as_str())
        .collect();
    let sign = if quantity.is_cost() { 1.0 } else { -1.0 };
    let key = |peer: &str| match run.median(row, peer, quantity) {
        _ if peer == OURS => f64::NEG_INFINITY,
        Some(figure) => sign * figure,
        None => f64::INFINITY,
    };
    let mut peers: Vec<_> = peers.into_iter().collect();
    peers.sort_by(|one, other| key(one).total_cmp(&key(other)));
    peers
}

fn table(run: &Run, row: &Row) -> String {
    let quantities = quantities(run, row.name);
    let Some(&first) = quantities.first() else {
        return String::new();
    };
    let baseline = baseline(row, first);
    let mut text = format!("### {}: {}\n\n{}| server |", row.name, row.title, note(row));
    for quantity in &quantities {
        let _ = write!(text, " {} |", quantity.unit(row.operation));
        if *quantity == first && first.has_ratio() {
            let _ = write!(text, " × {baseline} |");
        }
    }
    let columns = quantities.len() + usize::from(first.has_ratio());
    let _ = writeln!(text, "\n|---|{}", "--:|".repeat(columns));
    for peer in sorted(run, row.name, first) {
        let _ = write!(text, "| {peer} |");
        for quantity in &quantities {
            let figure = run.median(row.name, peer, *quantity);
            let _ = write!(text, " {} |", figure.map(short).unwrap_or_default());
            if *quantity == first && first.has_ratio() {
                let ratio = run.ratio(row.name, first, [peer, baseline]);
                let _ = write!(text, " {} |", ratio.map(short).unwrap_or_default());
            }
        }
        text.push('\n');
    }
    text.push('\n');
    text
}

fn note(row: &Row) -> String {
    if row.note.is_empty() {
        String::new()
    } else {
        format!("{}\n\n", row.note)
    }
}

fn series_table(run: &Run, series: Series) -> String {
    let rows: Vec<(&Row, Series)> = ROWS
        .iter()
        .filter_map(|row| Some((row, row.series.filter(|other| other.title == series.title)?)))
        .filter(|(row, _)| run.measurements.iter().any(|measurement| measurement.row == row.name))
        .collect();
    let Some((last, _)) = rows.last() else {
        return String::new();
    };
    let mut text = format!("### {}\n\n{}| server |", series.title, note(last));
    for (_, series) in &rows {
        let _ = write!(text, " {} |", series.column);
    }
    let _ = writeln!(text, "\n|---|{}", "--:|".repeat(rows.len()));
    for peer in sorted(run, last.name, series.quantity) {
        let _ = write!(text, "| {peer} |");
        for (row, series) in &rows {
            let figure = run.median(row.name, peer, series.quantity);
            let _ = write!(text, " {} |", figure.map(short).unwrap_or_default());
        }
        text.push('\n');
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::super::super::measurement::tests::run;
    use super::*;

    #[test]
    fn ours_is_first_and_the_others_follow_by_their_cost() {
        let run = run(&[
            ("connect-64", "node", Quantity::Cpu, &[60.0]),
            ("connect-64", "epoll", Quantity::Cpu, &[25.0]),
            ("connect-64", "tokio", Quantity::Cpu, &[30.0]),
            ("connect-64", "socketserver", Quantity::Cpu, &[36.0]),
        ]);
        let section = section(&run);
        let rows: Vec<_> = section.lines().filter(|line| line.starts_with("| ")).collect();
        assert_eq!(
            rows,
            [
                "| server | CPU µs per connection | × tokio |",
                "| socketserver | 36.0 | 1.20 |",
                "| epoll | 25.0 | 0.83 |",
                "| tokio | 30.0 | 1.00 |",
                "| node | 60.0 | 2.00 |",
            ]
        );
    }

    #[test]
    fn a_series_has_a_column_for_each_row() {
        let run = run(&[
            ("neighbour-0", "socketserver", Quantity::P99, &[80.0]),
            ("neighbour-8", "socketserver", Quantity::P99, &[9_000.0]),
            ("neighbour-8", "go", Quantity::P99, &[80_000.0]),
        ]);
        let section = section(&run);
        let rows: Vec<_> = section.lines().filter(|line| line.starts_with("| ")).collect();
        assert_eq!(
            rows,
            [
                "| server | 0 | 8 |",
                "| socketserver | 80.0 | 9,000 |",
                "| go |  | 80,000 |"
            ]
        );
    }
}
