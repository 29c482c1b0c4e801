//! Stock `wasmtime`, which the same components must run under.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use super::process::{Process, lines_of};
use super::tool::skip;
use super::turn::Turn;

/// The release line that the host is built with: another one may have another mind.
const VERSION: &str = "48.";

/// Where it is: what the environment variable `SOCKETSERVER_WASMTIME` names, or else `wasmtime` on `PATH`.
///
/// `None` if there is none and the tests need not be complete; that is said, with how to get it.
pub(crate) fn program() -> Option<&'static Path> {
    static FOUND: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    match FOUND.get_or_init(find) {
        Ok(program) => Some(program),
        Err(hint) => {
            skip(hint);
            None
        }
    }
}

fn find() -> Result<PathBuf, String> {
    let install = "cargo install wasmtime-cli --version '^48' --locked";
    let program = std::env::var_os("SOCKETSERVER_WASMTIME").map_or_else(|| PathBuf::from("wasmtime"), PathBuf::from);
    let output = Command::new(&program).arg("--version").output();
    let output = output.map_err(|_| format!("wasmtime is not installed; {install}"))?;
    let said = String::from_utf8_lossy(&output.stdout);
    match said.strip_prefix("wasmtime ") {
        Some(version) if version.starts_with(VERSION) => Ok(program),
        _ => Err(format!(
            "{} is not wasmtime {VERSION}x: {said:?}; {install}",
            program.display()
        )),
    }
}

/// A running `wasmtime serve`.
#[derive(Debug)]
pub(crate) struct Serve {
    // Killed before its output ends.
    _process: Process,
    address: SocketAddr,
    errors: Receiver<String>,
    _output: Receiver<String>,
    _turn: Arc<Turn>,
}

impl Serve {
    /// Serves a component at a port that the system chooses, and waits until it does.
    pub(crate) fn start(component: &Path, flags: &[String]) -> Option<Self> {
        let program = program()?;
        let turn = Turn::take(false);
        let mut command = Command::new(program);
        command.args(["serve", "--addr=127.0.0.1:0"]).args(flags).arg(component);
        let (process, output, errors) = Process::start(&mut command);
        let (output, errors) = (lines_of(output), lines_of(errors));
        let address = listening(&errors);
        Some(Self {
            _process: process,
            address,
            errors,
            _output: output,
            _turn: turn,
        })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

/// What it said is shown when the test has failed.
impl Drop for Serve {
    fn drop(&mut self) {
        if std::thread::panicking() {
            for line in self.errors.try_iter() {
                eprintln!("wasmtime: {line}");
            }
        }
    }
}

fn listening(errors: &Receiver<String>) -> SocketAddr {
    let began = Instant::now();
    let mut said = Vec::new();
    loop {
        match errors.recv_timeout(COMPILE.saturating_sub(began.elapsed())) {
            Ok(line) => {
                let address = line.strip_prefix("Serving HTTP on http://");
                if let Some(address) = address {
                    return address.trim_end_matches('/').parse().expect("it says an address");
                }
                said.push(line);
            }
            Err(RecvTimeoutError::Timeout) => panic!("wasmtime does not listen after {COMPILE:?}: {said:?}"),
            Err(RecvTimeoutError::Disconnected) => panic!("wasmtime refuses the component: {said:?}"),
        }
    }
}

/// The largest components, an interpreter each, take it some ten seconds.
const COMPILE: Duration = Duration::from_secs(120);
