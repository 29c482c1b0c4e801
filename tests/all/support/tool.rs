//! Well-known clients of other projects, which must work with the handlers as they are.

use std::process::Command;

use super::process::Run;

/// A program that the machine may have.
#[derive(Debug)]
pub(crate) struct Tool {
    name: &'static str,
}

impl Tool {
    /// The tool, if it is installed. Where the tests must be complete (`CI` is set) a missing one is a failure; elsewhere
    /// its test is skipped, with a hint.
    pub(crate) fn find(name: &'static str, package: &str) -> Option<Self> {
        let paths = std::env::var_os("PATH").unwrap_or_default();
        if std::env::split_paths(&paths).any(|folder| folder.join(name).is_file()) {
            return Some(Self { name });
        }
        skip(&format!(
            "{name} is not installed; on Debian: apt-get install {package}"
        ));
        None
    }

    /// Runs it, and returns what it says; it must succeed.
    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        self.try_run(arguments).succeed()
    }

    /// Runs it to its end, however that is.
    pub(crate) fn try_run(&self, arguments: &[&str]) -> Run {
        Run::of(Command::new(self.name).args(arguments))
    }
}

/// Says why the test ends here without having tested anything, or fails where the tests must be complete.
pub(crate) fn skip(hint: &str) {
    assert!(std::env::var_os("CI").is_none(), "{hint}");
    eprintln!("skipped: {hint}");
}
