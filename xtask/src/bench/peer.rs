//! Who is measured: ours, and everybody that somebody might use in its place.
//!
//! One file for each, and beside it the program where it is one of this project, in its own language. Each program is what its
//! language makes easy, with the defaults that the load would run into raised, and says so.

pub(crate) mod native;

mod asyncio;
mod epoll;
mod go;
mod nginx;
mod node;
mod ours;
mod python;
mod redis;
#[cfg(test)]
mod smoke;
mod socket_activate;
mod tcpserver;
mod tokio;
mod wasmtime;
mod xinetd;

use std::ffi::OsStr;
use std::io;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Result, anyhow, ensure};

use super::cores::Cores;
use super::row::Service;
use super::server::Server;
use crate::workspace;

pub(super) use self::ours::{Components, OURS, build};

/// A server program, and how it is measured. All of its processes are charged to it, whoever it is: see [`super::tree`].
#[derive(Debug)]
pub(super) struct Peer {
    /// On the command line and in the figures.
    pub(super) name: &'static str,
    /// What it is and how it is set up, for the report.
    pub(super) what: &'static str,
    /// What installs it.
    pub(super) install: &'static str,
    /// Its version, in one line. Fails where the program is missing.
    pub(super) version: fn(&Stage) -> Result<String>,
    /// Starts it. Fails for a service that it does not have.
    pub(super) start: fn(&Stage, &Demand<'_>) -> Result<Server>,
}

/// What a server is started for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Demand<'a> {
    pub(super) service: Service,
    /// How many connections there will be at once; 0 for as many as the server has room for by default.
    pub(super) connections: u32,
    /// Where compiled components are kept, if not where the user keeps them.
    pub(super) cache: Option<&'a std::path::Path>,
}

/// All that servers are started with.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) cores: Cores,
    /// The binary of the server.
    pub(super) ours: PathBuf,
    /// What it is given beyond what the benchmark needs.
    pub(super) ours_flags: Vec<String>,
    /// This program, built in release: the native server and the load generator.
    pub(super) xtask: PathBuf,
    /// For programs that are built, and for configurations.
    pub(super) folder: PathBuf,
    pub(super) components: Components,
}

impl Stage {
    /// A file of the benchmark's own that a peer runs.
    fn source(name: &str) -> PathBuf {
        workspace::root().join("xtask/src/bench/peer").join(name)
    }
}

/// In the order in which they are named.
pub(super) const PEERS: &[Peer] = &[
    ours::RUST,
    ours::SLAB,
    ours::ASYNC,
    ours::C,
    ours::JAVASCRIPT,
    ours::PYTHON,
    tokio::MULTI_THREAD,
    tokio::PER_CORE,
    epoll::EPOLL,
    go::GO,
    node::NODE,
    asyncio::ASYNCIO,
    python::THREADS,
    python::FORKS,
    tcpserver::TCPSERVER,
    xinetd::XINETD,
    socket_activate::SOCKET_ACTIVATE,
    nginx::NGINX,
    redis::REDIS,
    wasmtime::WASMTIME,
];

pub(super) fn find(name: &str) -> Option<&'static Peer> {
    PEERS.iter().find(|peer| peer.name == name)
}

/// Finds a peer by the name that a user gives.
///
/// # Errors
///
/// None has it.
pub(super) fn parse(name: &str) -> Result<&'static Peer, String> {
    find(name).ok_or_else(|| {
        let names: Vec<_> = PEERS.iter().map(|peer| peer.name).collect();
        format!("no server has this name; there are {}", names.join(", "))
    })
}

/// One core serves, so one worker does: for all sides, and in words rather than by what each makes of its affinity.
pub(super) const SERVER_THREADS: &str = "1";

/// What a process-per-connection server runs: of all programs that echo, the one that every machine has, and that costs least.
const CAT: &str = "/bin/cat";

/// The first line that a program says of itself, on standard output or standard error. Some have no option for it and fail,
/// which is no matter.
fn first_line(command: &mut Command) -> Result<String> {
    let program = command.get_program().to_owned();
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| not_started(&program, &error))?;
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    let line = text.lines().map(str::trim).find(|line| !line.is_empty());
    Ok(line.unwrap_or("unknown version").to_owned())
}

/// Runs a compiler.
fn compile(command: &mut Command) -> Result<()> {
    let program = command.get_program().to_owned();
    let output = command.output().map_err(|error| not_started(&program, &error))?;
    ensure!(
        output.status.success(),
        "{}: {}",
        program.display(),
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(())
}

fn not_started(program: &OsStr, error: &io::Error) -> anyhow::Error {
    if error.kind() == io::ErrorKind::NotFound {
        anyhow!("{} is not installed", program.display())
    } else {
        anyhow!("cannot start {}: {error}", program.display())
    }
}

/// The word for a service on the command lines of the benchmark's own programs.
fn word(service: Service) -> Result<&'static str> {
    match service {
        Service::Echo => Ok("echo"),
        Service::EchoDatagrams => Ok("datagrams"),
        Service::Time => Ok("time"),
        Service::Spin => Ok("spin"),
        Service::Http(_) | Service::Resp => anyhow::bail!("it has no such service"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_is_found_by_its_whole_name() {
        assert_eq!(parse("tokio").unwrap().name, "tokio");
        assert!(parse("tok").unwrap_err().contains("tokio-per-core"));
    }

    #[test]
    fn a_program_that_fails_has_a_first_line_and_a_missing_one_has_none() {
        let line = first_line(Command::new("sh").args(["-c", "echo; echo usage >&2; exit 100"])).unwrap();
        assert_eq!(line, "usage");
        let error = first_line(&mut Command::new("no-such-program-anywhere")).unwrap_err();
        assert!(error.to_string().contains("is not installed"));
    }
}
