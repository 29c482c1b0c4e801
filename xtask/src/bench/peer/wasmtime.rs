//! Stock `wasmtime serve`, with the same components.

use std::ffi::OsString;
use std::process::Command;

use anyhow::{Context as _, bail};

use super::{Peer, first_line, ours};
use crate::bench::row::{Http, Reuse, Service, Wasi};
use crate::bench::server::{Ready, Server};

pub(super) const WASMTIME: Peer = Peer {
    name: "wasmtime",
    what: "stock `wasmtime serve` with the same components",
    install: "cargo install --locked wasmtime-cli@48.0.8, or the environment variable SOCKETSERVER_WASMTIME",
    version: |_| first_line(Command::new(program()).arg("--version")),
    start: |stage, demand| {
        let Service::Http(http) = demand.service else {
            bail!("it has no such service");
        };
        let source = match http.wasi {
            Wasi::Preview2 => "http_hello",
            Wasi::Preview3 => "http_hello_async",
        };
        let component = stage.components.get(&stage.ours, source)?;
        // It has no flag for its threads: it takes as many as there are cores to run on, and that is one.
        let mut command = Command::new(program());
        command
            .args(["serve", "--addr=127.0.0.1:0", "-Scli"])
            .args(["--max-instance-reuse-count", ours::reuse(http)])
            .args(["--max-instance-concurrent-reuse-count", at_once(http)])
            .arg(component);
        Server::start("wasmtime", &mut command, stage.cores, Ready::Errors("Serving HTTP on "))
            .context("is it wasmtime 48?")
    },
};

fn program() -> OsString {
    std::env::var_os("SOCKETSERVER_WASMTIME").unwrap_or_else(|| "wasmtime".into())
}

/// How many requests an instance of theirs serves at once: in ours it is always one.
fn at_once(http: Http) -> &'static str {
    match http.reuse {
        Reuse::Shared => "16",
        Reuse::Fresh | Reuse::Reused => "1",
    }
}
