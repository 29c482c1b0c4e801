//! Whoever follows a page of documentation: a terminal whose commands are typed as they stand there, and a second one beside a
//! server.

use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::Receiver;
use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal, geteuid, kill_process};
use tempfile::TempDir;

use super::eventually::within;
use super::guest::project;
use super::page::{self, Kind};
use super::process::{Process, Run, lines_of};
use super::program::PORT_9999;
use super::server::BINARY;
use super::source::target;
use super::tool::skip;
use super::wasmtime;

/// A terminal in a folder of its own.
#[derive(Debug)]
pub(crate) struct Terminal {
    scratch: TempDir,
    folder: PathBuf,
    ports: Vec<(String, String)>,
    server: Option<Serving>,
}

/// What a command came to.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Went {
    Well,
    /// Something is not installed here; that was said.
    Missing,
}

/// A server that was started, and runs until the next command.
#[derive(Debug)]
struct Serving {
    process: Process,
    /// Whether it ends in order when it is told to stop; wasmtime is ended by the signal.
    drains: bool,
    errors: Receiver<String>,
    _only: Option<MutexGuard<'static, ()>>,
}

impl Terminal {
    /// A terminal for a page whose ports were replaced by these.
    pub(crate) fn new(ports: Vec<(String, String)>) -> Self {
        let scratch = tempfile::tempdir().expect("there is room");
        let folder = scratch.path().to_owned();
        Self {
            scratch,
            folder,
            ports,
            server: None,
        }
    }

    /// Does what a step of the page says.
    pub(crate) fn follow(&mut self, step: &Kind) -> Went {
        match step {
            Kind::Section => {
                self.stop();
                self.folder = self.scratch.path().to_owned();
            }
            Kind::Commands(commands) => {
                for command in commands {
                    if self.type_in(command) == Went::Missing {
                        return Went::Missing;
                    }
                }
            }
            Kind::Exchange { command, output } => {
                assert!(self.server.is_some(), "no server runs for: {command}");
                let printed = Run::of(&mut self.shell(command)).succeed();
                assert_eq!(printed, *output, "{command}");
            }
            Kind::File { name, text, is_part } => self.look_at(name, text, *is_part),
            Kind::Mentioned(command) => return self.try_out(command),
        }
        Went::Well
    }

    /// Stops the server, if one runs; it must end in order.
    pub(crate) fn stop(&mut self) {
        let Some(Serving {
            mut process,
            drains,
            errors,
            _only,
        }) = self.server.take()
        else {
            return;
        };
        let id = i32::try_from(process.id()).ok().and_then(Pid::from_raw);
        kill_process(id.expect("a process has an id"), Signal::TERM).expect("it runs");
        let code = process.wait(LONG).code();
        if drains {
            assert_eq!(code, Some(0), "{:?}", errors.iter().collect::<Vec<_>>());
        }
    }

    fn type_in(&mut self, command: &str) -> Went {
        self.stop();
        if let Some(folder) = command.strip_prefix("cd ") {
            self.folder = self.folder.join(folder);
            assert!(self.folder.is_dir(), "{command}: {}", self.folder.display());
            return Went::Well;
        }
        // The tests of the project themselves.
        if command == "cargo test" {
            return Went::Well;
        }
        // What is tested is the binary that cargo would build and run.
        let command = command.replacen("cargo run --release -- ", "socketserver ", 1);
        let serves = ["serve ", "run ", "dev "].map(|verb| format!("socketserver {verb}"));
        if serves.iter().any(|verb| command.starts_with(verb)) {
            return self.serve(&command);
        }
        if command.starts_with("wasmtime ") {
            return self.serve_stock(&command);
        }
        went(&command, Run::of(&mut self.shell(&command)))
    }

    /// Starts stock wasmtime, and waits until it takes connections at the port of the page that its command names.
    fn serve_stock(&mut self, command: &str) -> Went {
        let Some(program) = wasmtime::program() else {
            return Went::Missing;
        };
        let port = self
            .ports
            .iter()
            .find(|(_, port)| command.contains(&format!(":{port}")));
        let (_, port) = port.expect("it says where it listens");
        let line = command.replacen("wasmtime", &program.display().to_string(), 1);
        let (process, output, errors) = Process::start(&mut self.shell(&format!("exec {line}")));
        let (_, errors) = (lines_of(output), lines_of(errors));
        within(LONG, command, || {
            TcpStream::connect(format!("127.0.0.1:{port}")).is_ok().then_some(())
        });
        self.server = Some(Serving {
            process,
            drains: false,
            errors,
            _only: None,
        });
        Went::Well
    }

    /// Starts a server, and waits until it listens.
    fn serve(&mut self, command: &str) -> Went {
        if command.contains("icmp://") && !geteuid().is_root() {
            skip("ICMP takes root");
            return Went::Well;
        }
        let is_ours = command.contains("guest/");
        let (command, only) = match is_ours && command.starts_with("socketserver run ") {
            // Its port is in its source, which is not to be changed.
            true => {
                let only = PORT_9999.lock().unwrap_or_else(PoisonError::into_inner);
                (
                    self.ports
                        .iter()
                        .fold(command.to_owned(), |text, (port, other)| text.replace(other, port)),
                    Some(only),
                )
            }
            false => (command.to_owned(), None),
        };
        if !is_ours {
            replace_ports(&self.folder, &self.ports);
        }
        let (line, comment) = command.split_once(" #").unwrap_or((&command, ""));
        let is_default = !line.contains("--listen ") && !line.contains("--allow-bind ");
        let listen = match self.ports.iter().find(|(port, _)| port == DEFAULT_PORT) {
            Some((_, port)) if is_default => format!("--listen tcp://127.0.0.1:{port}"),
            _ if is_default => "--listen tcp://127.0.0.1:0".to_owned(),
            _ => String::new(),
        };
        let (process, output, errors) = Process::start(&mut self.shell(&format!("exec {line} {listen} #{comment}")));
        let (output, errors) = (lines_of(output), lines_of(errors));
        let Ok(said) = output.recv_timeout(LONG) else {
            drop(process);
            let said: Vec<_> = errors.iter().collect();
            let run = Run {
                code: None,
                output: String::new(),
                errors: said.join("\n"),
            };
            return went(&command, run);
        };
        assert!(said.starts_with("listening "), "{command}: {said}");
        self.server = Some(Serving {
            process,
            drains: true,
            errors,
            _only: only,
        });
        Went::Well
    }

    /// A file that is there is as the page shows it; another one is made so.
    fn look_at(&self, name: &str, text: &str, is_part: bool) {
        let path = self.folder.join(name);
        let Ok(there) = fs::read_to_string(&path) else {
            fs::create_dir_all(path.parent().expect("it is in the folder")).expect("a folder can be made");
            fs::write(path, text).expect("a file can be written");
            return;
        };
        let there = page::replace(&there, &self.ports);
        if is_part {
            for part in text.trim_end().split("\n\n") {
                assert!(
                    there.contains(part),
                    "{name} has not what the page shows: {part}\n---\n{there}"
                );
            }
        } else {
            assert_eq!(there, text, "{name} is not as the page shows it");
        }
    }

    /// A command in a sentence: what it makes is nothing that the page goes on with.
    fn try_out(&self, command: &str) -> Went {
        let words: Vec<_> = command.split(' ').collect();
        match words[1] {
            "doctor" | "build" => went(command, Run::of(&mut self.shell(command))),
            "new" => {
                let folder = tempfile::tempdir().expect("there is room");
                let command = command.replace("NAME", "made");
                went(&command, Run::of(self.shell(&command).current_dir(folder.path())))
            }
            // A command by its name alone: there is one.
            _ if words.len() == 2 => went(command, Run::of(&mut self.shell(&format!("{command} --help")))),
            _ => panic!("these tests do not know what to do with `{command}` in a sentence"),
        }
    }

    /// A command line, in the project's own folder if it names something of it, or what was made of that.
    fn shell(&self, line: &str) -> Command {
        let bin = Path::new(BINARY).parent().expect("it is in a folder");
        let path = std::env::var_os("PATH").unwrap_or_default();
        let places = std::iter::once(bin.to_owned()).chain(std::env::split_paths(&path));
        let mut command = Command::new("sh");
        command
            .args(["-c", line])
            .env("PATH", std::env::join_paths(places).expect("folders of PATH"))
            .env("CARGO_TARGET_DIR", target())
            .env_remove("RUST_LOG");
        match line.contains("guest/") || line.contains("target/bundles") {
            true => command.current_dir(project()),
            false => command.current_dir(&self.folder),
        };
        command
    }
}

fn went(command: &str, run: Run) -> Went {
    if run.code == Some(0) {
        return Went::Well;
    }
    if let Some(line) = run
        .errors
        .lines()
        .find(|line| line.contains("which is not installed; "))
    {
        skip(line);
        return Went::Missing;
    }
    panic!("{command}: {:?}\n{}{}", run.code, run.output, run.errors);
}

/// Replaces the ports in the sources of a project.
fn replace_ports(folder: &Path, ports: &[(String, String)]) {
    for folder in [folder.to_owned(), folder.join("src")] {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.expect("the folder can be read").path();
            if let Ok(text) = fs::read_to_string(&path) {
                let replaced = page::replace(&text, ports);
                if replaced != text {
                    fs::write(path, replaced).expect("a source can be written");
                }
            }
        }
    }
}

/// Where `serve` listens unless told otherwise.
const DEFAULT_PORT: &str = "9999";

/// Some commands build a project first, or install something.
const LONG: Duration = Duration::from_secs(300);
