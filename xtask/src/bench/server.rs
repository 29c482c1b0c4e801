//! A server under load: a child process from its first line to its orderly end.

use std::io::{BufRead as _, BufReader, Read};
use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::cores::Cores;

/// How long a server may take until it listens. Ours may have to build its handler first, all of its dependencies.
const START: Duration = Duration::from_secs(300);

/// How long a server may take to stop, with no connection left.
const STOP: Duration = Duration::from_secs(20);

/// A running server. It is killed when it is dropped before it was stopped.
pub(super) struct Server {
    name: &'static str,
    address: SocketAddr,
    child: Child,
    /// Stays open, for a server that has more to say than expected.
    _announcing: Announcing,
    /// Collects what the server complains about, to show it only when there is a reason to.
    complaints: Option<JoinHandle<String>>,
}

impl Server {
    /// Starts a server on the core for servers and waits for its line `listening tcp://ADDRESS`, or `udp`, or `http`.
    pub(super) fn start(name: &'static str, command: &mut Command, cores: Cores) -> Result<Self> {
        Self::start_with(name, command, cores, Stream::Output, "listening ")
    }

    /// Starts `wasmtime serve`, which says on its standard error where it listens.
    pub(super) fn start_wasmtime(command: &mut Command, cores: Cores) -> Result<Self> {
        Self::start_with("wasmtime serve", command, cores, Stream::Errors, "Serving HTTP on ")
    }

    fn start_with(
        name: &'static str,
        command: &mut Command,
        cores: Cores,
        announcing: Stream,
        words: &'static str,
    ) -> Result<Self> {
        command
            // With it each error inside the engine would carry a backtrace, and an instance that ends with work under way
            // makes one.
            .env_remove("RUST_BACKTRACE")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = cores.spawn_server(command)?;
        let output: Box<dyn Read + Send> = Box::new(child.stdout.take().context("no standard output")?);
        let errors: Box<dyn Read + Send> = Box::new(child.stderr.take().context("no standard error")?);
        let (announcing, mut other) = match announcing {
            Stream::Output => (output, errors),
            Stream::Errors => (errors, output),
        };
        let complaints = thread::spawn(move || {
            let mut text = Vec::new();
            // What was read until an error is all there is to show.
            let _ = other.read_to_end(&mut text);
            String::from_utf8_lossy(&text).into_owned()
        });

        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            let mut announcing = BufReader::new(announcing);
            let mut line = String::new();
            let read = announcing.read_line(&mut line).map(|_| line);
            // Nobody receives it if the server took too long.
            let _ = sender.send((read, announcing));
        });
        let answer = receiver.recv_timeout(START);
        let Ok((Ok(line), announcing)) = answer else {
            // The child ends before the thread that reads its complaints can.
            let _ = child.kill();
            let _ = child.wait();
            bail!("{name} did not start listening: {}", text_of(complaints));
        };
        let Some(address) = address(&line, words) else {
            let _ = child.kill();
            let _ = child.wait();
            bail!(
                "{name} printed {line:?} instead of its address: {}",
                text_of(complaints)
            );
        };
        Ok(Self {
            name,
            address,
            child,
            _announcing: announcing,
            complaints: Some(complaints),
        })
    }

    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Asks the server to stop, and waits until it has.
    ///
    /// # Errors
    ///
    /// It had ended before, ends with a failure, or does not end.
    pub(super) fn stop(mut self) -> Result<()> {
        let name = self.name;
        if let Some(status) = self.child.try_wait()? {
            bail!(
                "{name} had ended with {status} before it was told to: {}",
                self.complaints()
            );
        }
        let pid = Pid::from_raw(i32::try_from(self.child.id())?);
        kill(pid, Signal::SIGTERM).with_context(|| format!("cannot tell {name} to stop"))?;
        let deadline = Instant::now() + STOP;
        let status = loop {
            if let Some(status) = self.child.try_wait()? {
                break status;
            }
            if Instant::now() > deadline {
                bail!("{name} does not stop");
            }
            thread::sleep(Duration::from_millis(5));
        };
        // The native server has no handler for the signal; ours exits with 0 when no connection was left.
        if !status.success() && status.signal() != Some(Signal::SIGTERM as i32) {
            bail!("{name} ended with {status}: {}", self.complaints());
        }
        Ok(())
    }

    /// Blocks until the server has closed its standard error, so only for one that has ended.
    fn complaints(&mut self) -> String {
        self.complaints.take().map(text_of).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail for a server that has ended, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn text_of(complaints: JoinHandle<String>) -> String {
    let text = complaints.join().unwrap_or_default();
    if text.trim().is_empty() {
        "it said nothing".into()
    } else {
        text.trim().to_owned()
    }
}

/// Where a server says that it is going to be found, and what else it says there.
type Announcing = BufReader<Box<dyn Read + Send>>;

#[derive(Clone, Copy, Debug)]
enum Stream {
    Output,
    Errors,
}

fn address(line: &str, words: &str) -> Option<SocketAddr> {
    let (scheme, address) = line.trim_end().strip_prefix(words)?.split_once("://")?;
    let address = address.trim_end_matches('/');
    ["tcp", "udp", "http"].contains(&scheme).then(|| address.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_what_follows_the_scheme() {
        let expected = SocketAddr::from(([127, 0, 0, 1], 49152));
        let ours = |line| address(line, "listening ");
        assert_eq!(ours("listening tcp://127.0.0.1:49152\n"), Some(expected));
        assert_eq!(ours("listening udp://127.0.0.1:49152\n"), Some(expected));
        assert_eq!(ours("listening unix:///run/echo.sock\n"), None);
        assert_eq!(ours(""), None);
        let theirs = "Serving HTTP on http://127.0.0.1:49152/\n";
        assert_eq!(address(theirs, "Serving HTTP on "), Some(expected));
    }
}
