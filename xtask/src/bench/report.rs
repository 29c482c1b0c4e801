//! What a run has found, as a page in Markdown with plots beside it, and as figures for the next run.

mod change;
mod programs;
mod rows;
mod targets;

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::measurement::Run;
use super::plot;

pub(super) use self::targets::missed;

/// The name of the page: where the folder is looked at, it is shown.
const PAGE: &str = "README.md";

const FIGURES: &str = "figures.json";

/// The run whose figures are in the folder.
pub(super) fn previous(folder: &Path) -> Result<Option<Run>> {
    Run::read(&folder.join(FIGURES))
}

/// Writes page, plots and figures, and returns the page.
pub(super) fn write(run: &Run, previous: Option<&Run>, folder: &Path) -> Result<String> {
    let cannot = || format!("cannot write to {}", folder.display());
    fs::create_dir_all(folder).with_context(cannot)?;
    let plots = plot::draw(run, folder)?;
    let page = page(run, previous, &plots);
    fs::write(folder.join(PAGE), &page).with_context(cannot)?;
    fs::write(folder.join(FIGURES), run.to_json()?).with_context(cannot)?;
    Ok(page)
}

fn page(run: &Run, previous: Option<&Run>, plots: &[plot::Plot]) -> String {
    let mut page = String::from(INTRODUCTION);
    page.push_str(&failures(run));
    page.push_str(&targets::section(run));
    for plot in plots {
        page.push_str(&format!("![{}]({})\n\n", plot.title, plot.file));
    }
    page.push_str(&rows::section(run));
    page.push_str(&programs::section(run));
    page.push_str(&change::section(run, previous));
    let mut page = page.trim_end().to_owned();
    page.push('\n');
    page
}

const INTRODUCTION: &str = "\
# Benchmarks

`cargo xtask bench` measures, and writes this page, its plots and `figures.json`, which has every figure of every round.

All servers of a table ran side by side in one run: each on one core with the client on another, one right after the other, \
in another order in each round.
Figures are medians of the rounds, and a ratio is the median of the rounds' ratios.
CPU is what the kernel has charged to a server, to all of its processes, those that have ended among them; it comes first, \
because the client's core is busy too, so that a rate says less about the server.
Every answer is compared with what it has to be.
Times of different days and machines do not compare; ratios do.

";

/// What went wrong, before anybody looks at figures.
fn failures(run: &Run) -> String {
    let mut text = String::new();
    for failure in run.failures() {
        let outcome = &failure.outcome;
        let first = outcome.first_error.as_deref().unwrap_or("unknown").replace('\n', " ");
        text.push_str(&format!(
            "- {} in {}, round {}: {} failed; the first: {first}\n",
            failure.peer,
            failure.row,
            failure.round + 1,
            outcome.errors
        ));
    }
    if text.is_empty() {
        return text;
    }
    format!("**Operations failed, so the figures of these mean nothing:**\n\n{text}\n")
}

/// Three digits: more would be noise.
pub(super) fn short(figure: f64) -> String {
    match figure.abs() {
        1000.0.. => {
            let digits = format!("{:.0}", figure.abs());
            let mut text = String::from(if figure < 0.0 { "-" } else { "" });
            for (index, digit) in digits.chars().enumerate() {
                if index > 0 && (digits.len() - index).is_multiple_of(3) {
                    text.push(',');
                }
                text.push(digit);
            }
            text
        }
        100.0.. => format!("{figure:.0}"),
        10.0.. => format!("{figure:.1}"),
        _ => format!("{figure:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::load::Outcome;
    use super::super::measurement::{Measurement, tests::run};
    use super::super::quantity::Quantity;
    use super::*;

    #[test]
    fn three_digits_and_thousands_in_groups() {
        assert_eq!(short(0.123), "0.12");
        assert_eq!(short(12.34), "12.3");
        assert_eq!(short(123.4), "123");
        assert_eq!(short(1234.5), "1,234");
        assert_eq!(short(1_234_567.0), "1,234,567");
        assert_eq!(short(-1234.5), "-1,234");
        assert_eq!(short(-0.5), "-0.50");
    }

    #[test]
    fn errors_of_all_are_named_first() {
        let mut run = run(&[("connect-64", "tokio", Quantity::Cpu, &[1.0])]);
        run.measurements.push(Measurement {
            row: "connect-64".into(),
            peer: "node".into(),
            round: 1,
            outcome: Outcome {
                errors: 3,
                first_error: Some("no answer".into()),
                ..Outcome::default()
            },
        });
        assert_eq!(run.errors(), 3);
        let page = page(&run, None, &[]);
        let failures = page
            .find("- node in connect-64, round 2: 3 failed; the first: no answer")
            .unwrap();
        assert!(failures < page.find("## ").unwrap());
    }

    #[test]
    fn what_is_written_is_the_next_run_s_previous() {
        let folder = std::env::temp_dir().join(format!("socketserver-report-{}", std::process::id()));
        assert!(previous(&folder).unwrap().is_none());
        let first = run(&[("connect-64", "socketserver", Quantity::Cpu, &[40.0])]);
        let page = write(&first, None, &folder).unwrap();
        assert!(!page.contains("## Since the run before"));
        let before = previous(&folder).unwrap();
        let second = run(&[("connect-64", "socketserver", Quantity::Cpu, &[30.0])]);
        let page = write(&second, before.as_ref(), &folder).unwrap();
        assert!(page.contains("## Since the run before"), "{page}");
        assert_eq!(fs::read_to_string(folder.join(PAGE)).unwrap(), page);
        fs::remove_dir_all(folder).unwrap();
    }
}
