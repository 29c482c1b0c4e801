//! `socketserver dev` under test: a copy of a project, and the server that follows it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::Receiver;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::client::Client;
use super::process::{Process, lines_of};
use super::server::{BINARY, cache, run};
use super::source::{build, target};

/// A project that is served while it is changed.
#[derive(Debug)]
pub(crate) struct Dev {
    process: Process,
    project: PathBuf,
    _folder: TempDir,
    listening: String,
    output: Receiver<String>,
    errors: Receiver<String>,
}

impl Dev {
    /// A new project in this language; none where its toolchain is missing.
    pub(crate) fn of(language: &str, kind: &str, flags: &[&str]) -> Option<Self> {
        Self::of_changed(language, kind, flags, None)
    }

    /// The same, and a piece of text in a file of it is replaced before it is served: file, before, after.
    pub(crate) fn of_changed<'a>(
        language: &str,
        kind: &str,
        flags: &[&str],
        change: impl Into<Option<(&'a str, &'a str, &'a str)>>,
    ) -> Option<Self> {
        let folder = tempfile::tempdir().expect("there is room");
        let project = project_in(&folder);
        run([
            "new",
            language,
            "--kind",
            kind,
            project.to_str().expect("a name in UTF-8"),
        ])
        .succeed();
        if let Some((file, before, after)) = change.into() {
            replace(&project.join(file), before, after);
        }
        build(&project)?;
        let mut command = Command::new(BINARY);
        command.arg("dev").arg(&project).args(flags);
        command.args(["--cache-dir".as_ref(), cache().as_os_str()]);
        command.env("CARGO_TARGET_DIR", target()).env_remove("RUST_LOG");
        let (process, output, errors) = Process::start(&mut command);
        let output = lines_of(output);
        let listening = output.recv_timeout(LONG).expect("it listens");
        Some(Self {
            process,
            project,
            _folder: folder,
            listening: listening.strip_prefix("listening ").expect("an address").to_owned(),
            output,
            errors: lines_of(errors),
        })
    }

    pub(crate) fn connect(&self) -> Client {
        Client::connect(&self.listening).expect("nobody is refused")
    }

    /// Replaces a piece of text in a file of the project.
    pub(crate) fn change(&self, file: &str, before: &str, after: &str) {
        replace(&self.project.join(file), before, after);
    }

    /// Does something again and again until a line on standard error starts so, and returns the line.
    pub(crate) fn until_said(&self, start: &str, mut meanwhile: impl FnMut()) -> String {
        let started = std::time::Instant::now();
        loop {
            meanwhile();
            if let Some(line) = self.errors.try_iter().find(|line| line.starts_with(start)) {
                return line;
            }
            assert!(started.elapsed() < LONG, "it should have said: {start}");
        }
    }

    /// Whether standard output has another line.
    pub(crate) fn announced_again(&self) -> bool {
        self.output.try_recv().is_ok()
    }

    /// Tells it to stop, and returns its exit code.
    pub(crate) fn stop(mut self) -> Option<i32> {
        let id = i32::try_from(self.process.id()).ok().and_then(Pid::from_raw);
        kill_process(id.expect("a process has an id"), Signal::TERM).expect("it runs");
        self.process.wait(LONG).code()
    }
}

fn replace(path: &Path, before: &str, after: &str) {
    let text = fs::read_to_string(path).expect("the file is there");
    assert!(text.contains(before), "{text}");
    fs::write(path, text.replace(before, after)).expect("the file can be written");
}

/// By a name of its own, because what is built of it has that name, in a folder that all tests share.
fn project_in(folder: &TempDir) -> PathBuf {
    static MADE: AtomicU32 = AtomicU32::new(0);
    let number = MADE.fetch_add(1, Ordering::Relaxed);
    Path::join(folder.path(), format!("followed-{number}"))
}

/// It may build first.
const LONG: Duration = Duration::from_secs(120);
