//! A server under load: a child process from its first word to its orderly end.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::Pid;

use self::words::{Complaints, Words};
use super::cores::Cores;
use super::interrupt::Group;

mod words;

/// How long a server may take until it listens: it may have to compile an interpreter on one core.
const START: Duration = Duration::from_secs(120);

/// How long a server may take to stop, with no connection left.
const STOP: Duration = Duration::from_secs(20);

/// How a server tells that it listens, and where.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ready {
    /// A line on its standard output that begins so, and then has a URL.
    Output(&'static str),
    /// The same on its standard error.
    Errors(&'static str),
    /// A line on its standard output with the number of its port.
    Port,
    /// Not at all: it was told the address, and listens when it takes a connection there.
    Accepts(SocketAddr),
}

/// A running server. It is killed, with all that it has started, when it is dropped before it was stopped.
pub(super) struct Server {
    name: &'static str,
    address: SocketAddr,
    child: Child,
    group: Group,
    complaints: Option<Complaints>,
    /// How it has ended, once it has been waited for.
    ended: Option<String>,
}

impl Server {
    /// Starts a server on the core for servers, and waits until it listens.
    pub(super) fn start(name: &'static str, command: &mut Command, cores: Cores, ready: Ready) -> Result<Self> {
        command
            // With it each error inside the engine would carry a backtrace, and an instance that ends with work under way
            // makes one.
            .env_remove("RUST_BACKTRACE")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = cores.spawn_server(command)?;
        let group = match Group::new(child.id()) {
            Ok(group) => group,
            Err(error) => {
                let _ = child.wait();
                return Err(error);
            }
        };
        let words = Words::of(&mut child, matches!(ready, Ready::Errors(_)))?;
        let mut server = Self {
            name,
            address: (Ipv4Addr::UNSPECIFIED, 0).into(),
            child,
            group,
            complaints: None,
            ended: None,
        };
        let address = match ready {
            Ready::Accepts(address) => {
                server.complaints = Some(words.complaints());
                server.accepts(address).map(|()| address)
            }
            Ready::Output(prefix) | Ready::Errors(prefix) => server.said(words, |line| words::address(line, prefix)),
            Ready::Port => server.said(words, |line| {
                let port = line.trim().parse().ok()?;
                Some((Ipv4Addr::LOCALHOST, port).into())
            }),
        };
        match address {
            Ok(address) => server.address = address,
            Err(error) => {
                server.end();
                return Err(error.context(format!("{name} did not start listening: {}", server.complaint())));
            }
        }
        Ok(server)
    }

    /// What the first line says.
    fn said(&mut self, words: Words, parse: impl Fn(&str) -> Option<SocketAddr>) -> Result<SocketAddr> {
        let (line, complaints) = words.first_line(START);
        self.complaints = Some(complaints);
        let line = line?;
        parse(&line).with_context(|| format!("it printed {line:?} instead of its address"))
    }

    /// Tries until a connection is taken.
    fn accepts(&self, address: SocketAddr) -> Result<()> {
        let deadline = Instant::now() + START;
        loop {
            match TcpStream::connect(address) {
                Ok(_) => return Ok(()),
                Err(error) if self.has_ended()? || Instant::now() > deadline => {
                    return Err(error).with_context(|| format!("nobody listens at {address}"));
                }
                Err(_) => thread::sleep(Duration::from_millis(2)),
            }
        }
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

    /// Asks the server to stop, waits until it has, and kills what it has left behind.
    ///
    /// # Errors
    ///
    /// It had ended before, ends with a failure, or does not end.
    pub(super) fn stop(mut self) -> Result<()> {
        let name = self.name;
        if self.has_ended()? {
            let status = self.end();
            bail!(
                "{name} had ended with {status} before it was told to: {}",
                self.complaint()
            );
        }
        kill(self.pid()?, Signal::SIGTERM).with_context(|| format!("cannot tell {name} to stop"))?;
        let deadline = Instant::now() + STOP;
        while !self.has_ended()? {
            if Instant::now() > deadline {
                bail!("{name} does not stop");
            }
            thread::sleep(Duration::from_millis(5));
        }
        let status = self.end();
        // Most have no handler for the signal; ours exits with 0 when no connection was left.
        if status != "exit status: 0" && status != TERMINATED {
            bail!("{name} ended with {status}: {}", self.complaint());
        }
        Ok(())
    }

    fn pid(&self) -> Result<Pid> {
        Ok(Pid::from_raw(i32::try_from(self.child.id())?))
    }

    /// Leaves the process to be waited for, so that nobody else gets its number before its group has been killed.
    fn has_ended(&self) -> Result<bool> {
        let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
        Ok(waitid(Id::Pid(self.pid()?), flags)? != WaitStatus::StillAlive)
    }

    /// Kills all that is left of it, and tells how it has ended.
    fn end(&mut self) -> String {
        if let Some(status) = &self.ended {
            // Its number may be another's by now.
            return status.clone();
        }
        self.group.kill();
        let status = match self.child.wait() {
            Ok(status) if status.signal() == Some(Signal::SIGTERM as i32) => TERMINATED.into(),
            Ok(status) => status.to_string(),
            Err(error) => error.to_string(),
        };
        self.ended = Some(status.clone());
        status
    }

    /// Blocks until the server has closed its standard error, so only for one that has ended.
    fn complaint(&mut self) -> String {
        self.complaints
            .take()
            .map_or_else(|| "it said nothing".into(), Complaints::text)
    }
}

const TERMINATED: &str = "signal: 15 (SIGTERM)";

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

/// An address that nobody listens at, for a server that cannot choose one itself. Another process may take it before the
/// server does; then the server says so.
pub(super) fn free_address() -> Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no port is free")?;
    Ok(listener.local_addr()?)
}

#[cfg(test)]
mod tests {
    use nix::sys::signal::killpg;

    use super::*;

    fn shell(script: &str, ready: Ready) -> Result<Server> {
        let cores = Cores::choose().unwrap();
        Server::start("shell", Command::new("sh").args(["-c", script]), cores, ready)
    }

    const LISTENING: Ready = Ready::Output("listening ");

    #[test]
    fn a_server_that_ends_at_once_says_why() {
        let error = shell("echo no port >&2; exit 3", LISTENING).err().unwrap();
        assert!(format!("{error:#}").contains("no port"), "{error:#}");
        let error = shell("echo hello", LISTENING).err().unwrap();
        assert!(format!("{error:#}").contains("hello"), "{error:#}");
        let nobody = Ready::Accepts(free_address().unwrap());
        let error = shell("echo wrong configuration >&2; exit 3", nobody).err().unwrap();
        assert!(format!("{error:#}").contains("wrong configuration"), "{error:#}");
    }

    #[test]
    fn what_a_server_started_ends_with_it() {
        // The child ignores the signal that its parent gets.
        let script = "(trap '' TERM; sleep 60) & echo listening tcp://127.0.0.1:1; wait";
        let server = shell(script, LISTENING).unwrap();
        let group = Pid::from_raw(i32::try_from(server.id()).unwrap());
        server.stop().unwrap();
        // An orphan that was killed is gone as soon as somebody else has waited for it.
        let deadline = Instant::now() + Duration::from_secs(5);
        let mut left = killpg(group, None);
        while left.is_ok() && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(5));
            left = killpg(group, None);
        }
        assert_eq!(left, Err(nix::errno::Errno::ESRCH));
    }

    #[test]
    fn an_end_of_its_own_is_an_error() {
        let server = shell("echo 4711; exit 3", Ready::Port).unwrap();
        assert_eq!(server.address(), SocketAddr::from(([127, 0, 0, 1], 4711)));
        while !server.has_ended().unwrap() {
            thread::sleep(Duration::from_millis(1));
        }
        let error = server.stop().unwrap_err();
        assert!(error.to_string().contains("exit status: 3"), "{error}");
    }
}
