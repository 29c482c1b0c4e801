//! All that is decided before the first round.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail, ensure};

use super::Args;
use super::cores::Cores;
use super::interrupt;
use super::load::Kind;
use super::measurement::{Program, Unmeasured};
use super::peer::{self, Demand, Peer, Stage};
use super::process::most_connections;
use super::row::{self, Load, ROWS, Row, Service};
use crate::workspace;

#[derive(Debug)]
pub(super) struct Plan {
    pub(super) stage: Stage,
    pub(super) rows: Vec<Planned>,
    /// Of the rows with the most.
    pub(super) rounds: u32,
    /// How long each load lasts.
    pub(super) window: Duration,
    /// The most connections that are open beside those of the clients.
    pub(super) most_open: u32,
    /// Whether it is the whole benchmark, as it is published.
    pub(super) is_whole: bool,
}

/// A row, and those of its servers that are measured.
#[derive(Debug)]
pub(super) struct Planned {
    pub(super) row: &'static Row,
    pub(super) peers: Vec<&'static Peer>,
}

/// The rounds of the rows that have the most.
const ROUNDS: u32 = 5;

impl Plan {
    pub(super) fn new(args: &Args) -> Result<Self> {
        let mut rows: BTreeSet<&str> = BTreeSet::new();
        for name in &args.only {
            let selected = row::select(name).map_err(|error| anyhow!("--only {name}: {error}"))?;
            rows.extend(selected.iter().map(|row| row.name));
        }
        let rows = ROWS
            .iter()
            .filter(|row| args.only.is_empty() || rows.contains(row.name));
        let planned = rows.map(|row| Planned {
            row,
            peers: row
                .peers
                .iter()
                .filter_map(|name| peer::find(name))
                .filter(|peer| args.peer.is_empty() || is_selected(peer, &args.peer))
                .collect(),
        });
        let most = most_connections()?;
        Ok(Self {
            rows: planned.collect(),
            rounds: args.rounds.unwrap_or(if args.quick { 1 } else { ROUNDS }),
            window: if args.quick {
                Duration::from_millis(200)
            } else {
                Duration::from_secs(1)
            },
            most_open: if args.quick { most.min(1_000) } else { most },
            is_whole: !args.quick && args.only.is_empty() && args.peer.is_empty(),
            stage: stage(args)?,
        })
    }

    /// In how many rounds a row is measured.
    pub(super) fn rounds_of(&self, row: &Row) -> u32 {
        (row.rounds * self.rounds).div_ceil(ROUNDS)
    }

    /// How long a load lasts. A neighbour of handlers that loop is answered a hundred times in a second, which is little for
    /// a quantile.
    pub(super) fn window_of(&self, kind: Kind) -> Duration {
        if kind == Kind::Neighbour {
            2 * self.window
        } else {
            self.window
        }
    }

    /// About how long the rounds take.
    pub(super) fn estimate(&self) -> Duration {
        let rows = self.rows.iter();
        rows.map(|planned| self.estimate_of(planned.row) * self.rounds_of(planned.row) * length(&planned.peers))
            .sum()
    }

    /// One measurement: to start and to stop a server, to connect, and the load.
    fn estimate_of(&self, row: &Row) -> Duration {
        match row.load {
            Load::Start { cold: false } => Duration::from_millis(200),
            // Rust takes little of it, and Python nearly all.
            Load::Start { cold: true } => Duration::from_secs(6),
            Load::Clients { kind, clients, open } => {
                let open = open.number(self.most_open);
                let connecting = Duration::from_micros(250) * (clients + open);
                let load = match kind {
                    Kind::Idle => 3 * connecting + Duration::from_millis(1_500),
                    Kind::Crowd | Kind::Fill => connecting + Duration::from_millis(900),
                    _ => self.window_of(kind),
                };
                Duration::from_millis(350) + connecting + load
            }
        }
    }

    /// Starts every server once for each of its services: that builds what has to be built, and compiles components into the
    /// server's cache, so that no round waits for it. Those that cannot be started are left out, and named.
    ///
    /// # Errors
    ///
    /// Ours cannot be started, or the benchmark was interrupted.
    pub(super) fn prepare(&mut self) -> Result<(Vec<Program>, Vec<Unmeasured>)> {
        let (mut programs, mut unmeasured) = (Vec::new(), Vec::new());
        for peer in peer::PEERS {
            let services: BTreeSet<_> = self.rows_of(peer).map(|planned| planned.row.service).collect();
            let is_started = self
                .rows_of(peer)
                .any(|planned| matches!(planned.row.load, Load::Start { .. }));
            if services.is_empty() {
                continue;
            }
            interrupt::check()?;
            let version = match (peer.version)(&self.stage) {
                Ok(version) => version,
                Err(error) => {
                    unmeasured.push(self.leave_out(peer, None, &error));
                    continue;
                }
            };
            eprintln!("preparing {}: {version}", peer.name);
            for service in services {
                if let Err(error) = self.try_out(peer, service, is_started) {
                    interrupt::check()?;
                    ensure!(peer.name != peer::OURS, "{error:#}");
                    unmeasured.push(self.leave_out(peer, Some(service), &error));
                }
            }
            if self.rows_of(peer).next().is_some() {
                programs.push(Program {
                    name: peer.name.into(),
                    version,
                    what: peer.what.into(),
                });
            }
        }
        Ok((programs, unmeasured))
    }

    /// Once in each way that it is going to be started in: what is kept of a start may depend on them.
    fn try_out(&self, peer: &Peer, service: Service, is_started: bool) -> Result<()> {
        let connections = if is_started { &[1, 0][..] } else { &[1] };
        for &connections in connections {
            let demand = Demand {
                service,
                connections,
                cache: None,
            };
            (peer.start)(&self.stage, &demand)?.stop()?;
        }
        Ok(())
    }

    fn rows_of(&self, peer: &Peer) -> impl Iterator<Item = &Planned> {
        let name = peer.name;
        self.rows
            .iter()
            .filter(move |planned| planned.peers.iter().any(|peer| peer.name == name))
    }

    /// Strikes a server from the rows of one service, or from all.
    fn leave_out(&mut self, peer: &Peer, service: Option<Service>, error: &anyhow::Error) -> Unmeasured {
        eprintln!("not measured: {}: {error:#}", peer.name);
        let mut rows = Vec::new();
        for planned in &mut self.rows {
            if service.is_none_or(|service| service == planned.row.service) {
                let before = planned.peers.len();
                planned.peers.retain(|other| other.name != peer.name);
                if planned.peers.len() < before {
                    rows.push(planned.row.name.to_owned());
                }
            }
        }
        Unmeasured {
            peer: peer.name.into(),
            rows: if service.is_none() { Vec::new() } else { rows },
            why: format!("{error:#}"),
            install: peer.install.into(),
        }
    }

    /// How it was measured, for the report.
    pub(super) fn settings(&self) -> Vec<(String, String)> {
        let count = |name: &str| {
            let text = fs::read_to_string(name);
            text.map_or_else(|_| "unknown".into(), |text| text.trim().to_owned())
        };
        let mut settings = vec![
            (
                "settings".to_owned(),
                format!(
                    "{} ms of load for a measurement (neighbours: twice that) after 150 ms of warming up; rounds: up to {}, fewer for rows that vary little; \
                     one worker thread for each server",
                    self.window.as_millis(),
                    self.rounds
                ),
            ),
            (
                "limits".to_owned(),
                format!(
                    "at most {} connections are opened beside those of the clients; vm.max_map_count {}; net.core.somaxconn {}",
                    self.most_open,
                    count("/proc/sys/vm/max_map_count"),
                    count("/proc/sys/net/core/somaxconn")
                ),
            ),
        ];
        if !self.stage.ours_flags.is_empty() {
            settings.push(("further flags of ours".to_owned(), self.stage.ours_flags.join(" ")));
        }
        settings
    }
}

fn is_selected(peer: &Peer, names: &[&'static Peer]) -> bool {
    peer.name == peer::OURS || names.iter().any(|selected| selected.name == peer.name)
}

fn length<T>(of: &[T]) -> u32 {
    u32::try_from(of.len()).unwrap_or(u32::MAX)
}

fn stage(args: &Args) -> Result<Stage> {
    let ours = match &args.ours {
        Some(path) => path
            .canonicalize()
            .with_context(|| format!("no binary {}", path.display()))?,
        None => build("socketserver")?,
    };
    // Emptied, so that no program of an earlier state of its source is in it.
    let folder = workspace::root().join("target/bench/peers");
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(Stage {
        cores: Cores::choose()?,
        ours,
        ours_flags: args.ours_flags.split_whitespace().map(str::to_owned).collect(),
        xtask: build("xtask")?,
        folder,
        components: peer::Components::default(),
    })
}

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
    if !output.status.success() {
        bail!("cargo cannot build {package}");
    }
    output
        .stdout
        .split(|byte| *byte == b'\n')
        .filter_map(|line| serde_json::from_slice::<serde_json::Value>(line).ok())
        .filter(|message| message["target"]["name"] == package)
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .with_context(|| format!("cargo built no binary for {package}"))
}
