//! `cargo xtask bench`: the server beside every other that one might use in its place, on this machine, at this moment.
//!
//! Times of different days and machines do not compare; ratios of two servers that take turns on one core do. So every row runs
//! against all of its servers, one right after the other, round after round, and the report gives medians. The load comes from
//! a process of its own, on a core of its own. What the kernel has charged to a server, with all of its processes, comes first:
//! the client's core saturates as well, so a rate says less about the server than that does.
//!
//! [`row`] has what is measured, [`peer`] who, [`load`] the client, [`target`] what the project promises.

mod cores;
mod interrupt;
mod languages;
pub(crate) mod load;
mod machine;
mod measure;
mod measurement;
pub(crate) mod peer;
mod plan;
mod plot;
mod process;
mod quantity;
mod report;
mod row;
mod server;
mod start;
mod target;
mod tree;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use self::measurement::Run;
use self::plan::Plan;
use crate::workspace;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// One round of short measurements: to see that nothing is broken, in under three minutes after the build.
    #[arg(long)]
    quick: bool,

    /// How often the rows with a target are measured; the others less, in proportion [default: 5, or 1 with --quick].
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: Option<u32>,

    /// Measure only this row, or the rows whose names begin so, such as `http`. May be given several times.
    #[arg(long, value_name = "ROW")]
    only: Vec<String>,

    /// Measure only this server, beside ours. May be given several times.
    #[arg(long, value_name = "NAME", value_parser = peer::parse)]
    peer: Vec<&'static peer::Peer>,

    /// Measure the echo handler in every language, beside each other and nothing else.
    #[arg(long, conflicts_with_all = ["only", "peer", "check", "out"])]
    languages: bool,

    /// Fail when a target is missed, too.
    #[arg(long)]
    check: bool,

    /// Where the report, its plots and the figures go, and where those of the run before are
    /// [default: docs/benchmarks, or target/bench/report for anything but the whole benchmark].
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,

    /// What ours is started with beyond what the benchmark needs, such as `--ours-flags="--memory-reset zero"`.
    #[arg(long, value_name = "FLAGS", default_value = "", allow_hyphen_values = true)]
    ours_flags: String,

    /// Measure this binary as ours, to compare two builds.
    #[arg(long, value_name = "PATH", hide = true)]
    ours: Option<PathBuf>,
}

/// Measures, writes the report and prints it.
///
/// # Errors
///
/// Ours or the report cannot be made, or a single answer of anybody was missing or wrong: then the report says whose. A
/// missed target is in the report, and an error only with `--check`: what else the machine does may be the reason.
pub(crate) fn run(args: &Args) -> Result<()> {
    interrupt::watch()?;
    let mut plan = Plan::new(args)?;
    if args.languages {
        return languages::run(&plan);
    }
    let root = workspace::root();
    let out = match &args.out {
        Some(folder) => folder.clone(),
        None if plan.is_whole => root.join("docs/benchmarks"),
        None => root.join("target/bench/report"),
    };
    // Before the first round: a file that cannot be read should not cost the run.
    let previous = report::previous(&out)?;
    // And the machine's load should not be that of the first round.
    let mut facts = machine::facts(plan.stage.cores);
    eprintln!("{}", plan.stage.cores.describe());
    let (peers, unmeasured) = plan.prepare()?;
    facts.extend(plan.settings());
    let estimate = plan.estimate();
    let limit = 2 * estimate + Duration::from_secs(30);
    eprintln!(
        "the rounds take about {}, and at most {}",
        minutes(estimate),
        minutes(limit)
    );

    let mut run = Run {
        facts,
        peers,
        unmeasured,
        ..Run::default()
    };
    let began = Instant::now();
    let is_complete = rounds(&plan, &mut run, began + limit)?;
    let took = minutes(began.elapsed());
    eprintln!("the rounds took {took}");
    run.facts.push((
        "duration".into(),
        if is_complete {
            took
        } else {
            format!("{took}, which was the limit: the last rounds are missing")
        },
    ));
    let report = report::write(&run, previous.as_ref(), &out)?;
    println!("{report}");
    eprintln!("written to {}", out.display());
    let errors = run.errors();
    ensure!(errors == 0, "{errors} operations failed; the report says whose");
    let missed = report::missed(&run);
    ensure!(!args.check || missed == 0, "{missed} targets are missed");
    Ok(())
}

/// Measures until all is done, or it is too late; tells which.
fn rounds(plan: &Plan, run: &mut Run, deadline: Instant) -> Result<bool> {
    let rounds = plan.rows.iter().map(|planned| plan.rounds_of(planned.row)).max();
    for round in 0..rounds.unwrap_or(0) {
        eprintln!("round {}", round + 1);
        for planned in &plan.rows {
            if round >= plan.rounds_of(planned.row) {
                continue;
            }
            if Instant::now() > deadline {
                return Ok(false);
            }
            run.measurements.extend(measure::row(plan, planned, round)?);
        }
    }
    Ok(true)
}

fn minutes(time: Duration) -> String {
    let seconds = time.as_secs();
    format!("{}:{:02} minutes", seconds / 60, seconds % 60)
}
