//! Python's own socketserver, which ours is named after.

use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Context as _, Result, ensure};

use super::{Demand, Peer, Stage, first_line, word};
use crate::bench::server::{Ready, Server};

pub(super) const THREADS: Peer = Peer {
    name: "python-threads",
    what: "Python's ThreadingTCPServer (and ThreadingUDPServer), with a backlog of 1024 in place of 5",
    install: INSTALL,
    version,
    start: |stage, demand| start("python-threads", "threads", stage, demand),
};

pub(super) const FORKS: Peer = Peer {
    name: "python-forks",
    what: "Python's ForkingTCPServer (and ForkingUDPServer), with a backlog of 1024 in place of 5 and 2,000 children in place of 40",
    install: INSTALL,
    version,
    start: |stage, demand| start("python-forks", "forks", stage, demand),
};

pub(super) const INSTALL: &str = "apt-get install python3";

fn start(name: &'static str, concurrency: &str, stage: &Stage, demand: &Demand<'_>) -> Result<Server> {
    let mut command = python(&Stage::source("socketservers.py"))?;
    command.arg(concurrency).arg(word(demand.service)?);
    Server::start(name, &mut command, stage.cores, Ready::Output("listening "))
}

pub(super) fn version(_: &Stage) -> Result<String> {
    first_line(Command::new(interpreter()?).arg("--version"))
}

/// Isolated: no settings of the user, and nothing from the folder that it runs in.
pub(super) fn python(program: &Path) -> Result<Command> {
    let mut command = Command::new(interpreter()?);
    command.arg("-I").arg(program);
    Ok(command)
}

/// The interpreter itself: what is on PATH may be a script that finds it, whose time is not the interpreter's.
fn interpreter() -> Result<&'static str> {
    static FOUND: OnceLock<Option<String>> = OnceLock::new();
    let find = || -> Result<String> {
        let output = Command::new("python3")
            .args(["-I", "-c", "import sys; print(sys.executable)"])
            .output()?;
        ensure!(output.status.success(), "python3 fails");
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    };
    let found = FOUND.get_or_init(|| find().ok());
    found.as_deref().context("python3 is not installed")
}
