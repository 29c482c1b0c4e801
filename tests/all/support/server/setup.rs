//! What a server is started with.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::{BINARY, Server, cache, with_descriptors};
use crate::support::hosts::Hosts;
use crate::support::log::Log;
use crate::support::namespace::Namespace;
use crate::support::process::{Process, lines_of};
use crate::support::turn::Turn;

/// A server that is not started yet.
#[derive(Debug)]
pub(crate) struct Setup {
    handler: PathBuf,
    flags: Vec<OsString>,
    listen: Vec<String>,
    log: &'static str,
    log_format: &'static str,
    cache: Option<PathBuf>,
    descriptors: Option<u32>,
    /// What runs the binary, as `nice` would: a program and its arguments.
    under: Vec<String>,
    alone: bool,
    other_output: bool,
}

impl Setup {
    pub(super) fn new(handler: PathBuf) -> Self {
        Self {
            handler,
            flags: Vec::new(),
            listen: Vec::new(),
            log: INFO,
            log_format: "json",
            cache: Some(cache().to_owned()),
            descriptors: None,
            under: Vec::new(),
            alone: false,
            other_output: false,
        }
    }

    /// Gives a flag of the command line a value: `with("max-connections", 2)`.
    pub(crate) fn with(mut self, flag: &str, value: impl ToString) -> Self {
        self.flags.push(format!("--{flag}={}", value.to_string()).into());
        self
    }

    /// Gives a flag as it is: `flag("-Sconfig")`.
    pub(crate) fn flag(mut self, flag: &str) -> Self {
        self.flags.push(flag.into());
        self
    }

    /// Listens there; without it, at a port of 127.0.0.1 that the system chooses.
    pub(crate) fn listen(mut self, url: impl Into<String>) -> Self {
        self.listen.push(url.into());
        self
    }

    /// Logs by this filter. Unless connections are logged, their lines are not compared with the books.
    pub(crate) fn log(mut self, filter: &'static str) -> Self {
        self.log = filter;
        self
    }

    /// Logs lines for people.
    pub(crate) fn log_text(mut self) -> Self {
        self.log_format = "text";
        self.other_output = true;
        self
    }

    /// Keeps compiled components there, and shares none with other tests.
    pub(crate) fn cache(mut self, folder: &Path) -> Self {
        self.cache = Some(folder.to_owned());
        self
    }

    /// Keeps no compiled components.
    pub(crate) fn no_cache(mut self) -> Self {
        self.cache = None;
        self
    }

    /// Lets the process have only so many descriptors.
    pub(crate) fn descriptors(mut self, count: u32) -> Self {
        self.descriptors = Some(count);
        self
    }

    /// Runs it in a network of its own.
    pub(crate) fn inside(mut self, namespace: &Namespace) -> Self {
        self.under = namespace.prefix().map(str::to_owned).into();
        self
    }

    /// Runs it where names stand for what these say.
    pub(crate) fn with_hosts(mut self, hosts: &Hosts) -> Self {
        self.under = hosts.prefix().into();
        self
    }

    /// Runs no other test meanwhile, because this one measures time or memory.
    pub(crate) fn alone(mut self) -> Self {
        self.alone = true;
        self
    }

    /// Lets other programs write to its standard error: the builder of a project.
    pub(crate) fn beside_other_output(mut self) -> Self {
        self.other_output = true;
        self
    }

    /// Starts it, and waits until it listens.
    pub(crate) fn start(mut self) -> Server {
        let turn = Turn::take(self.alone);
        if self.listen.is_empty() {
            self.listen.push("tcp://127.0.0.1:0".to_owned());
        }
        let (process, output, errors) = Process::start(&mut self.command());
        let output = lines_of(output);
        let (log, log_reader) = Log::follow(errors);
        let mut server = Server {
            process,
            listeners: Vec::new(),
            output,
            log,
            log_reader: Some(log_reader),
            logs_connections: self.log == INFO,
            other_output: self.other_output,
            _turn: turn,
        };
        for url in &self.listen {
            let line = server.output.recv_timeout(LOADED);
            let line = line.unwrap_or_else(|_| panic!("the server does not listen on {url}"));
            let address = line.strip_prefix("listening ").expect("the line says where it listens");
            server.listeners.push(address.to_owned());
        }
        server
    }

    fn command(&self) -> Command {
        let mut under = self.under.clone();
        if let Some(count) = self.descriptors {
            under.extend(with_descriptors(count));
        }
        under.push(BINARY.to_owned());
        let mut command = Command::new(&under[0]);
        command.args(&under[1..]);
        command.arg("serve").arg(&self.handler);
        command.args(self.listen.iter().flat_map(|url| ["--listen", url]));
        command.args(["--log", self.log, "--log-format", self.log_format]);
        match &self.cache {
            Some(folder) => command.arg("--cache-dir").arg(folder),
            None => command.arg("--no-cache"),
        };
        command.args(&self.flags).env_remove("RUST_LOG");
        for (flag, variable) in VARIED {
            let chooses = |given: &OsString| given.to_string_lossy().starts_with(flag);
            if let Some(value) = std::env::var_os(variable)
                && !self.flags.iter().any(chooses)
            {
                command.arg(flag).arg(value);
            }
        }
        command
    }
}

/// What a run of the tests may set for all servers that do not set it themselves.
const VARIED: [(&str, &str); 2] = [
    ("--allocation", "SOCKETSERVER_ALLOCATION"),
    ("--threads", "SOCKETSERVER_THREADS"),
];

/// How long it may take until it listens: a project and all that it needs may have to be compiled, or the interpreter of a
/// language, beside other tests. One that ends instead is noticed at once.
pub(crate) const LOADED: Duration = Duration::from_secs(300);

/// The level at which each connection has its two lines.
const INFO: &str = "info";
