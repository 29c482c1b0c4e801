//! A network of a test's own: what is set in it, and what is sent in it, concerns nobody else.

use std::process::Command;

use super::process::Run;
use super::tool::{Tool, skip};

/// A network namespace with nothing but its loopback interface, which is deleted when this is dropped.
#[derive(Debug)]
pub(crate) struct Namespace {
    name: String,
}

impl Namespace {
    /// Makes one where the machine lets the tests: it takes root. Where it does not, the test is skipped or fails, as for
    /// a missing [`Tool`].
    pub(crate) fn make(of: &str) -> Option<Self> {
        let ip = Tool::find("ip", "iproute2")?;
        let name = format!("socketserver-{of}-{}", std::process::id());
        let made = ip.try_run(&["netns", "add", &name]);
        if made.code != Some(0) {
            skip(&format!(
                "this test makes a network namespace, as root: {}",
                made.errors.trim_end()
            ));
            return None;
        }
        let namespace = Self { name };
        namespace.run(&["ip", "link", "set", "lo", "up"]);
        Some(namespace)
    }

    /// Runs a command in it, and returns what it says; it must succeed.
    pub(crate) fn run(&self, command: &[&str]) -> String {
        self.try_run(command).succeed()
    }

    /// Runs a command in it to its end, however that is.
    pub(crate) fn try_run(&self, command: &[&str]) -> Run {
        let [program, arguments @ ..] = self.prefix();
        Run::of(Command::new(program).args(arguments).args(command))
    }

    /// What comes before a command that runs in it.
    pub(super) fn prefix(&self) -> [&str; 4] {
        ["ip", "netns", "exec", &self.name]
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        let deleted = Command::new("ip").args(["netns", "delete", &self.name]).status();
        if !deleted.is_ok_and(|status| status.success()) {
            eprintln!("the namespace {} is left behind", self.name);
        }
    }
}
