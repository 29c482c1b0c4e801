//! Stock wasmtime, which runs bundles, and which knows nothing of this server.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use tempfile::TempDir;

use super::client::Client;
use super::eventually::{eventually, within};
use super::process::{Process, Run, lines_of};
use super::server::{BINARY, with_descriptors};
use super::turn::Turn;
use super::wasmtime;

/// A running bundle, killed when it is dropped.
#[derive(Debug)]
pub(crate) struct Stock {
    process: Process,
    listeners: Vec<String>,
    /// What it has written to standard error so far.
    errors: Arc<Mutex<Vec<String>>>,
    _output: Receiver<String>,
    _folder: TempDir,
    _turn: Arc<Turn>,
}

/// A bundle that is not made yet.
#[derive(Debug)]
pub(crate) struct Setup {
    handler: PathBuf,
    serves: bool,
    bundle_flags: Vec<OsString>,
    flags: Vec<OsString>,
    arguments: Vec<String>,
    descriptors: Option<u32>,
    alone: bool,
}

impl Setup {
    /// A flag of `socketserver bundle`.
    pub(crate) fn bundle_flag(mut self, flag: &str) -> Self {
        self.bundle_flags.push(flag.into());
        self
    }

    /// A flag of wasmtime.
    pub(crate) fn flag(mut self, flag: &str) -> Self {
        self.flags.push(flag.into());
        self
    }

    /// An argument of the bundle.
    pub(crate) fn argument(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    /// Lets the process have only so many descriptors.
    pub(crate) fn descriptors(mut self, count: u32) -> Self {
        self.descriptors = Some(count);
        self
    }

    /// Runs no other test meanwhile, because this one measures.
    pub(crate) fn alone(mut self) -> Self {
        self.alone = true;
        self
    }

    /// Makes the bundle, starts it, and waits until it listens; `None` if wasmtime is not installed and the tests need not be
    /// complete.
    pub(crate) fn start(self) -> Option<Stock> {
        let wasmtime = wasmtime::program()?;
        let folder = tempfile::tempdir().expect("there is room");
        let bundle = folder.path().join("bundle.wasm");
        make(&self.handler, self.serves, &self.bundle_flags, &bundle);
        let turn = Turn::take(self.alone);
        let mut line: Vec<OsString> = Vec::new();
        line.extend(
            self.descriptors
                .into_iter()
                .flat_map(with_descriptors)
                .map(OsString::from),
        );
        line.push(wasmtime.into());
        line.extend(
            if self.serves {
                ["serve", "-Scli"]
            } else {
                ["run", "-Sinherit-network"]
            }
            .map(OsString::from),
        );
        line.extend(self.flags);
        if self.serves {
            line.push("--addr=127.0.0.1:0".into());
        }
        line.push(bundle.into());
        let addresses: Vec<_> = self
            .arguments
            .iter()
            .filter(|argument| !argument.starts_with('-'))
            .collect();
        let count = addresses.len().max(1);
        if addresses.is_empty() && !self.serves {
            line.push("127.0.0.1:0".into());
        }
        line.extend(self.arguments.iter().map(OsString::from));
        let (process, output, errors) = Process::start(Command::new(&line[0]).args(&line[1..]));
        let output = lines_of(output);
        let errors = follow(lines_of(errors));
        let mut stock = Stock {
            process,
            listeners: Vec::new(),
            errors,
            _output: output,
            _folder: folder,
            _turn: turn,
        };
        // Compiling a large component takes its time.
        stock.listeners = if self.serves {
            let url = within(COMPILED, "wasmtime serves", || {
                let said = stock.errors();
                let line = said.iter().find_map(|line| line.strip_prefix("Serving HTTP on "));
                line.map(|url| url.trim_end_matches('/').to_owned())
            });
            vec![url]
        } else {
            let lines = (0..count).map(|_| stock._output.recv_timeout(COMPILED));
            let lines: Vec<String> = lines
                .collect::<Result<_, _>>()
                .unwrap_or_else(|_| panic!("{:?}", stock.errors()));
            let urls = lines
                .iter()
                .map(|line| line.strip_prefix("listening ").expect("it says where"));
            urls.map(str::to_owned).collect()
        };
        Some(stock)
    }
}

impl Stock {
    /// The handler at this path, under `wasmtime run`.
    pub(crate) fn run(handler: impl Into<PathBuf>) -> Setup {
        Setup {
            handler: handler.into(),
            serves: false,
            bundle_flags: Vec::new(),
            flags: Vec::new(),
            arguments: Vec::new(),
            descriptors: None,
            alone: false,
        }
    }

    /// The handler at this path, under `wasmtime serve`.
    pub(crate) fn serve(handler: impl Into<PathBuf>) -> Setup {
        Setup {
            serves: true,
            ..Self::run(handler)
        }
    }

    /// What the handler at this path comes to under `wasmtime run` with an argument that is refused; `None` as for
    /// [`Setup::start`].
    pub(crate) fn refused(handler: &Path, argument: &str) -> Option<Run> {
        let wasmtime = wasmtime::program()?;
        let folder = tempfile::tempdir().expect("there is room");
        let bundle = folder.path().join("bundle.wasm");
        make(handler, false, &[], &bundle);
        let mut command = Command::new(wasmtime);
        command.args(["run", "-Sinherit-network"]).arg(bundle).arg(argument);
        Some(Run::of(&mut command))
    }

    /// Where it listens: `tcp://127.0.0.1:4711`, or `http://127.0.0.1:4711`.
    pub(crate) fn address(&self) -> &str {
        &self.listeners[0]
    }

    /// Where it listens, in the order of the command line.
    pub(crate) fn listeners(&self) -> &[String] {
        &self.listeners
    }

    /// The port of its first listener.
    pub(crate) fn port(&self) -> &str {
        self.address().rsplit_once(':').expect("an address has a port").1
    }

    /// Connects to its first listener.
    pub(crate) fn connect(&self) -> Client {
        Client::connect(&format!("tcp://127.0.0.1:{}", self.port())).expect("it accepts connections")
    }

    /// The lines that it has written to standard error.
    pub(crate) fn errors(&self) -> Vec<String> {
        self.errors.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until it has written a line with this in it to standard error.
    pub(crate) fn complains(&self, of: &str) {
        eventually(of, || self.errors().iter().any(|line| line.contains(of)).then_some(()));
    }

    /// The descriptors that its process holds.
    pub(crate) fn descriptors(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.process.id()))
            .expect("it runs")
            .count()
    }

    /// Waits until the process ends.
    pub(crate) fn ended(mut self) -> ExitStatus {
        self.process.wait(super::eventually::DEADLINE)
    }
}

impl Drop for Stock {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("--- what wasmtime said\n{}\n---", self.errors().join("\n"));
        }
    }
}

/// Makes a bundle with the binary that is tested.
fn make(handler: &Path, serves: bool, flags: &[OsString], bundle: &Path) {
    let runtime = if serves { "wasmtime-serve" } else { "wasmtime-run" };
    let mut command = Command::new(BINARY);
    command
        .arg("bundle")
        .arg(handler)
        .args(["--for", runtime, "--output"])
        .arg(bundle)
        .args(flags);
    let made = Run::of(&mut command);
    assert_eq!(
        (made.code, made.output.trim_end()),
        (Some(0), bundle.to_str().expect("UTF-8")),
        "{made:?}"
    );
}

fn follow(lines: Receiver<String>) -> Arc<Mutex<Vec<String>>> {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let written = Arc::clone(&seen);
    thread::spawn(move || {
        for line in lines {
            written.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        }
    });
    seen
}

/// A component of 20 MB is compiled before it serves.
const COMPILED: std::time::Duration = std::time::Duration::from_secs(120);
