//! Medians, ratios, and the table of both.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};

use serde_json::{Value, json};

use super::load::Measured;
use super::machine::Machine;
use super::row::{Metric, Row};
use super::server::Contender;

/// What the two servers did in the same round.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair<T> {
    pub(super) ours: T,
    pub(super) native: T,
}

impl Pair<Measured> {
    /// In whichever order they were measured.
    pub(super) fn of(first: (Contender, Measured), second: (Contender, Measured)) -> Self {
        match first.0 {
            Contender::Ours => Self { ours: first.1, native: second.1 },
            Contender::Native => Self { ours: second.1, native: first.1 },
        }
    }
}

/// Everything that was measured.
#[derive(Debug, Default)]
pub(super) struct Results {
    measured: BTreeMap<Row, Vec<Pair<Measured>>>,
    pub(super) failures: Vec<String>,
}

impl Results {
    pub(super) fn add(&mut self, row: Row, pair: Pair<Measured>) {
        self.measured.entry(row).or_default().push(pair);
    }

    /// How many targets were missed.
    pub(super) fn missed(&self) -> usize {
        self.lines().filter(|line| line.is_met() == Some(false)).count()
    }

    pub(super) fn to_json(&self, machine: &Machine) -> Value {
        let lines = self.lines().map(|line| {
            json!({
                "row": line.row,
                "metric": line.metric,
                "ours": line.ours(),
                "native": line.native(),
                "ratio": line.ratio(),
                "target": line.row.target(line.metric).map(|target| target.to_string()),
                "met": line.is_met(),
            })
        });
        let rounds = self.measured.iter().flat_map(|(row, pairs)| {
            pairs
                .iter()
                .map(move |pair| json!({ "row": row, "ours": pair.ours, "native": pair.native }))
        });
        json!({
            "machine": machine,
            "results": lines.collect::<Vec<_>>(),
            "rounds": rounds.collect::<Vec<_>>(),
            "failures": self.failures,
        })
    }

    fn lines(&self) -> impl Iterator<Item = Line> {
        self.measured.iter().flat_map(|(&row, pairs)| {
            let mut lines: Vec<Line> = Vec::new();
            for pair in pairs {
                let values = row.values(pair.ours).into_iter().zip(row.values(pair.native));
                for (index, ((metric, ours), (_, native))) in values.enumerate() {
                    if index == lines.len() {
                        lines.push(Line { row, metric, pairs: Vec::new() });
                    }
                    lines[index].pairs.push(Pair { ours, native });
                }
            }
            lines
        })
    }
}

impl Display for Results {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "| measurement | ours | native | ratio | (range) | target | |")?;
        writeln!(f, "|---|---:|---:|---:|---:|---:|---|")?;
        for line in self.lines() {
            writeln!(f, "{line}")?;
        }
        write!(
            f,
            "\nMedians over the rounds; the ratio is the median of the rounds' ratios, the range that of all rounds."
        )?;
        for failure in &self.failures {
            write!(f, "\nfailed: {failure}")?;
        }
        Ok(())
    }
}

/// One line of the table: a number of every round.
#[derive(Debug)]
struct Line {
    row: Row,
    metric: Metric,
    pairs: Vec<Pair<f64>>,
}

impl Line {
    fn ours(&self) -> f64 {
        median(self.pairs.iter().map(|pair| pair.ours).collect())
    }

    fn native(&self) -> f64 {
        median(self.pairs.iter().map(|pair| pair.native).collect())
    }

    /// Not the ratio of the medians: the two of one round were measured within seconds, so a machine that gets slower or
    /// faster in between the rounds takes no part in it.
    fn ratio(&self) -> f64 {
        median(self.ratios())
    }

    fn ratios(&self) -> Vec<f64> {
        self.pairs.iter().map(|pair| pair.ours / pair.native).collect()
    }

    fn is_met(&self) -> Option<bool> {
        let target = self.row.target(self.metric)?;
        Some(target.is_met(self.ours(), self.ratio()))
    }
}

impl Display for Line {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { row, metric, .. } = self;
        let [ours, native] = [self.ours(), self.native()].map(number);
        write!(f, "| {row}: {metric} | {ours} | {native} ")?;
        // What is kept or added may be nothing, and nothing has no ratio.
        if matches!(metric, Metric::ClosedMemory | Metric::OpenedAgainMemory) {
            write!(f, "| | ")?;
        } else {
            let ratios = self.ratios();
            let least = ratios.iter().copied().fold(f64::INFINITY, f64::min);
            let most = ratios.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            write!(f, "| {:.2} | {least:.2}–{most:.2} ", self.ratio())?;
        }
        match (row.target(*metric), self.is_met()) {
            (Some(target), Some(met)) => write!(f, "| {target} | {} |", if met { "met" } else { "missed" }),
            _ => write!(f, "| | |"),
        }
    }
}

/// Three or four digits: more would be noise.
fn number(value: f64) -> String {
    match value.abs() {
        ..10.0 => format!("{value:.2}"),
        ..100.0 => format!("{value:.1}"),
        _ => thousands(&format!("{value:.0}")),
    }
}

/// `12345` as `12,345`.
fn thousands(digits: &str) -> String {
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        let left = digits.len() - index;
        if left.is_multiple_of(3) && grouped.ends_with(|last: char| last.is_ascii_digit()) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// The middle value, or the mean of the two in the middle.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => f64::NAN,
        count if count.is_multiple_of(2) => f64::midpoint(values[middle - 1], values[middle]),
        _ => values[middle],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(row: Row, metric: Metric, pairs: &[(f64, f64)]) -> Line {
        let pairs = pairs.iter().map(|&(ours, native)| Pair { ours, native }).collect();
        Line { row, metric, pairs }
    }

    #[test]
    fn the_median_is_the_middle() {
        assert!((median(vec![3.0, 1.0, 2.0]) - 2.0).abs() < f64::EPSILON);
        assert!((median(vec![4.0, 1.0, 2.0, 3.0]) - 2.5).abs() < f64::EPSILON);
        assert!(median(Vec::new()).is_nan());
    }

    #[test]
    fn a_drift_between_rounds_is_not_in_the_ratio() {
        let drifting = [(10.0, 10.0), (14.0, 14.0), (30.0, 20.0)];
        assert!((line(Row::Connect, Metric::ConnectionCpu, &drifting).ratio() - 1.0).abs() < f64::EPSILON);
    }

    #[test]
    fn a_line_says_whether_its_target_is_met() {
        let met = line(Row::Connect, Metric::ConnectionCpu, &[(55.5, 40.0)]).to_string();
        assert!(met.ends_with("| 55.5 | 40.0 | 1.39 | 1.39–1.39 | ≤ 1.4 × | met |"), "{met}");
        let missed = line(Row::Request, Metric::Requests, &[(80_000.0, 100_000.0)]).to_string();
        assert!(missed.ends_with("| 80,000 | 100,000 | 0.80 | 0.80–0.80 | ≥ 0.9 × | missed |"), "{missed}");
        let without = line(Row::Connect, Metric::P99, &[(1.0, 2.0)]).to_string();
        assert!(without.ends_with("| | |"), "{without}");
    }

    #[test]
    fn numbers_have_as_many_digits_as_they_are_worth() {
        let texts = [1.234, 12.34, -0.01, 1_234_567.8].map(number);
        assert_eq!(texts, ["1.23", "12.3", "-0.01", "1,234,568"]);
    }
}
