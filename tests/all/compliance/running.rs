//! A server of either side, which says on its standard output what it does.

use std::fmt::{self, Display, Formatter};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::Receiver;

use rustix::process::{Pid, Signal, kill_process};

use crate::support::eventually::{DEADLINE, settled};
use crate::support::guest::{Guest, project};
use crate::support::process::{Process, lines_of};
use crate::support::server::{BINARY, cache, with_descriptors};
use crate::support::tool::Tool;
use crate::support::turn::Turn;

/// Whose server is looked at.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Side {
    Ours,
    Theirs,
}

/// A class of Python's module, and an address for it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Class {
    pub(super) name: &'static str,
    pub(super) scheme: &'static str,
    pub(super) mixin: Mixin,
}

/// How a class handles its requests.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Mixin {
    Forking,
    None,
    Threading,
}

pub(super) const STREAMS: [Class; 6] = [
    Class::new("TCPServer", "tcp", Mixin::None),
    Class::new("ThreadingTCPServer", "tcp", Mixin::Threading),
    Class::new("ForkingTCPServer", "tcp", Mixin::Forking),
    Class::new("UnixStreamServer", "unix", Mixin::None),
    Class::new("ThreadingUnixStreamServer", "unix", Mixin::Threading),
    Class::new("ForkingUnixStreamServer", "unix", Mixin::Forking),
];

pub(super) const DATAGRAMS: [Class; 6] = [
    Class::new("UDPServer", "udp", Mixin::None),
    Class::new("ThreadingUDPServer", "udp", Mixin::Threading),
    Class::new("ForkingUDPServer", "udp", Mixin::Forking),
    Class::new("UnixDatagramServer", "unixgram", Mixin::None),
    Class::new("ThreadingUnixDatagramServer", "unixgram", Mixin::Threading),
    Class::new("ForkingUnixDatagramServer", "unixgram", Mixin::Forking),
];

/// All twelve of Python's module.
pub(super) fn every_class() -> impl Iterator<Item = Class> {
    STREAMS.into_iter().chain(DATAGRAMS)
}

impl Class {
    const fn new(name: &'static str, scheme: &'static str, mixin: Mixin) -> Self {
        Self { name, scheme, mixin }
    }

    pub(super) fn is_concurrent(self) -> bool {
        self.mixin != Mixin::None
    }

    pub(super) fn has_streams(self) -> bool {
        matches!(self.scheme, "tcp" | "unix")
    }

    fn url(self) -> String {
        match self.scheme {
            "tcp" | "udp" => format!("{}://127.0.0.1:0", self.scheme),
            scheme => format!("{scheme}:@{}", unused_name()),
        }
    }
}

/// A name for Linux's abstract namespace that nobody else has.
pub(super) fn unused_name() -> String {
    static MADE: AtomicU32 = AtomicU32::new(0);
    let number = MADE.fetch_add(1, Ordering::Relaxed);
    format!("compliance-{}-{number}", std::process::id())
}

/// What a server runs: the same on either side.
#[derive(Clone, Copy, Debug)]
pub(super) enum Script {
    /// Sends everything back.
    Echo,
    /// Says each hook, and does what its clients want.
    Hooks,
}

/// A server that is not started yet.
#[derive(Debug)]
pub(super) struct Setup {
    script: Script,
    side: Side,
    class: Class,
    url: String,
    flags: Vec<String>,
    arguments: Vec<String>,
    descriptors: Option<u32>,
}

/// A server of either side.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) side: Side,
    pub(super) class: Class,
    /// Where it listens, once it has said so.
    pub(super) url: String,
    process: Process,
    output: Receiver<String>,
    errors: Receiver<String>,
    _turn: Arc<Turn>,
}

impl Setup {
    pub(super) fn of(script: Script, side: Side, class: Class) -> Self {
        Self {
            script,
            side,
            class,
            url: class.url(),
            flags: Vec::new(),
            arguments: Vec::new(),
            descriptors: None,
        }
    }

    /// Serves there.
    pub(super) fn at(mut self, url: impl Into<String>) -> Self {
        self.url = url.into();
        self
    }

    /// Gives our host a flag.
    pub(super) fn flag(mut self, flag: &str) -> Self {
        self.flags.push(flag.to_owned());
        self
    }

    /// Gives it more arguments: of the hooks a mode, and settings.
    pub(super) fn arguments(mut self, arguments: &[&str]) -> Self {
        self.arguments
            .extend(arguments.iter().map(|argument| (*argument).to_owned()));
        self
    }

    /// Lets the process have only so many descriptors.
    pub(super) fn descriptors(mut self, count: u32) -> Self {
        self.descriptors = Some(count);
        self
    }

    /// Starts it; `None` when the machine has no Python, which the test skips then.
    pub(super) fn start(self) -> Option<Running> {
        let turn = Turn::take(false);
        let mut line: Vec<String> = self.descriptors.into_iter().flat_map(with_descriptors).collect();
        let (oracle, program) = match self.script {
            Script::Echo => ("classes.py", Guest::Built("program_classes")),
            Script::Hooks => ("hooks.py", Guest::Built("program_hooks")),
        };
        line.push(match self.side {
            Side::Ours => BINARY.to_owned(),
            Side::Theirs => {
                Tool::find("python3", "python3")?;
                "python3".to_owned()
            }
        });
        let mut command = Command::new(&line[0]);
        command.args(&line[1..]).env_remove("RUST_LOG");
        match self.side {
            Side::Ours => {
                command.arg("run").arg(program.path());
                command.args(["--allow-bind", &self.url, "--log", "error", "--cache-dir"]);
                command.arg(cache()).args(&self.flags).arg("--");
            }
            Side::Theirs => {
                command.arg(project().join("tests/oracle").join(oracle));
            }
        }
        command.args([self.class.name, &self.url]).args(&self.arguments);
        let (process, output, errors) = Process::start(&mut command);
        Some(Running {
            side: self.side,
            class: self.class,
            url: self.url,
            process,
            output: lines_of(output),
            errors: lines_of(errors),
            _turn: turn,
        })
    }
}

impl Running {
    /// Waits for the next line that it says.
    pub(super) fn line(&self) -> String {
        self.output.recv_timeout(DEADLINE).unwrap_or_else(|_| {
            let errors: Vec<_> = self.errors.try_iter().collect();
            panic!("{self} should have said something: {errors:#?}")
        })
    }

    /// Waits until it says where it listens.
    pub(super) fn listening(mut self) -> Self {
        let line = self.line();
        let Some(url) = line.strip_prefix("listening ") else {
            panic!("{self} should have said where it listens, and not `{line}`");
        };
        self.url = url.to_owned();
        self
    }

    /// Waits for these lines, and accepts no other before the last of them.
    ///
    /// Those of threads and of children (`elsewhere …`) are compared after those of the server: they come in an order of
    /// their own, and between the others as it happens.
    pub(super) fn expect<S: AsRef<str>>(&self, expected: &[S]) {
        let said = expected.iter().map(|_| self.line()).collect();
        let expected = expected.iter().map(|line| line.as_ref().to_owned()).collect();
        assert_eq!(in_order(said), in_order(expected), "{self}");
    }

    /// Waits for this line, whatever comes before it.
    pub(super) fn until(&self, line: &str) {
        while self.line() != line {}
    }

    /// Whether it says nothing for a while.
    pub(super) fn is_silent(&self) -> bool {
        let mut said = 0;
        settled("it says nothing more", || {
            said += self.output.try_iter().count();
            said
        }) == 0
    }

    /// Tells it to stop.
    pub(super) fn terminate(&self) {
        let id = i32::try_from(self.process.id()).expect("the kernel's numbers are small");
        kill_process(Pid::from_raw(id).expect("no process is 0"), Signal::TERM).expect("the server runs");
    }

    /// Waits until it has ended with this code, and has said nothing more. Returns what it wrote to standard error.
    pub(super) fn ended(self, code: i32) -> Vec<String> {
        let server = self.to_string();
        let (said, errors) = self.over(code);
        assert_eq!(said, [""; 0], "{server}");
        errors
    }

    /// Waits until it has ended with this code. Returns what it said until then, and what it wrote to standard error.
    pub(super) fn over(mut self, code: i32) -> (Vec<String>, Vec<String>) {
        let ended = self.process.wait(DEADLINE).code();
        // Both end when the last child has ended.
        let (said, errors) = (self.output.iter().collect(), self.errors.iter().collect());
        assert_eq!(ended, Some(code), "{self}: {said:#?} {errors:#?}");
        (said, errors)
    }

    /// Stops it in order.
    pub(super) fn stop(self) {
        self.terminate();
        self.ended(0);
    }
}

impl Display for Running {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {}", self.side, self.class.name)
    }
}

fn in_order(mut lines: Vec<String>) -> Vec<String> {
    lines.sort_by_key(|line| line.starts_with("elsewhere "));
    lines
}

/// Runs a script in each of these classes on both sides, theirs first: what does not hold there is a wrong test.
pub(super) fn on_both_sides(
    script: Script,
    classes: impl IntoIterator<Item = Class>,
    arguments: &[&str],
    assert: impl Fn(Running),
) {
    for class in classes {
        for side in [Side::Theirs, Side::Ours] {
            if let Some(server) = Setup::of(script, side, class).arguments(arguments).start() {
                assert(server);
            }
        }
    }
}
