//! Medians, ratios and targets, as a table in Markdown.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};

use serde::Serialize;

use super::load::Outcome;
use super::workload::{Quantity, Target, Workload};

/// What the servers did under the same load, one right after the other.
#[derive(Debug, Serialize)]
pub(super) struct Sides {
    pub(super) ours: Outcome,
    pub(super) native: Outcome,
    /// Where Python is measured, and is installed.
    pub(super) python: Option<Outcome>,
}

/// Who ours is compared with, in the order of the report.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Rival {
    Native,
    Python,
}

impl Sides {
    fn rival(&self, rival: Rival) -> Option<&Outcome> {
        match rival {
            Rival::Native => Some(&self.native),
            Rival::Python => self.python.as_ref(),
        }
    }

    fn ratio(&self, quantity: Quantity, rival: Rival) -> Option<f64> {
        let theirs = *self.rival(rival)?.figures.get(&quantity)?;
        // A server may give memory back that it held before, and a ratio of such figures says nothing; nor does one of
        // losses, which are few.
        let has_ratio = !matches!(quantity, Quantity::Left | Quantity::Leak | Quantity::Lost);
        (theirs > 0.0 && has_ratio).then_some(self.ours.figures.get(&quantity)? / theirs)
    }

    /// The first figure of the workload, for those who watch.
    pub(super) fn glance(&self) -> String {
        let first = self.ours.figures.iter().next();
        let Some((quantity, ours)) = first else {
            return "nothing was counted".into();
        };
        match (self.native.figures.get(quantity), self.ratio(*quantity, Rival::Native)) {
            (Some(native), Some(ratio)) => format!("{} to {}, {ratio:.2} x", short(*ours), short(*native)),
            _ => short(*ours),
        }
    }
}

/// All of one round.
#[derive(Debug, Default, Serialize)]
pub(super) struct Round(pub(super) BTreeMap<Workload, Sides>);

/// Everything that was measured, and what follows from it.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    machine: Vec<(&'static str, String)>,
    rows: Vec<Row>,
    rounds: Vec<Round>,
}

/// One quantity of one workload, over all rounds.
#[derive(Debug, Serialize)]
struct Row {
    title: String,
    unit: String,
    /// Medians. Where the title says so, the second is not of the native server.
    ours: f64,
    native: f64,
    ratio: Option<Ratio>,
    target: Option<String>,
    met: Option<bool>,
}

/// Of the two servers in one round. Both ran within seconds of each other, so whatever else the machine did has hit
/// both: the median of these is steadier than the ratio of two medians.
#[derive(Clone, Copy, Debug, Serialize)]
struct Ratio {
    least: f64,
    median: f64,
    most: f64,
}

impl Report {
    pub(super) fn new(machine: Vec<(&'static str, String)>, rounds: Vec<Round>) -> Self {
        let mut quantities: Vec<(Workload, Quantity)> = rounds
            .iter()
            .flat_map(|round| &round.0)
            .flat_map(|(workload, sides)| sides.ours.figures.keys().map(|quantity| (*workload, *quantity)))
            .collect();
        quantities.sort_unstable();
        quantities.dedup();
        let rows = quantities
            .iter()
            .flat_map(|&(workload, quantity)| {
                [(workload, quantity, Rival::Native), (workload, quantity, Rival::Python)]
            })
            .filter_map(|(workload, quantity, rival)| Row::new(&rounds, workload, quantity, rival));
        Self {
            machine,
            rows: rows.collect(),
            rounds,
        }
    }

    /// Every operation that failed, on either side.
    pub(super) fn errors(&self) -> u64 {
        self.failures().map(|(_, _, outcome)| outcome.errors).sum()
    }

    /// How many targets are missed, as far as they could be measured.
    pub(super) fn missed(&self) -> usize {
        self.rows.iter().filter(|row| row.met == Some(false)).count()
    }

    fn failures(&self) -> impl Iterator<Item = (Workload, &'static str, &Outcome)> {
        let sides = self.rounds.iter().flat_map(|round| &round.0);
        let outcomes = sides.flat_map(|(workload, sides)| {
            let python = sides.python.as_ref().map(|python| (*workload, "Python", python));
            let both = [(*workload, "ours", &sides.ours), (*workload, "native", &sides.native)];
            both.into_iter().chain(python)
        });
        outcomes.filter(|(_, _, outcome)| outcome.errors > 0)
    }
}

impl Row {
    fn new(rounds: &[Round], workload: Workload, quantity: Quantity, rival: Rival) -> Option<Self> {
        let sides = || rounds.iter().filter_map(|round| round.0.get(&workload));
        let ours = median(sides().filter_map(|sides| sides.ours.figures.get(&quantity).copied()))?;
        let native = median(sides().filter_map(|sides| sides.rival(rival)?.figures.get(&quantity).copied()))?;
        let ratios = || sides().filter_map(|sides| sides.ratio(quantity, rival));
        let ratio = median(ratios()).map(|median| Ratio {
            least: ratios().fold(median, f64::min),
            median,
            most: ratios().fold(median, f64::max),
        });
        // The project promises nothing about others.
        let target = workload.target(quantity).filter(|_| rival == Rival::Native);
        let title = workload.title();
        Some(Self {
            title: match rival {
                Rival::Native if workload.is_http() => format!("{title}; `wasmtime serve` for native"),
                Rival::Native => title.to_owned(),
                Rival::Python => format!("{title}; Python's ThreadingUDPServer for native"),
            },
            unit: quantity.unit(workload),
            ours,
            native,
            ratio,
            target: target.as_ref().map(Target::to_string),
            // Without a ratio nothing is known of a target that is one.
            met: target.map(|target| target.is_met(ours, ratio.map_or(f64::NAN, |ratio| ratio.median))),
        })
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "| | unit | ours | native | ratio (least–most) | target | |")?;
        writeln!(f, "|---|---|--:|--:|--:|--:|---|")?;
        for row in &self.rows {
            writeln!(f, "{row}")?;
        }
        writeln!(f)?;
        for (name, fact) in &self.machine {
            writeln!(f, "- {name}: {fact}")?;
        }
        writeln!(
            f,
            "- rounds: {}; medians, and of the ratios the median of each round's",
            self.rounds.len()
        )?;
        for (workload, side, outcome) in self.failures() {
            let first = outcome.first_error.as_deref().unwrap_or("unknown");
            writeln!(
                f,
                "- {} errors of {side} in {}; the first: {first}",
                outcome.errors,
                workload.name()
            )?;
        }
        Ok(())
    }
}

impl Display for Row {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self {
            title,
            unit,
            ours,
            native,
            ratio,
            target,
            met,
        } = self;
        let ratio = ratio.map_or_else(String::new, |Ratio { least, median, most }| {
            format!("{median:.2} ({least:.2}–{most:.2})")
        });
        let target = target.as_deref().unwrap_or_default();
        let met = met.map_or("", |met| if met { "met" } else { "**missed**" });
        write!(
            f,
            "| {title} | {unit} | {} | {} | {ratio} | {target} | {met} |",
            short(*ours),
            short(*native)
        )
    }
}

/// Three digits: more would be noise.
fn short(figure: f64) -> String {
    match figure.abs() {
        100.0.. => format!("{figure:.0}"),
        10.0.. => format!("{figure:.1}"),
        _ => format!("{figure:.2}"),
    }
}

/// Of an even number of figures, the mean of the two in the middle.
fn median(figures: impl Iterator<Item = f64>) -> Option<f64> {
    let mut figures: Vec<f64> = figures.collect();
    figures.sort_unstable_by(f64::total_cmp);
    let upper = *figures.get(figures.len() / 2)?;
    let lower = figures[(figures.len() - 1) / 2];
    Some(f64::midpoint(lower, upper))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(ours: f64, native: f64, errors: u64) -> Round {
        let outcome = |figure, errors| Outcome {
            figures: BTreeMap::from([(Quantity::Cpu, figure)]),
            errors,
            first_error: (errors > 0).then(|| "no answer".into()),
        };
        let sides = Sides {
            ours: outcome(ours, errors),
            native: outcome(native, 0),
            python: None,
        };
        Round(BTreeMap::from([(Workload::Connect64, sides)]))
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
        let rounds = vec![round(10.0, 10.0, 0), round(36.0, 30.0, 0), round(13.0, 10.0, 0)];
        let report = Report::new(Vec::new(), rounds);
        let [row] = report.rows.as_slice() else {
            panic!("one row")
        };
        assert_eq!((row.ours, row.native), (13.0, 10.0));
        assert_eq!(row.ratio.unwrap().median, 1.2);
        assert_eq!(report.missed(), 0);
        assert_eq!(
            row.to_string(),
            "| connect, 64 bytes, close; 64 clients | server CPU µs per connection | 13.0 | 10.0 \
             | 1.20 (1.00–1.30) | ≤ 1.4 x | met |"
        );
    }

    #[test]
    fn errors_of_all_rounds_count_and_are_named() {
        let report = Report::new(Vec::new(), vec![round(1.0, 1.0, 2), round(1.0, 1.0, 3)]);
        assert_eq!(report.errors(), 5);
        assert!(
            report
                .to_string()
                .contains("3 errors of ours in connect-64; the first: no answer")
        );
    }
}
