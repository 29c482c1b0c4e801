//! The server of this project, with a handler in each of a few languages.

mod components;

use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};

pub(in crate::bench) use self::components::{Components, project as build};
use super::{Demand, Peer, SERVER_THREADS, Stage, first_line};
use crate::bench::process;
use crate::bench::row::{Http, Reuse, Service, Wasi};
use crate::bench::server::{Ready, Server};

/// The name of the one that all others are compared with.
pub(in crate::bench) const OURS: &str = "socketserver";

pub(super) const RUST: Peer = Peer {
    name: OURS,
    what: "this server, each connection in a fresh sandbox; the handler in Rust",
    install: "cargo builds it",
    version,
    start: |stage, demand| {
        let source = match demand.service {
            Service::Echo => "guest/handlers/echo",
            Service::EchoDatagrams => "guest/handlers/echo-datagrams",
            Service::Time => "guest/handlers/time",
            Service::Resp => "guest/handlers/resp",
            Service::Spin => "any",
            Service::Http(Http {
                wasi: Wasi::Preview2, ..
            }) => "http_hello",
            Service::Http(Http {
                wasi: Wasi::Preview3, ..
            }) => "http_hello_async",
        };
        start(&Setup::of(OURS, source), stage, demand)
    },
};

/// Where as many connections as fit have to fit: for ten thousand, which a pool has room for, nobody gets it without asking.
pub(super) const SLAB: Peer = Peer {
    name: "socketserver-slab",
    what: "this server with `--allocation slab`, for many connections that wait; the handler in Rust",
    install: "cargo builds it",
    version,
    start: |stage, demand| {
        ensure_echo(demand)?;
        let setup = Setup {
            flags: &[["--allocation", "slab"]],
            ..Setup::of("socketserver-slab", "guest/handlers/echo")
        };
        start(&setup, stage, demand)
    },
};

pub(super) const ASYNC: Peer = Peer {
    name: "socketserver-async",
    what: "this server; the handler in Rust, of the async world",
    install: "cargo builds it",
    version,
    start: |stage, demand| start_echo("socketserver-async", "guest/handlers/echo-async", stage, demand),
};

/// A component with little in it: its connection is all that it imports, and it has next to no data.
pub(super) const C: Peer = Peer {
    name: "socketserver-c",
    what: "this server; the handler in C",
    install: "apt-get install clang lld wasi-libc libclang-rt-dev-wasm32",
    version,
    start: |stage, demand| start_echo("socketserver-c", "guest/handlers/echo/handler.c", stage, demand),
};

pub(super) const JAVASCRIPT: Peer = Peer {
    name: "socketserver-javascript",
    what: "this server; the handler in JavaScript",
    install: "apt-get install nodejs npm",
    version,
    start: |stage, demand| {
        start_echo(
            "socketserver-javascript",
            "guest/handlers/echo/handler.js",
            stage,
            demand,
        )
    },
};

pub(super) const PYTHON: Peer = Peer {
    name: "socketserver-python",
    what: "this server; the handler in Python",
    install: "pip install componentize-py==0.25.1",
    version,
    start: |stage, demand| start_echo("socketserver-python", "guest/handlers/echo/handler.py", stage, demand),
};

fn version(stage: &Stage) -> Result<String> {
    first_line(Command::new(&stage.ours).arg("--version"))
}

fn start_echo(name: &'static str, source: &'static str, stage: &Stage, demand: &Demand<'_>) -> Result<Server> {
    ensure_echo(demand)?;
    start(&Setup::of(name, source), stage, demand)
}

fn ensure_echo(demand: &Demand<'_>) -> Result<()> {
    ensure!(demand.service == Service::Echo, "it has no such service");
    Ok(())
}

/// One of the servers of this project.
struct Setup {
    name: &'static str,
    /// What it serves: see [`Components`].
    source: &'static str,
    /// Flags and their values, unless the benchmark is told others.
    flags: &'static [[&'static str; 2]],
}

impl Setup {
    const fn of(name: &'static str, source: &'static str) -> Self {
        Self {
            name,
            source,
            flags: &[],
        }
    }
}

/// Starts with room for as many connections as are wanted, or as fit: how many that is differs by machine, by handler and by
/// strategy, and the server says it when they do not.
fn start(setup: &Setup, stage: &Stage, demand: &Demand<'_>) -> Result<Server> {
    let component = stage.components.get(&stage.ours, setup.source)?;
    if demand.connections == 0 {
        return try_start(setup, &component, stage, demand, None);
    }
    let mut connections = (demand.connections + SPARE).max(USUAL_CONNECTIONS);
    loop {
        let error = match try_start(setup, &component, stage, demand, Some(connections)) {
            Ok(server) => return Ok(server),
            Err(error) => error,
        };
        // What fits one bound may not fit another one.
        match room(&format!("{error:#}")) {
            Some(room) if room < connections => connections = room,
            _ => return Err(error),
        }
    }
}

/// How many connections fit, in the words of a server that was told to have more.
fn room(refusal: &str) -> Option<u32> {
    let (_, rest) = refusal.split_once("max-connections ")?;
    let (_, number) = rest.split_once("lower it to ")?;
    let end = number
        .find(|letter: char| !letter.is_ascii_digit())
        .unwrap_or(number.len());
    number[..end].parse().ok()
}

fn try_start(
    setup: &Setup,
    component: &Path,
    stage: &Stage,
    demand: &Demand<'_>,
    connections: Option<u32>,
) -> Result<Server> {
    let listen = match demand.service {
        Service::EchoDatagrams => "udp://127.0.0.1:0",
        Service::Http(_) => "http://127.0.0.1:0",
        _ => "tcp://127.0.0.1:0",
    };
    let mut command = Command::new(&stage.ours);
    command
        .arg("serve")
        .arg(component)
        .args(["--listen", listen, "--log", "off"]);
    let connections = connections.map(|connections| connections.to_string());
    let mut defaults = vec![["--threads", SERVER_THREADS]];
    defaults.extend(setup.flags);
    if let Some(connections) = &connections {
        defaults.push(["--max-connections", connections]);
    }
    let workers = (demand.connections > process::most_connections()?).then_some(WORKERS);
    if let Some(workers) = workers {
        defaults.push(["--workers", workers]);
    }
    match demand.service {
        // What loops for ever is ended by the benchmark and by nothing else.
        Service::Spin => defaults.push(["--max-cpu-time", "none"]),
        Service::Http(http) => defaults.push(["--max-instance-reuse-count", reuse(http)]),
        _ => {}
    }
    for [flag, value] in defaults {
        if !stage.ours_flags.iter().any(|given| is_flag(given, flag)) {
            command.args([flag, value]);
        }
    }
    command.args(&stage.ours_flags);
    if let Some(folder) = demand.cache {
        command.arg("--cache-dir").arg(folder);
    }
    Server::start(setup.name, &mut command, stage.cores, Ready::Output("listening "))
}

/// Whether a word of a command line gives this flag, with or without its value.
fn is_flag(word: &str, flag: &str) -> bool {
    word.strip_prefix(flag)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
}

/// As many requests as `wasmtime serve` gives an instance of WASI 0.3 unless it is told otherwise, or one. Both are told in
/// words, because their defaults differ.
pub(super) fn reuse(http: Http) -> &'static str {
    match http.reuse {
        Reuse::Fresh => "1",
        Reuse::Reused | Reuse::Shared => "128",
    }
}

/// For more connections than a process may have.
const WORKERS: &str = "4";

/// Connections that are ending still have their place.
const SPARE: u32 = 150;

/// With room for the burst of 5,000.
const USUAL_CONNECTIONS: u32 = 7_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_room_is_what_the_server_says() {
        let refusal = "did not start: error: max-connections 7000 needs about 100000 memory mappings, and the kernel allows \
                       65530; lower it to 4537, or raise the kernel's bound: it ended";
        assert_eq!(room(refusal), Some(4537));
        assert_eq!(room("error: cannot bind"), None);
        assert_eq!(room("error: threads 9000: lower it to 4"), None);
    }

    #[test]
    fn a_flag_is_known_in_both_forms() {
        assert!(is_flag("--threads", "--threads"));
        assert!(is_flag("--threads=2", "--threads"));
        assert!(!is_flag("--threads-of-others", "--threads"));
        assert!(!is_flag("2", "--threads"));
    }
}
