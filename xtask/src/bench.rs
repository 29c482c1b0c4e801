//! `cargo xtask bench`: the server beside a native one, on this machine, at this moment.
//!
//! Times of different days and machines do not compare; ratios of two servers that take turns on one core do. So every
//! workload runs against both servers, one right after the other, round after round, and the report gives medians. The
//! load comes from a process of its own, on a core of its own.

mod cores;
mod http;
mod languages;
pub(crate) mod load;
mod machine;
pub(crate) mod native;
mod process;
mod python;
mod report;
mod server;
mod workload;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};

use self::cores::Cores;
use self::load::{Load, Outcome};
use self::report::{Report, Round, Sides};
use self::server::Server;
use self::workload::Workload;
use crate::workspace;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Shorter measurements, and fewer: to see that nothing is broken, in under 40 seconds after the build.
    #[arg(long)]
    quick: bool,

    /// How often everything is measured [default: 5, or 3 with --quick].
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: Option<u32>,

    /// Measure only this. May be given several times.
    #[arg(long, value_name = "NAME")]
    only: Vec<Workload>,

    /// Measure the echo handler in every language, beside each other and nothing else.
    #[arg(long, conflicts_with_all = ["only", "check", "json"])]
    languages: bool,

    /// Measure `wasi:http` components, beside `wasmtime serve` and nothing else.
    #[arg(long, conflicts_with_all = ["only", "languages"])]
    http: bool,

    /// Fail when a target is missed, too.
    #[arg(long)]
    check: bool,

    /// Write every figure of every round to a file, as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    /// Measure this binary as ours, to compare two builds.
    #[arg(long, value_name = "PATH", hide = true)]
    ours: Option<PathBuf>,
}

/// Measures and prints the report.
///
/// # Errors
///
/// A program cannot be built or started, or a single answer was missing or wrong. A missed target is in the report, and an
/// error only with `--check`: what else the machine does may be the reason.
pub(crate) fn run(args: &Args) -> Result<()> {
    let plan = Plan::new(args)?;
    if args.languages {
        return languages::run(&plan);
    }
    // Before the first round, whose load would be part of the machine's.
    let machine = machine::facts(plan.cores);
    eprintln!("{}", plan.cores.describe());
    // Builds the handlers and compiles them into the server's cache, so that no round waits for it.
    for &workload in &plan.workloads {
        plan.start_ours(workload)?.stop()?;
    }
    let mut rounds = Vec::new();
    for number in 0..plan.rounds {
        eprintln!("round {} of {}", number + 1, plan.rounds);
        rounds.push(plan.round(number)?);
    }
    let report = Report::new(machine, rounds);
    if let Some(file) = &args.json {
        let json = serde_json::to_vec_pretty(&report)?;
        fs::write(file, json).with_context(|| format!("cannot write {}", file.display()))?;
    }
    println!("{report}");
    let errors = report.errors();
    ensure!(errors == 0, "{errors} operations failed, so the figures mean nothing");
    let missed = report.missed();
    ensure!(!args.check || missed == 0, "{missed} targets are missed");
    Ok(())
}

/// All that is decided before the first round.
#[derive(Debug)]
struct Plan {
    cores: Cores,
    /// The binary of the server.
    ours: PathBuf,
    /// This program, built in release: the native server and the load generator.
    xtask: PathBuf,
    workloads: Vec<Workload>,
    rounds: u32,
    window: Duration,
    idle_connections: u32,
}

impl Plan {
    fn new(args: &Args) -> Result<Self> {
        let ours = match &args.ours {
            Some(path) => path
                .canonicalize()
                .with_context(|| format!("no binary {}", path.display()))?,
            None => build("socketserver")?,
        };
        let mut workloads = if args.http {
            Workload::http()
        } else if args.only.is_empty() {
            Workload::all()
        } else {
            args.only.clone()
        };
        workloads.sort_unstable();
        workloads.dedup();
        Ok(Self {
            cores: Cores::choose()?,
            ours,
            xtask: build("xtask")?,
            workloads,
            rounds: args.rounds.unwrap_or(if args.quick { 3 } else { 5 }),
            window: if args.quick {
                Duration::from_millis(500)
            } else {
                Duration::from_secs(2)
            },
            idle_connections: match (args.languages, args.quick) {
                // An interpreter's take some MiB each.
                (true, _) => 200,
                (false, true) => 1_000,
                (false, false) => 5_000,
            },
        })
    }

    /// Both servers start anew for each workload, because what one has served shows in what it does next, and take turns;
    /// who is first changes from round to round.
    ///
    /// Both run all the time, so that the two measurements of a workload are as close to each other as can be. The one that
    /// waits takes nothing from the other: a server without connections wakes a few times a second. A new process for each
    /// measurement brings another layout of memory, whose luck the median takes out.
    fn round(&self, number: u32) -> Result<Round> {
        let mut round = Round::default();
        for &workload in &self.workloads {
            let ours = self.start_ours(workload)?;
            let native = self.start_rival(workload)?;
            let python = self.start_python(workload)?;
            let sides = if number.is_multiple_of(2) {
                let ours = self.load(&ours, workload)?;
                Sides {
                    ours,
                    native: self.load(&native, workload)?,
                    python: self.load_python(python, workload)?,
                }
            } else {
                let python = self.load_python(python, workload)?;
                let native = self.load(&native, workload)?;
                Sides {
                    ours: self.load(&ours, workload)?,
                    native,
                    python,
                }
            };
            native.stop()?;
            ours.stop()?;
            eprintln!("  {}: {}", workload.name(), sides.glance());
            round.0.insert(workload, sides);
        }
        Ok(round)
    }

    fn start_ours(&self, workload: Workload) -> Result<Server> {
        if workload.is_http() {
            return http::start_ours(self, workload);
        }
        let (handler, listen) = if workload.has_datagrams() {
            ("guest/handlers/echo-datagrams", "udp://127.0.0.1:0")
        } else if workload.is_async() {
            ("guest/handlers/echo-async", "tcp://127.0.0.1:0")
        } else {
            ("guest/handlers/echo", "tcp://127.0.0.1:0")
        };
        let mut command = Command::new(&self.ours);
        command
            .arg("serve")
            .arg(Path::new(handler))
            .args(["--listen", listen, "--max-connections", "7000", "--log", "off"])
            .args(["--threads", SERVER_THREADS])
            .current_dir(workspace::root());
        Server::start("socketserver", &mut command, self.cores)
    }

    /// The server that ours is compared with.
    fn start_rival(&self, workload: Workload) -> Result<Server> {
        if workload.is_http() {
            return http::start_wasmtime(self, workload);
        }
        let mut command = Command::new(&self.xtask);
        command.args(["native-echo", "--threads", SERVER_THREADS]);
        if workload.has_datagrams() {
            command.arg("--datagrams");
        }
        Server::start("native", &mut command, self.cores)
    }

    /// Datagrams alone are measured beside Python's server, whose order of magnitude is all that one wants to know.
    fn start_python(&self, workload: Workload) -> Result<Option<Server>> {
        let command = workload.has_datagrams().then(python::datagrams).flatten();
        command
            .map(|mut command| Server::start("Python", &mut command, self.cores))
            .transpose()
    }

    fn load_python(&self, server: Option<Server>, workload: Workload) -> Result<Option<Outcome>> {
        let Some(server) = server else {
            return Ok(None);
        };
        let outcome = self.load(&server, workload)?;
        server.stop()?;
        Ok(Some(outcome))
    }

    /// Runs the load generator to its end. It bounds its own time.
    fn load(&self, server: &Server, workload: Workload) -> Result<Outcome> {
        let mut command = Command::new(&self.xtask);
        command
            .arg("load")
            .args(Load::arguments(workload, server, self.window, self.idle_connections));
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let child = self.cores.spawn_client(&mut command)?;
        let output = child.wait_with_output().context("the load generator got lost")?;
        if !output.status.success() {
            bail!(
                "{} against {} ended with {}",
                workload.name(),
                server.name(),
                output.status
            );
        }
        serde_json::from_slice(&output.stdout).context("the load generator's answer cannot be read")
    }
}

/// One core serves, so one worker does: for both sides, and in words rather than by what each makes of its affinity.
const SERVER_THREADS: &str = "1";

/// Builds one package in release and returns its binary.
///
/// One cargo run for each package: in a common one cargo would unite the features of their common dependencies, and the
/// server that is measured would not be the one that users build.
fn build(package: &str) -> Result<PathBuf> {
    let output = workspace::cargo()
        .args([
            "build",
            "--release",
            "--message-format",
            "json-render-diagnostics",
            "--package",
            package,
        ])
        .current_dir(workspace::root())
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start cargo")?;
    ensure!(output.status.success(), "cargo cannot build {package}");
    output
        .stdout
        .split(|byte| *byte == b'\n')
        .filter_map(|line| serde_json::from_slice::<serde_json::Value>(line).ok())
        .filter(|message| message["target"]["name"] == package)
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .with_context(|| format!("cargo built no binary for {package}"))
}
