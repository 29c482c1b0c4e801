//! Native tokio: the same work without a sandbox, which is what ours is held against.

use std::fs;
use std::process::Command;

use anyhow::{Context as _, Result};

use super::{Demand, Peer, SERVER_THREADS, Stage, word};
use crate::bench::server::{Ready, Server};
use crate::workspace;

pub(super) const MULTI_THREAD: Peer = Peer {
    name: "tokio",
    what: "native: tokio's multi-thread runtime with one worker, a task for each connection",
    install: "cargo builds it",
    version,
    start: |stage, demand| start("tokio", &[], stage, demand),
};

pub(super) const PER_CORE: Peer = Peer {
    name: "tokio-per-core",
    what: "native: a current-thread runtime of tokio for each core, with a listener of its own (SO_REUSEPORT)",
    install: "cargo builds it",
    version,
    start: |stage, demand| start("tokio-per-core", &["--per-core"], stage, demand),
};

fn start(name: &'static str, arguments: &[&str], stage: &Stage, demand: &Demand<'_>) -> Result<Server> {
    let mut command = Command::new(&stage.xtask);
    command
        .args(["native-echo", "--threads", SERVER_THREADS])
        .args(["--service", word(demand.service)?])
        .args(arguments);
    Server::start(name, &mut command, stage.cores, Ready::Output("listening "))
}

/// The version that cargo has chosen for this project.
fn version(_: &Stage) -> Result<String> {
    let lock = fs::read_to_string(workspace::root().join("Cargo.lock")).context("cannot read Cargo.lock")?;
    let version = locked(&lock, "tokio").context("tokio is not in Cargo.lock")?;
    Ok(format!("tokio {version}"))
}

fn locked<'a>(lock: &'a str, package: &str) -> Option<&'a str> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name);
    lines.nth(1)?.strip_prefix("version = \"")?.strip_suffix('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_that_of_the_whole_name() {
        let lock = "[[package]]\nname = \"tokio-util\"\nversion = \"0.7\"\n\n[[package]]\nname = \"tokio\"\nversion = \"1.54.0\"\n";
        assert_eq!(locked(lock, "tokio"), Some("1.54.0"));
        assert_eq!(locked(lock, "serde"), None);
    }
}
