//! `cargo xtask bench --http`: the same components of `wasi:http` here and under `wasmtime serve`.
//!
//! Both are told in the same words how often an instance may be used, because their defaults differ: a fresh one for each
//! request is ours, and theirs for WASI 0.2.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use anyhow::{Context as _, Result, anyhow, ensure};

use super::workload::Workload;
use super::{Plan, SERVER_THREADS, Server};
use crate::workspace;

pub(super) fn start_ours(plan: &Plan, workload: Workload) -> Result<Server> {
    let mut command = Command::new(&plan.ours);
    command
        .arg("serve")
        .arg(component(workload)?)
        .args([
            "--listen",
            "http://127.0.0.1:0",
            "--max-connections",
            "7000",
            "--log",
            "off",
        ])
        .args(["--threads", SERVER_THREADS])
        .arg(reuse(workload));
    Server::start("socketserver", &mut command, plan.cores)
}

/// It has no flag for its threads: it takes as many as there are cores to run on, and that is one.
pub(super) fn start_wasmtime(plan: &Plan, workload: Workload) -> Result<Server> {
    let program = std::env::var_os("SOCKETSERVER_WASMTIME").unwrap_or_else(|| "wasmtime".into());
    let mut command = Command::new(program);
    command
        .args(["serve", "--addr=127.0.0.1:0", "-Scli"])
        .arg(reuse(workload))
        .arg(at_once(workload))
        .arg(component(workload)?);
    Server::start_wasmtime(&mut command, plan.cores)
        .context("is wasmtime 48 on PATH, or named by the environment variable SOCKETSERVER_WASMTIME?")
}

/// As many requests as `wasmtime serve` gives an instance of WASI 0.3 unless it is told otherwise, or one.
fn reuse(workload: Workload) -> &'static str {
    match workload {
        Workload::HttpReused | Workload::AsyncHttpReused | Workload::AsyncHttpShared => {
            "--max-instance-reuse-count=128"
        }
        _ => "--max-instance-reuse-count=1",
    }
}

/// How many of them at once, in theirs: in ours it is always one.
fn at_once(workload: Workload) -> &'static str {
    match workload {
        Workload::AsyncHttpShared => "--max-instance-concurrent-reuse-count=16",
        _ => "--max-instance-concurrent-reuse-count=1",
    }
}

/// The smallest answer there is, by WASI 0.2 or 0.3.
fn component(workload: Workload) -> Result<PathBuf> {
    let name = if workload.is_async() {
        "http_hello_async"
    } else {
        "http_hello"
    };
    static BUILT: OnceLock<Result<Vec<PathBuf>, String>> = OnceLock::new();
    let built = BUILT.get_or_init(|| build().map_err(|error| format!("{error:#}")));
    let built = built.as_ref().map_err(|error| anyhow!("{error}"))?;
    let file = built
        .iter()
        .find(|file| file.file_stem().is_some_and(|stem| stem == name));
    file.cloned().with_context(|| format!("cargo built no {name}"))
}

fn build() -> Result<Vec<PathBuf>> {
    let output = workspace::cargo()
        .args([
            "build",
            "--release",
            "--target",
            "wasm32-wasip2",
            "--package",
            "test-programs",
        ])
        .args(["--example", "http_hello", "--example", "http_hello_async"])
        .args(["--message-format", "json-render-diagnostics"])
        .current_dir(workspace::guest())
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start cargo")?;
    ensure!(output.status.success(), "cargo cannot build the components");
    let messages = output.stdout.split(|byte| *byte == b'\n');
    let messages = messages.filter_map(|line| serde_json::from_slice::<serde_json::Value>(line).ok());
    let files = messages.flat_map(|message| {
        let files = message["filenames"].as_array().cloned().unwrap_or_default();
        files.into_iter().filter_map(|file| file.as_str().map(PathBuf::from))
    });
    Ok(files.collect())
}
