//! The programs that a benchmark runs, built in release mode.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::server::Contender;
use crate::workspace;

/// What to run.
#[derive(Debug)]
pub(super) struct Artefacts {
    /// This program, optimised: its load generator and its native server are part of what is measured.
    pub(super) xtask: PathBuf,
    ours: Vec<OsString>,
    native: Vec<OsString>,
}

impl Artefacts {
    /// Builds what is not replaced by a command, for at least `idle` connections at the same time.
    pub(super) fn build(ours: Option<&str>, native: Option<&str>, idle: u32) -> Result<Self> {
        // One build for each package: together they would get the union of their features.
        let xtask = executable("xtask")?;
        let native = match native {
            Some(command) => words(command),
            None => vec![xtask.clone().into(), "native-echo".into()],
        };
        let ours = match ours {
            Some(command) => words(command),
            None => serve(idle)?,
        };
        ensure!(!ours.is_empty() && !native.is_empty(), "an empty command runs nothing");
        Ok(Self { xtask, ours, native })
    }

    pub(super) fn server(&self, contender: Contender) -> &[OsString] {
        match contender {
            Contender::Native => &self.native,
            Contender::Ours => &self.ours,
        }
    }
}

/// Our server as it comes, but for what the idle row needs and the log, which no native server writes either.
fn serve(idle: u32) -> Result<Vec<OsString>> {
    let server = executable("socketserver")?;
    let handler = component("echo")?;
    let most = (idle + SPARE).to_string();
    let mut command = vec![server.into(), "serve".into(), handler.into()];
    command.extend(["--listen", "tcp://127.0.0.1:0", "--log", "off", "--max-connections", &most].map(OsString::from));
    Ok(command)
}

fn executable(package: &str) -> Result<PathBuf> {
    let found = build(&workspace::root(), package, |message| {
        Some(message.get("executable")?.as_str()?.into())
    })?;
    found.with_context(|| format!("cargo built no program in `{package}`"))
}

/// The component of a handler. The server would build a project folder too, but each time that it starts.
fn component(package: &str) -> Result<PathBuf> {
    let found = build(&workspace::guest(), package, |message| {
        let files = message.get("filenames")?.as_array()?;
        let wasm = |file: &&str| Path::new(file).extension().is_some_and(|extension| extension == "wasm");
        Some(files.iter().filter_map(Value::as_str).find(wasm)?.into())
    })?;
    found.with_context(|| format!("cargo built no component in `{package}`"))
}

/// Builds a package, and looks for a file in what cargo says about its last artefact: wherever the target folder is.
fn build(workspace: &Path, package: &str, find: impl Fn(&Value) -> Option<PathBuf>) -> Result<Option<PathBuf>> {
    let mut cargo = workspace::cargo();
    cargo.args(["build", "--release", "--package", package]);
    cargo.arg("--message-format=json-render-diagnostics");
    cargo.current_dir(workspace).stdout(Stdio::piped());
    let output = cargo.spawn().context("cannot run cargo")?.wait_with_output()?;
    ensure!(output.status.success(), "cannot build `{package}`");
    let messages = serde_json::Deserializer::from_slice(&output.stdout).into_iter::<Value>();
    Ok(messages.filter_map(Result::ok).filter_map(|message| find(&message)).last())
}

fn words(command: &str) -> Vec<OsString> {
    command.split_whitespace().map(OsString::from).collect()
}

/// Places for connections that the server has not yet seen the end of.
const SPARE: u32 = 120;
