//! A server program under test: the real binary that runs it, in a process of its own.

use std::path::PathBuf;
use std::process::Command;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::client::Client;
use super::eventually::DEADLINE;
use super::guest::Guest;
use super::log::{Books, Log};
use super::process::{Process, lines_of};
use super::server::{BINARY, LOADED, cache, with_descriptors};
use super::turn::Turn;

/// For tests of programs that have the port 9999 written in them: two at once would be in each other's way.
pub(crate) static PORT_9999: Mutex<()> = Mutex::new(());

/// A running program. Every test ends with [`Program::ended`], which looks at its books.
#[derive(Debug)]
pub(crate) struct Program {
    process: Process,
    output: Receiver<String>,
    log: Arc<Log>,
    log_reader: Option<JoinHandle<()>>,
    _turn: Arc<Turn>,
}

/// A program that is not started yet.
#[derive(Debug)]
pub(crate) struct Setup {
    program: PathBuf,
    flags: Vec<String>,
    arguments: Vec<String>,
    descriptors: Option<u32>,
}

/// How a program ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    /// Lines of standard output that were not asked for before.
    pub(crate) output: Vec<String>,
    pub(crate) books: Books,
    pub(crate) log: Arc<Log>,
}

impl Setup {
    /// Gives a flag of the command line a value: `with("max-connections", 2)`.
    pub(crate) fn with(mut self, flag: &str, value: impl ToString) -> Self {
        self.flags.push(format!("--{flag}={}", value.to_string()));
        self
    }

    /// Lets it bind an address.
    pub(crate) fn allow_bind(self, url: impl ToString) -> Self {
        self.with("allow-bind", url)
    }

    /// Gives it a handler.
    pub(crate) fn handler(self, name: &str, handler: Guest) -> Self {
        self.with("handler", format!("{name}={}", handler.path().display()))
    }

    /// Gives it an argument.
    pub(crate) fn argument(mut self, argument: impl ToString) -> Self {
        self.arguments.push(argument.to_string());
        self
    }

    /// Lets the process have only so many descriptors.
    pub(crate) fn descriptors(mut self, count: u32) -> Self {
        self.descriptors = Some(count);
        self
    }

    /// Starts it.
    pub(crate) fn start(self) -> Program {
        let turn = Turn::take(false);
        let mut line: Vec<String> = self.descriptors.into_iter().flat_map(with_descriptors).collect();
        line.push(BINARY.to_owned());
        let mut command = Command::new(&line[0]);
        command.args(&line[1..]);
        command.arg("run").arg(&self.program).args(&self.flags);
        command.args(["--log", "info", "--log-format", "json"]);
        command.arg("--cache-dir").arg(cache());
        command.arg("--").args(&self.arguments).env_remove("RUST_LOG");
        let (process, output, errors) = Process::start(&mut command);
        let (log, log_reader) = Log::follow(errors);
        Program {
            process,
            output: lines_of(output),
            log,
            log_reader: Some(log_reader),
            _turn: turn,
        }
    }
}

impl Program {
    /// A program.
    pub(crate) fn of(program: Guest) -> Setup {
        Self::at(program.path())
    }

    /// The program at this path.
    pub(crate) fn at(program: impl Into<PathBuf>) -> Setup {
        Setup {
            program: program.into(),
            flags: Vec::new(),
            arguments: Vec::new(),
            descriptors: None,
        }
    }

    /// Waits for the next line on its standard output.
    pub(crate) fn line(&self) -> String {
        self.line_within(DEADLINE)
    }

    fn line_within(&self, deadline: Duration) -> String {
        let line = self.output.recv_timeout(deadline);
        line.unwrap_or_else(|_| panic!("the program should have written a line\n{}", self.log.tail()))
    }

    /// Waits for the next line, which says where it listens.
    pub(crate) fn listening(&self) -> String {
        let line = self.line_within(LOADED);
        let url = line.strip_prefix("listening ");
        url.unwrap_or_else(|| panic!("`{line}` does not say where it listens"))
            .to_owned()
    }

    /// Connects to where it said that it listens.
    pub(crate) fn connect(&self, url: &str) -> Client {
        Client::connect(url).expect("the program takes connections")
    }

    /// Its log.
    pub(crate) fn log(&self) -> &Log {
        &self.log
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.process.id()).expect("the kernel's numbers are small");
        kill_process(Pid::from_raw(id).expect("no process is 0"), signal).expect("the program runs");
    }

    /// Tells it to stop, and waits until it has.
    pub(crate) fn stop(self) -> Ended {
        self.signal(Signal::TERM);
        self.ended()
    }

    /// Waits until it has ended, and looks at what it leaves: balanced books, and a log that agrees with them.
    pub(crate) fn ended(mut self) -> Ended {
        let code = self.process.wait(DEADLINE).code();
        let reader = self.log_reader.take().expect("it is joined once");
        reader.join().expect("the log was read");
        let stopped = self.log.all("stopped");
        assert_eq!(
            stopped.len(),
            1,
            "it says once that it has stopped\n{}",
            self.log.tail()
        );
        let books = Books::of(&stopped[0]);
        books.assert_balanced();
        assert_eq!(books.active, 0, "{books:?}");
        for message in ["connection opened", "connection closed"] {
            assert_eq!(self.log.all(message).len() as u64, books.accepted, "{message}");
        }
        Ended {
            code,
            output: self.output.iter().collect(),
            books,
            log: Arc::clone(&self.log),
        }
    }
}
