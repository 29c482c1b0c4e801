//! What CI runs, for a developer to run before.
//!
//! Fastest first, so that the first mistake shows early. All steps run even when one fails, so that one run shows all
//! mistakes.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use crate::{c, go, javascript, python, tidy, wit, workspace, zig};

/// Runs every step, and sums up.
///
/// # Errors
///
/// At least one step failed.
pub(crate) fn run() -> Result<()> {
    let mut outcomes = Vec::new();
    for mut step in steps()? {
        println!("\n==> {}", step.name);
        let began = Instant::now();
        let result = step.run();
        if let Err(error) = &result {
            eprintln!("{}: {error:#}", step.name);
        }
        outcomes.push(Outcome {
            name: step.name,
            passed: result.is_ok(),
            time: began.elapsed(),
        });
    }
    summarize(&outcomes)
}

struct Step {
    name: &'static str,
    work: Work,
}

enum Work {
    Check(fn() -> Result<()>),
    Command(Command),
}

struct Outcome {
    name: &'static str,
    passed: bool,
    time: Duration,
}

impl Step {
    fn check(name: &'static str, check: fn() -> Result<()>) -> Self {
        Self {
            name,
            work: Work::Check(check),
        }
    }

    fn cargo(name: &'static str, folder: PathBuf, args: &[&[&str]]) -> Self {
        let mut cargo = workspace::cargo();
        cargo.args(args.concat()).current_dir(folder);
        // For the doc steps; no other one runs rustdoc but for examples, which should be as clean.
        cargo.env("RUSTDOCFLAGS", "-D warnings");
        Self {
            name,
            work: Work::Command(cargo),
        }
    }

    /// Sets a variable of its environment.
    fn with(mut self, name: &str, value: &str) -> Self {
        if let Work::Command(command) = &mut self.work {
            command.env(name, value);
        }
        self
    }

    fn run(&mut self) -> Result<()> {
        match &mut self.work {
            Work::Check(check) => check(),
            Work::Command(command) => {
                let status = command.status().context("cannot run cargo")?;
                ensure!(status.success(), "{status}");
                Ok(())
            }
        }
    }
}

fn steps() -> Result<Vec<Step>> {
    let (root, guest) = (workspace::root, workspace::guest);
    let machine = machine()?;
    let native = ["--target", machine.as_str()];
    Ok(vec![
        Step::cargo("fmt", root(), &[&["fmt", "--all", "--check"]]),
        Step::cargo("fmt, guests", guest(), &[&["fmt", "--all", "--check"]]),
        Step::check("tidy", tidy::run),
        Step::check("wit", wit::run),
        Step::check("c", c::run),
        Step::check("go", go::run),
        Step::check("javascript", javascript::run),
        Step::check("python", python::run),
        Step::check("zig", zig::run),
        Step::cargo("clippy", root(), &[&["clippy", "--workspace", "--all-targets"], &DENY]),
        Step::cargo("clippy, guests", guest(), &[&GUEST_CLIPPY, &DENY]),
        Step::cargo("doc", root(), &[&["doc", "--no-deps", "--workspace"]]),
        Step::cargo(
            "doc, guests",
            guest(),
            &[
                &["doc", "--no-deps", "--all-features", "--package", "socketserver-guest"],
                &native,
            ],
        ),
        // Natively, for the logic in them; what they do as components is for the tests of the host. The programs that
        // misbehave have no logic to test, and do not link natively.
        Step::cargo(
            "test, guests",
            guest(),
            &[&["test", "--workspace", "--exclude", "test-programs"], &native],
        ),
        Step::cargo("test", root(), &[&["test", "--workspace"]]),
        // Those where it could matter where an instance has its memory from, and how many threads there are; the step before
        // has run them in a pool, with a thread for each processor.
        Step::cargo("test, slab", root(), &[&IN_SLAB])
            .with("SOCKETSERVER_ALLOCATION", "slab")
            .with("SOCKETSERVER_THREADS", "1"),
    ])
}

/// Of the whole workspace, as in the step before: its packages share dependencies, whose features one alone would change.
const IN_SLAB: [&str; 12] = [
    "test",
    "--workspace",
    "--test",
    "all",
    "--",
    "misbehaving",
    "limits",
    "streams",
    "sessions",
    "http::failures",
    "http::isolation",
    "http::reuse",
];

const DENY: [&str; 3] = ["--", "-D", "warnings"];

/// In the profile and for the target that guests are shipped in, so that the tests find most of the work done.
const GUEST_CLIPPY: [&str; 7] = [
    "clippy",
    "--release",
    "--target",
    "wasm32-wasip2",
    "--workspace",
    "--lib",
    "--examples",
];

/// The target of this machine: the guest workspace builds for another one unless told.
fn machine() -> Result<String> {
    let output = Command::new("rustc")
        .arg("-vV")
        .current_dir(workspace::root())
        .output()?;
    let text = String::from_utf8(output.stdout)?;
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc does not say what this machine is")?.to_owned())
}

fn summarize(outcomes: &[Outcome]) -> Result<()> {
    println!();
    for Outcome { name, passed, time } in outcomes {
        let word = if *passed { "ok" } else { "FAILED" };
        println!("{word:6} {name:16} {:6.1} s", time.as_secs_f64());
    }
    let failed: Vec<&str> = outcomes
        .iter()
        .filter(|outcome| !outcome.passed)
        .map(|outcome| outcome.name)
        .collect();
    let (many, all) = (failed.len(), outcomes.len());
    ensure!(failed.is_empty(), "{many} of {all} steps failed: {}", failed.join("; "));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_failure_fails_the_whole() {
        let outcome = |passed| Outcome {
            name: "step",
            passed,
            time: Duration::ZERO,
        };
        assert!(summarize(&[outcome(true), outcome(true)]).is_ok());
        let error = summarize(&[outcome(true), outcome(false)]).unwrap_err();
        assert_eq!(error.to_string(), "1 of 2 steps failed: step");
    }
}
