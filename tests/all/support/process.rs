//! Processes that never outlive their test.

use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use super::eventually::within;

/// A running process, killed when it is dropped.
#[derive(Debug)]
pub(crate) struct Process(Child);

impl Process {
    /// Starts a command without input, and returns what follows its output and its errors.
    pub(crate) fn start(command: &mut Command) -> (Self, impl Read + Send + 'static, impl Read + Send + 'static) {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?} cannot be run: {error}"));
        let output = child.stdout.take().expect("it is piped");
        let errors = child.stderr.take().expect("it is piped");
        (Self(child), output, errors)
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    /// Waits until it ends.
    pub(crate) fn wait(&mut self, deadline: Duration) -> ExitStatus {
        within(deadline, "the process ends", || {
            self.0.try_wait().expect("it is our child")
        })
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What a command that ends by itself came to.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) output: String,
    pub(crate) errors: String,
}

impl Run {
    /// Runs a command to its end.
    pub(crate) fn of(command: &mut Command) -> Self {
        let (mut process, output, errors) = Process::start(command);
        let (output, errors) = (lines_of(output), lines_of(errors));
        let status = process.wait(LONG);
        let text = |lines: Receiver<String>| lines.iter().map(|line| line + "\n").collect();
        Self {
            code: status.code(),
            output: text(output),
            errors: text(errors),
        }
    }

    /// The output of a command that must succeed.
    pub(crate) fn succeed(self) -> String {
        assert_eq!(self.code, Some(0), "{self:?}");
        self.output
    }
}

/// Follows a stream on a thread, line by line.
pub(crate) fn lines_of(source: impl Read + Send + 'static) -> Receiver<String> {
    let (lines, receiver) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(source).lines().map_while(Result::ok) {
            // Nobody listens any more when the test is over.
            if lines.send(line).is_err() {
                break;
            }
        }
    });
    receiver
}

/// Some commands build a project first.
const LONG: Duration = Duration::from_secs(300);
