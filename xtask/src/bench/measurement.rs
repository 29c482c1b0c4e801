//! What a run has found, as it is kept beside the report: the next run is compared with it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use super::load::Outcome;
use super::quantity::Quantity;

/// All of one run.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Run {
    /// Where, when and how it was measured, one fact a line.
    pub(super) facts: Vec<(String, String)>,
    pub(super) peers: Vec<Program>,
    pub(super) unmeasured: Vec<Unmeasured>,
    pub(super) measurements: Vec<Measurement>,
}

/// A server that was measured.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Program {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) what: String,
}

/// A server, or a row of it, that was not.
#[derive(Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(super) struct Unmeasured {
    pub(super) peer: String,
    /// The rows; empty for all.
    pub(super) rows: Vec<String>,
    pub(super) why: String,
    /// What to do about it.
    pub(super) install: String,
}

/// One row of one server in one round.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Measurement {
    pub(super) row: String,
    pub(super) peer: String,
    pub(super) round: u32,
    #[serde(flatten)]
    pub(super) outcome: Outcome,
}

impl Run {
    /// An earlier run; nothing where there is none.
    ///
    /// # Errors
    ///
    /// The file is there and is none.
    pub(super) fn read(file: &Path) -> Result<Option<Self>> {
        match fs::read(file) {
            Ok(text) => {
                let run = serde_json::from_slice(&text);
                run.with_context(|| format!("{} is no run of this benchmark; move it away", file.display()))
                    .map(Some)
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("cannot read {}", file.display())),
        }
    }

    /// As JSON, a line for each measurement, so that two runs can be compared by eye.
    pub(super) fn to_json(&self) -> Result<String> {
        let lines: Result<Vec<String>, _> = self.measurements.iter().map(serde_json::to_string).collect();
        Ok(format!(
            "{{\n\"facts\": {},\n\"peers\": {},\n\"unmeasured\": {},\n\"measurements\": [\n{}\n]\n}}\n",
            serde_json::to_string(&self.facts)?,
            serde_json::to_string(&self.peers)?,
            serde_json::to_string(&self.unmeasured)?,
            lines?.join(",\n")
        ))
    }

    /// The figures of a quantity, by round.
    fn figures(&self, row: &str, peer: &str, quantity: Quantity) -> BTreeMap<u32, f64> {
        let measurements = self.measurements.iter();
        measurements
            .filter(|measurement| measurement.row == row && measurement.peer == peer)
            .filter_map(|measurement| Some((measurement.round, *measurement.outcome.figures.get(&quantity)?)))
            .collect()
    }

    /// The median over all rounds.
    pub(super) fn median(&self, row: &str, peer: &str, quantity: Quantity) -> Option<f64> {
        median(self.figures(row, peer, quantity).into_values())
    }

    /// What `value` makes of the figures of two servers in the same round, in each of the rounds that have both. The two ran
    /// within seconds of each other, so whatever else the machine did has hit both: the median of these is steadier than what
    /// two medians give.
    pub(super) fn paired(
        &self,
        row: &str,
        quantity: Quantity,
        [peer, rival]: [&str; 2],
        value: impl Fn(f64, f64) -> Option<f64>,
    ) -> Option<Spread> {
        let theirs = self.figures(row, rival, quantity);
        let own = self.figures(row, peer, quantity);
        let values = own
            .into_iter()
            .filter_map(|(round, own)| value(own, *theirs.get(&round)?));
        Spread::of(values)
    }

    /// The same of one server's figures alone.
    pub(super) fn spread(&self, row: &str, peer: &str, quantity: Quantity) -> Option<Spread> {
        Spread::of(self.figures(row, peer, quantity).into_values())
    }

    /// The figure of one server divided by that of another.
    pub(super) fn ratio(&self, row: &str, quantity: Quantity, peers: [&str; 2]) -> Option<f64> {
        let divide = |own: f64, theirs: f64| (theirs > 0.0).then_some(own / theirs);
        self.paired(row, quantity, peers, divide).map(|spread| spread.median)
    }

    /// How many operations failed, of anybody.
    pub(super) fn errors(&self) -> u64 {
        self.failures().map(|failure| failure.outcome.errors).sum()
    }

    pub(super) fn failures(&self) -> impl Iterator<Item = &Measurement> {
        self.measurements
            .iter()
            .filter(|measurement| measurement.outcome.errors > 0)
    }
}

/// Of a figure over the rounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Spread {
    pub(super) least: f64,
    pub(super) median: f64,
    pub(super) most: f64,
    pub(super) rounds: usize,
}

impl Spread {
    fn of(values: impl Iterator<Item = f64>) -> Option<Self> {
        let values: Vec<f64> = values.collect();
        Some(Self {
            median: median(values.iter().copied())?,
            least: values.iter().copied().fold(f64::INFINITY, f64::min),
            most: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            rounds: values.len(),
        })
    }
}

/// Of an even number of figures, the mean of the two in the middle.
pub(super) fn median(figures: impl Iterator<Item = f64>) -> Option<f64> {
    let mut figures: Vec<f64> = figures.collect();
    figures.sort_unstable_by(f64::total_cmp);
    let upper = *figures.get(figures.len() / 2)?;
    let lower = figures[(figures.len() - 1) / 2];
    Some(f64::midpoint(lower, upper))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A run of one quantity, by row, server, and the figures of each round.
    pub(in crate::bench) fn run(rows: &[(&str, &str, Quantity, &[f64])]) -> Run {
        let measurements = rows.iter().flat_map(|&(row, peer, quantity, figures)| {
            (0..).zip(figures).map(move |(round, figure)| Measurement {
                row: row.into(),
                peer: peer.into(),
                round,
                outcome: Outcome {
                    figures: BTreeMap::from([(quantity, *figure)]),
                    ..Outcome::default()
                },
            })
        });
        Run {
            measurements: measurements.collect(),
            ..Run::default()
        }
    }

    #[test]
    fn medians_of_odd_even_and_no_figures() {
        assert_eq!(median([3.0, 1.0, 2.0].into_iter()), Some(2.0));
        assert_eq!(median([4.0, 1.0, 2.0, 3.0].into_iter()), Some(2.5));
        assert_eq!(median(std::iter::empty()), None);
    }

    #[test]
    fn a_ratio_is_of_one_round() {
        // The machine was three times slower in the second round, for both.
        let run = run(&[
            ("row", "ours", Quantity::Cpu, &[10.0, 36.0, 13.0]),
            ("row", "theirs", Quantity::Cpu, &[10.0, 30.0, 10.0]),
        ]);
        assert_eq!(run.ratio("row", Quantity::Cpu, ["ours", "theirs"]), Some(1.2));
        assert_eq!(run.median("row", "ours", Quantity::Cpu), Some(13.0));
        let spread = run.spread("row", "ours", Quantity::Cpu).unwrap();
        assert_eq!((spread.least, spread.most, spread.rounds), (10.0, 36.0, 3));
    }

    #[test]
    fn a_round_that_lacks_one_of_two_has_no_ratio() {
        let run = run(&[
            ("row", "ours", Quantity::Cpu, &[10.0, 36.0]),
            ("row", "theirs", Quantity::Cpu, &[10.0]),
            ("row", "idle", Quantity::Cpu, &[0.0]),
        ]);
        assert_eq!(run.ratio("row", Quantity::Cpu, ["ours", "theirs"]), Some(1.0));
        assert_eq!(run.ratio("row", Quantity::Cpu, ["ours", "nobody"]), None);
        assert_eq!(run.ratio("row", Quantity::Cpu, ["ours", "idle"]), None);
        assert_eq!(run.ratio("row", Quantity::Rate, ["ours", "theirs"]), None);
    }

    #[test]
    fn a_run_is_read_as_it_was_written() {
        let folder = std::env::temp_dir().join(format!("socketserver-bench-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let file = folder.join("figures.json");
        assert!(Run::read(&file).unwrap().is_none());
        let written = run(&[("row", "ours", Quantity::P999, &[1.5])]);
        fs::write(&file, written.to_json().unwrap()).unwrap();
        let read = Run::read(&file).unwrap().unwrap();
        assert_eq!(read.median("row", "ours", Quantity::P999), Some(1.5));
        fs::write(&file, "{}").unwrap();
        let error = Run::read(&file).unwrap_err();
        assert!(error.to_string().contains("no run of this benchmark"), "{error}");
        fs::remove_dir_all(folder).unwrap();
    }
}
