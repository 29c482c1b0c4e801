//! A server under test: the real binary, in a process of its own.

mod setup;

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::thread::{self, JoinHandle};

use rustix::process::{Pid, Signal, kill_process};

use super::client::{Client, End};
use super::eventually::{DEADLINE, eventually};
use super::guest::Guest;
use super::log::{Books, Log, Record};
use super::process::{Process, Run};
use super::turn::Turn;

pub(crate) use self::setup::{LOADED, Setup};

/// The binary that is tested.
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_socketserver");

/// A running server. Every test ends with [`Server::stop`] or [`Server::ended`], which look at its books.
#[derive(Debug)]
pub(crate) struct Server {
    process: Process,
    listeners: Vec<String>,
    output: Receiver<String>,
    log: Arc<Log>,
    log_reader: Option<JoinHandle<()>>,
    /// Whether each connection has two lines in the log.
    logs_connections: bool,
    other_output: bool,
    _turn: Arc<Turn>,
}

/// How a server ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) books: Books,
    pub(crate) log: Arc<Log>,
}

impl Server {
    /// A server with this handler.
    pub(crate) fn of(guest: Guest) -> Setup {
        Self::at(guest.path())
    }

    /// A server with the handler at this path.
    pub(crate) fn at(handler: impl Into<PathBuf>) -> Setup {
        Setup::new(handler.into())
    }

    /// Where it listens, in the order of the command line.
    pub(crate) fn listeners(&self) -> &[String] {
        &self.listeners
    }

    /// Where it listens, when that is one place.
    pub(crate) fn address(&self) -> &str {
        &self.listeners[0]
    }

    /// Connects to its first listener.
    pub(crate) fn connect(&self) -> Client {
        Client::connect(self.address()).expect("the server accepts connections")
    }

    /// Whether it turns a peer away: the reset comes before the peer has even seen that it was connected, or after.
    pub(crate) fn rejects(&self) -> bool {
        match Client::connect(self.address()) {
            Ok(mut client) => client.end() == End::Reset,
            Err(error) => error.kind() == ErrorKind::ConnectionReset,
        }
    }

    /// Its log.
    pub(crate) fn log(&self) -> &Log {
        &self.log
    }

    /// Waits for so many connections to be closed, and returns their log lines.
    pub(crate) fn closed(&self, count: usize) -> Vec<Record> {
        self.log.wait_for("connection closed", count)
    }

    /// Waits for so many requests of HTTP to end, and returns their log lines.
    pub(crate) fn requests(&self, count: usize) -> Vec<Record> {
        self.log.wait_for("request ended", count)
    }

    /// Its counters at this moment, which always balance.
    pub(crate) fn books(&self) -> Books {
        let seen = self.log.all("status").len();
        self.signal(Signal::USR1);
        let lines = self.log.wait_for("status", seen + 1);
        let books = Books::of(&lines[seen]);
        books.assert_balanced();
        books
    }

    /// Waits until its counters are as wanted.
    pub(crate) fn wait_for(&self, what: &str, wanted: impl Fn(&Books) -> bool) -> Books {
        eventually(what, || Some(self.books()).filter(&wanted))
    }

    /// The bytes of memory that its process has.
    pub(crate) fn memory(&self) -> u64 {
        let status = fs::read_to_string(self.proc("status")).expect("the server runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kibibytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        kibibytes.expect("the kernel tells the size of a process") << 10
    }

    /// The descriptors that its process holds.
    pub(crate) fn descriptors(&self) -> usize {
        fs::read_dir(self.proc("fd")).expect("the server runs").count()
    }

    /// How often its threads have waited for something, which they wake up from.
    pub(crate) fn wakeups(&self) -> u64 {
        let threads = fs::read_dir(self.proc("task")).expect("the server runs");
        let statuses = threads
            .flatten()
            .map(|thread| fs::read_to_string(thread.path().join("status")));
        // A thread may end between the two looks.
        let wakeups = statuses.flatten().filter_map(|status| {
            let mut lines = status.lines();
            let count = lines.find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
            count?.trim().parse::<u64>().ok()
        });
        wakeups.sum()
    }

    fn proc(&self, file: &str) -> PathBuf {
        Path::new("/proc").join(self.process.id().to_string()).join(file)
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.process.id()).expect("the kernel's numbers are small");
        kill_process(Pid::from_raw(id).expect("no process is 0"), signal).expect("the server runs");
    }

    /// Whether its process has not ended.
    pub(crate) fn is_running(&self) -> bool {
        let stat = fs::read_to_string(self.proc("stat")).expect("nobody has waited for it");
        let (_, state) = stat.rsplit_once(") ").expect("its name is in parentheses");
        !state.starts_with('Z')
    }

    /// Stops it in order: every connection has finished by now, or finishes.
    pub(crate) fn stop(self) -> Books {
        self.signal(Signal::TERM);
        let ended = self.ended();
        assert_eq!(ended.code, Some(0), "connections had to be killed: {:?}", ended.books);
        ended.books
    }

    /// Stops it now: connections that are open are killed.
    pub(crate) fn kill(self) -> Books {
        self.signal(Signal::TERM);
        // Two signals that come at once are one.
        self.log.wait_for(TOLD_TO_STOP, 1);
        self.signal(Signal::TERM);
        let ended = self.ended();
        assert_eq!(ended.code, Some(75), "nothing had to be killed: {:?}", ended.books);
        ended.books
    }

    /// Stops it in order, when its log shows no books: in the form for people, or at a quiet level. Returns the lines that
    /// are no JSON.
    pub(crate) fn stop_without_books(mut self) -> Vec<String> {
        self.signal(Signal::TERM);
        assert_eq!(self.read_to_end(), Some(0));
        self.log.texts()
    }

    /// Waits until it has stopped, and looks at what it leaves: balanced books, a log that agrees with them, and nothing
    /// on standard output but its listeners.
    pub(crate) fn ended(mut self) -> Ended {
        let code = self.read_to_end();
        if !self.other_output {
            assert_eq!(self.log.texts(), [""; 0], "what is not JSON has no place in the log");
        }
        let stopped = self.log.all("stopped");
        assert_eq!(stopped.len(), 1, "the server says once that it has stopped");
        let books = Books::of(&stopped[0]);
        books.assert_balanced();
        assert_eq!((books.active, books.active_requests), (0, 0), "{books:?}");
        if self.logs_connections {
            for message in ["connection opened", "connection closed"] {
                assert_eq!(self.log.all(message).len() as u64, books.accepted, "{message}");
            }
            assert_eq!(self.log.all("request ended").len() as u64, books.requests);
        }
        Ended {
            code,
            books,
            log: Arc::clone(&self.log),
        }
    }

    /// Waits until it has ended, and nothing more comes from it.
    fn read_to_end(&mut self) -> Option<i32> {
        let code = self.process.wait(DEADLINE).code();
        let reader = self.log_reader.take().expect("it is joined once");
        reader.join().expect("the log was read");
        let more: Vec<_> = self.output.iter().collect();
        assert_eq!(more, [""; 0], "standard output is for the listeners");
        code
    }
}

/// The log of a failed test is shown.
impl Drop for Server {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("--- the server's log\n{}---", self.log.tail());
        }
    }
}

/// Runs the binary with these arguments, to its end.
pub(crate) fn run<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Run {
    Run::of(Command::new(BINARY).args(arguments).env_remove("RUST_LOG"))
}

/// Runs `serve`, which must end by itself, with this handler and these flags.
pub(crate) fn run_serve(guest: Guest, flags: &[&str]) -> Run {
    let mut arguments = vec!["serve".into(), guest.path().into_os_string()];
    if !flags.contains(&"--cache-dir") {
        arguments.extend(["--cache-dir".into(), cache().into()]);
    }
    // Should the server start after all, then not at a fixed port.
    if !flags.iter().any(|flag| flag.starts_with("--listen")) {
        arguments.push("--listen=tcp://127.0.0.1:0".into());
    }
    arguments.extend(flags.iter().map(OsString::from));
    run(arguments)
}

/// The beginning of a command line that runs the rest with only so many descriptors.
pub(crate) fn with_descriptors(count: u32) -> [String; 3] {
    let script = format!("ulimit -n {count}; exec \"$0\" \"$@\"");
    ["sh".to_owned(), "-c".to_owned(), script]
}

/// Compiled components are kept between tests, and between runs of them.
pub(crate) fn cache() -> &'static Path {
    Path::new(concat!(env!("CARGO_TARGET_TMPDIR"), "/cache"))
}

/// What the log says when the server obeys the first signal.
pub(crate) const TOLD_TO_STOP: &str = "told to stop; a second signal kills open connections";
