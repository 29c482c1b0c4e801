//! `cargo xtask bench --languages`: the same handler in every language, side by side.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use super::load::Kind;
use super::machine;
use super::measure::put_load;
use super::measurement::median;
use super::peer::{self, SERVER_THREADS};
use super::plan::Plan;
use super::quantity::Quantity;
use super::server::{Ready, Server};
use crate::workspace;

/// The name of a language, and how the names of its sources end.
const LANGUAGES: [(&str, &str); 8] = [
    ("Rust", "rs"),
    ("C", "c"),
    ("C++", "cpp"),
    ("Zig", "zig"),
    ("Go", "go"),
    ("JavaScript", "js"),
    ("TypeScript", "ts"),
    ("Python", "py"),
];

/// Builds the echo handler in every language, and prints a table. Who is measured first changes from round to round.
///
/// # Errors
///
/// A toolchain is missing, a server cannot be started, or a single answer was missing or wrong.
pub(super) fn run(plan: &Plan) -> Result<()> {
    let facts = machine::facts(plan.stage.cores);
    let mut rows = Vec::new();
    for (name, extension) in LANGUAGES {
        eprintln!("building {name}");
        rows.push(Row::build(plan, name, extension)?);
    }
    for row in &mut rows {
        // Compiles into the server's cache, so that each later start finds it there.
        row.start(plan)?.0.stop()?;
    }
    for round in 0..plan.rounds {
        eprintln!("round {} of {}", round + 1, plan.rounds);
        let count = rows.len();
        for turn in 0..count {
            rows[(turn + round as usize) % count].measure(plan)?;
        }
    }
    for (fact, value) in facts {
        println!("- {fact}: {value}");
    }
    println!("\n{}", table(&rows));
    Ok(())
}

struct Row {
    name: &'static str,
    component: PathBuf,
    size: u64,
    build: Duration,
    starts: Vec<f64>,
    cpu: Vec<f64>,
    idle: Vec<f64>,
}

impl Row {
    /// Builds twice: what a toolchain sets up for itself at its first build is not the price of a change.
    fn build(plan: &Plan, name: &'static str, extension: &str) -> Result<Self> {
        let source = copy(extension)?;
        peer::build(&plan.stage.ours, &source)?;
        change(&source)?;
        let began = Instant::now();
        let component = peer::build(&plan.stage.ours, &source)?;
        let build = began.elapsed();
        Ok(Self {
            name,
            size: fs::metadata(&component)?.len(),
            component,
            build,
            starts: Vec::new(),
            cpu: Vec::new(),
            idle: Vec::new(),
        })
    }

    /// A server with this handler, and how long it took until it listened, in milliseconds.
    fn start(&self, plan: &Plan) -> Result<(Server, f64)> {
        let mut command = Command::new(&plan.stage.ours);
        command
            .arg("serve")
            .arg(&self.component)
            .args([
                "--listen",
                "tcp://127.0.0.1:0",
                "--max-connections",
                "2000",
                "--log",
                "off",
            ])
            .args(["--threads", SERVER_THREADS])
            .args(&plan.stage.ours_flags);
        let began = Instant::now();
        let server = Server::start(self.name, &mut command, plan.stage.cores, Ready::Output("listening "))?;
        Ok((server, began.elapsed().as_secs_f64() * 1000.0))
    }

    /// Each workload has a new server: slots that served before keep pages, which idle connections would not pay for again.
    fn measure(&mut self, plan: &Plan) -> Result<()> {
        for (kind, clients, quantity) in [
            (Kind::Connect, 64, Quantity::Cpu),
            (Kind::Idle, 1, Quantity::Proportional),
        ] {
            // An interpreter's take some MiB each.
            let open = if kind == Kind::Idle { 200 } else { 0 };
            let (server, start) = self.start(plan)?;
            self.starts.push(start);
            let outcome = put_load(&plan.stage, &server, kind, clients, open, plan.window)?;
            if let Some(error) = outcome.first_error {
                bail!("{}: {error}", self.name);
            }
            let figure = outcome.figures.get(&quantity).context("nothing was counted")?;
            match kind {
                Kind::Idle => self.idle.push(*figure),
                _ => self.cpu.push(*figure),
            }
            server.stop()?;
        }
        Ok(())
    }
}

/// A copy of the source, to be changed. Rust's stays where its workspace is.
fn copy(extension: &str) -> Result<PathBuf> {
    let source = workspace::root()
        .join("guest/handlers/echo/handler")
        .with_extension(extension);
    if extension == "rs" {
        return Ok(source);
    }
    let folder = workspace::root().join("target/bench").join(extension);
    fs::create_dir_all(&folder)?;
    let copy = folder.join("handler").with_extension(extension);
    fs::copy(&source, &copy)?;
    Ok(copy)
}

/// Changes a source, so that it has to be compiled again: cargo goes by the time of a file, other compilers by what is in it.
fn change(source: &Path) -> Result<()> {
    let mut file = fs::File::options().append(true).open(source)?;
    match source.extension().and_then(std::ffi::OsStr::to_str) {
        Some("rs") => file.set_modified(std::time::SystemTime::now())?,
        Some("py") => writeln!(file, "# Changed.")?,
        _ => writeln!(file, "// Changed.")?,
    }
    Ok(())
}

fn table(rows: &[Row]) -> String {
    let mut text = String::from(
        "| language | component | build | start, cache warm | CPU per connection | idle connection |\n|---|--:|--:|--:|--:|--:|\n",
    );
    for row in rows {
        let _ = writeln!(
            text,
            "| {} | {} KiB | {:.1} s | {:.0} ms | {:.0} µs | {:.0} KiB |",
            row.name,
            row.size >> 10,
            row.build.as_secs_f64(),
            middle(&row.starts),
            middle(&row.cpu),
            middle(&row.idle),
        );
    }
    text
}

fn middle(values: &[f64]) -> f64 {
    median(values.iter().copied()).unwrap_or(f64::NAN)
}
