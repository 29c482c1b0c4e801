//! What the numbers were measured on.

use std::fmt::{self, Display, Formatter};
use std::fs;
use std::process::Command;

use anyhow::Result;
use serde::Serialize;

use super::cores::Cores;
use crate::workspace;

/// Facts without which a number says little.
#[derive(Debug, Serialize)]
pub(super) struct Machine {
    processor: String,
    cores: usize,
    pinning: String,
    kernel: String,
    compiler: String,
    commit: String,
    /// Version of each package that decides the numbers.
    packages: Vec<(String, String)>,
    /// Processes that wanted a processor in the last minute.
    load: f64,
}

impl Machine {
    pub(super) fn find(cores: Cores) -> Result<Self> {
        let lock = fs::read_to_string(workspace::root().join("Cargo.lock"))?;
        let version = |package: &str| Some((package.to_owned(), locked(&lock, package)?.to_owned()));
        Ok(Self {
            processor: processor().unwrap_or_else(unknown),
            cores: std::thread::available_parallelism()?.get(),
            pinning: cores.describe(),
            kernel: kernel().unwrap_or_else(unknown),
            compiler: said("rustc", &["--version"]).unwrap_or_else(unknown),
            commit: said("git", &["describe", "--always", "--dirty"]).unwrap_or_else(unknown),
            packages: ["wasmtime", "tokio"].into_iter().filter_map(version).collect(),
            load: load().unwrap_or_default(),
        })
    }
}

impl Display for Machine {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self {
            processor,
            cores,
            pinning,
            kernel,
            compiler,
            commit,
            packages,
            load,
        } = self;
        write!(f, "{processor}, {cores} cores; {pinning}; Linux {kernel}; {compiler}; commit {commit}")?;
        for (package, version) in packages {
            write!(f, "; {package} {version}")?;
        }
        if *load > QUIET {
            write!(f, "\nThe machine was busy when this began (load {load}): only ratios mean something.")?;
        }
        Ok(())
    }
}

fn processor() -> Option<String> {
    let text = fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("model name"))?;
    Some(line.trim_start_matches([' ', '\t', ':']).to_owned())
}

fn kernel() -> Option<String> {
    let text = fs::read_to_string("/proc/sys/kernel/osrelease").ok()?;
    Some(text.trim().to_owned())
}

fn load() -> Option<f64> {
    let text = fs::read_to_string("/proc/loadavg").ok()?;
    text.split(' ').next()?.parse().ok()
}

fn said(program: &str, args: &[&str]) -> Option<String> {
    let output = Command::new(program).args(args).current_dir(workspace::root()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    (output.status.success() && !text.is_empty()).then(|| text.trim().to_owned())
}

fn unknown() -> String {
    "unknown".into()
}

/// The version of a package in a lock file: the line after its name.
fn locked<'a>(lock: &'a str, package: &str) -> Option<&'a str> {
    let (_, rest) = lock.split_once(&format!("\nname = \"{package}\"\nversion = \""))?;
    rest.split('"').next()
}

/// Less than half a core is what a machine does on its own.
const QUIET: f64 = 0.5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_found_by_its_whole_name() {
        let lock = "[[package]]\nname = \"tokio-util\"\nversion = \"0.7.20\"\n\n[[package]]\nname = \"tokio\"\nversion = \"1.54.1\"\n";
        assert_eq!(locked(lock, "tokio"), Some("1.54.1"));
        assert_eq!(locked(lock, "toki"), None);
    }
}
