//! One row in one round: every server of it, one right after the other.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use super::interrupt::{self, Group};
use super::load::{self, Kind, Outcome};
use super::measurement::Measurement;
use super::peer::{Demand, Peer, Stage};
use super::plan::{Plan, Planned};
use super::row::{Load, Row, Service};
use super::server::Server;
use super::start;

/// All servers of a row start anew in each round, because what one has served shows in what it does next, and take turns; who
/// is first changes from round to round.
///
/// All run all the time, so that the measurements of a row are as close to each other as can be. Those that wait take nothing
/// from the one that is measured: a server without connections wakes a few times a second. A new process for each measurement
/// brings another layout of memory, whose luck the median takes out.
///
/// # Errors
///
/// The benchmark was interrupted. What a server does wrong is a part of what was measured.
pub(super) fn row(plan: &Plan, planned: &Planned, round: u32) -> Result<Vec<Measurement>> {
    let row = planned.row;
    let began = Instant::now();
    let peers = order(&planned.peers, round);
    let outcomes: Vec<(&Peer, Outcome)> = match row.load {
        Load::Start { cold } => peers
            .into_iter()
            .map(|peer| (peer, start::measure(&plan.stage, peer, row.service, cold)))
            .map(|(peer, outcome)| (peer, outcome.unwrap_or_else(|error| Outcome::failed(&error))))
            .collect(),
        Load::Clients { kind, clients, open } => {
            let open = open.number(plan.most_open);
            let demand = Demand {
                service: row.service,
                connections: clients + open,
                cache: None,
            };
            let started: Vec<_> = peers
                .into_iter()
                .map(|peer| (peer, (peer.start)(&plan.stage, &demand)))
                .collect();
            let measured = started.into_iter().map(|(peer, server)| {
                let outcome = server.and_then(|server| {
                    let outcome = put_load(&plan.stage, &server, kind, clients, open, plan.window_of(kind))?;
                    Ok(ended(row, server, outcome))
                });
                (peer, outcome.unwrap_or_else(|error| Outcome::failed(&error)))
            });
            measured.collect()
        }
    };
    interrupt::check()?;
    let seconds = began.elapsed().as_secs_f64();
    eprintln!("  {} ({seconds:.0} s): {}", row.name, glance(&outcomes));
    let measurements = outcomes.into_iter().map(|(peer, outcome)| Measurement {
        row: row.name.into(),
        peer: peer.name.into(),
        round,
        outcome,
    });
    Ok(measurements.collect())
}

/// Stops a server in order, which is a part of what it has to do well.
fn ended(row: &Row, server: Server, mut outcome: Outcome) -> Outcome {
    if row.service == Service::Spin {
        // Its handlers loop for ever, so it has no orderly end.
        drop(server);
    } else if let Err(error) = server.stop() {
        outcome.errors += 1;
        outcome.first_error.get_or_insert_with(|| format!("{error:#}"));
    }
    outcome
}

/// Runs the load generator to its end. It bounds its own time.
pub(super) fn put_load(
    stage: &Stage,
    server: &Server,
    kind: Kind,
    clients: u32,
    open: u32,
    window: Duration,
) -> Result<Outcome> {
    let load = load::Load::new(kind, server.address(), server.id(), window, clients, open)?;
    let mut command = Command::new(&stage.xtask);
    command.arg("load").args(load.arguments()?);
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = stage.cores.spawn_client(&mut command)?;
    let _group = match Group::new(child.id()) {
        Ok(group) => group,
        Err(error) => {
            child.wait()?;
            return Err(error);
        }
    };
    let output = child.wait_with_output().context("the load generator got lost")?;
    ensure!(
        output.status.success(),
        "the load on {} ended with {}",
        server.name(),
        output.status
    );
    serde_json::from_slice(&output.stdout).context("the load generator's answer cannot be read")
}

/// Another one is first in each round, and each goes before its neighbour as often as behind it.
fn order<T: Copy>(peers: &[T], round: u32) -> Vec<T> {
    let mut order = peers.to_vec();
    if !order.is_empty() {
        let first = round as usize / 2 % order.len();
        order.rotate_left(first);
    }
    if round % 2 == 1 {
        order.reverse();
    }
    order
}

/// The first figure of each, for those who watch.
fn glance(outcomes: &[(&Peer, Outcome)]) -> String {
    let words = outcomes.iter().map(|(peer, outcome)| {
        let figure = match (&outcome.first_error, outcome.figures.iter().next()) {
            (Some(error), _) => format!("FAILED: {error}"),
            (None, Some((_, figure))) => super::report::short(*figure),
            (None, None) => "nothing".into(),
        };
        format!("{} {figure}", peer.name)
    });
    words.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_first_once_and_neighbours_change_sides() {
        let peers = ["a", "b", "c"];
        assert_eq!(order(&peers, 0), ["a", "b", "c"]);
        assert_eq!(order(&peers, 1), ["c", "b", "a"]);
        assert_eq!(order(&peers, 2), ["b", "c", "a"]);
        assert_eq!(order(&peers, 3), ["a", "c", "b"]);
        assert_eq!(order(&["a"], 3), ["a"]);
        assert!(order::<&str>(&[], 0).is_empty());
    }
}
