//! `bundle`.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use socketserver_project::{BundleError, BundleOptions, Kind, Runtime};

use super::component;
use crate::cli::Bundle;
use crate::exit::{Exit, Failure};

/// Writes a bundle, prints where it is, and says how it is run and what is different there.
pub(crate) fn bundle(bundle: &Bundle) -> Result<Exit, Failure> {
    let handler = component(&bundle.handler)?;
    let output = bundle
        .output
        .clone()
        .unwrap_or_else(|| default_output(&handler, bundle.runtime));
    if fs::canonicalize(&output).is_ok_and(|output| fs::canonicalize(&handler).is_ok_and(|handler| handler == output)) {
        let error = anyhow!("{} is the handler itself; give another --output", output.display());
        return Err(Failure::new(Exit::Usage, error));
    }
    let bytes = fs::read(&handler).with_context(|| format!("cannot read {}", handler.display()));
    let bytes = bytes.map_err(|error| Failure::new(Exit::Handler, error))?;
    let parsed = wat::parse_bytes(&bytes).with_context(|| format!("cannot read {}", handler.display()));
    let parsed = parsed.map_err(|error| Failure::new(Exit::Handler, error))?;
    let mut options = BundleOptions::new(bundle.runtime);
    options.http_wire = bundle.http_wire;
    options.kind = bundle.kind;
    let made = socketserver_project::bundle(&parsed, options).map_err(|error| {
        let exit = match error {
            BundleError::HttpWireByRun => return Failure::new(Exit::Usage, error),
            _ => Exit::Handler,
        };
        Failure::new(exit, error).context(handler.display().to_string())
    })?;
    let written = made
        .write(&output)
        .with_context(|| format!("cannot write {}", output.display()));
    written.map_err(|error| Failure::new(Exit::Usage, error))?;
    // Nobody reads it when the stream is gone.
    let _ = writeln!(io::stdout(), "{}", output.display());
    let _ = io::stderr().write_all(notes(bundle.runtime, made.kind, &made.imports, &output).as_bytes());
    Ok(Exit::Clean)
}

fn default_output(handler: &Path, runtime: Runtime) -> PathBuf {
    let name = handler.file_stem().unwrap_or_default().to_string_lossy();
    PathBuf::from(format!("{name}.{runtime}.wasm"))
}

/// How the bundle is run, and what is different from `serve`.
fn notes(runtime: Runtime, kind: Kind, imports: &[String], output: &Path) -> String {
    let mut text = format!(
        "run it: {}\nwhat is different from `socketserver serve`:\n",
        command(runtime, imports, output)
    );
    for difference in differences(runtime, kind) {
        let _ = writeln!(text, "  - {difference}");
    }
    text
}

/// The command that runs it, with a flag for each thing that it imports and a runtime does not offer by itself.
fn command(runtime: Runtime, imports: &[String], output: &Path) -> String {
    let imports = |package: &str| imports.iter().any(|import| import.starts_with(package));
    let is_serve = runtime == Runtime::WasmtimeServe;
    let mut command = if is_serve {
        "wasmtime serve -S cli"
    } else {
        "wasmtime run"
    }
    .to_owned();
    for (package, flag) in FLAGS {
        if imports(package) && !(is_serve && package == HTTP) {
            let _ = write!(command, " -S {flag}");
        }
    }
    let output = output.display();
    let _ = if is_serve {
        write!(command, " --addr 127.0.0.1:8080 {output}")
    } else {
        write!(command, " {output} 127.0.0.1:9999")
    };
    command
}

/// What `wasmtime serve` offers by itself, and `wasmtime run` does not.
const HTTP: &str = "wasi:http/";

const FLAGS: [(&str, &str); 5] = [
    ("wasi:sockets/", "inherit-network"),
    ("wasi:sockets/ip-name-lookup", "allow-ip-name-lookup"),
    (HTTP, "http"),
    ("wasi:config/", "config"),
    ("wasi:keyvalue/", "keyvalue"),
];

fn differences(runtime: Runtime, kind: Kind) -> &'static [&'static str] {
    match (runtime, kind) {
        (Runtime::WasmtimeServe, Kind::Async) => &[
            "one instance serves up to 128 requests, 16 of them at once; --max-instance-reuse-count 1 gives each its own",
            "addresses are not told: both are Unix addresses without a name",
            "a client that closes its sending side loses its response",
            "an error of the handler cuts its response off; before the response has begun it is a 500",
            "no limits but those of wasmtime, and no draining",
        ],
        (Runtime::WasmtimeServe, _) => &[
            "a request is a connection: it is received up to its end, and what is sent is its response",
            "addresses are not told: both are Unix addresses without a name",
            "a client that closes its sending side loses its response",
            "an error of the handler cuts its response off; before the response has begun it is a 500",
            "a trap behind the beginning of the response looks to the client as if the response were whole",
            "no limits but those of wasmtime, and no draining",
        ],
        (_, Kind::Async) => &[
            "one instance serves all connections at once: they share its memory, and a trap ends the process",
            "no limits on connections, memory, processor time, idle time or lifetime, and no draining",
            "wasmtime 48 keeps half a kilobyte for each connection that was served, until the process ends",
            "[::] does not take IPv4",
        ],
        (_, Kind::Datagram) => &[
            "one instance serves all datagrams, one after the other: they share its memory, and a trap ends the process",
            "no limits on memory, processor time or lifetime, no sessions, and no draining",
            "the local address is the one that is bound, and [::] does not take IPv4",
        ],
        _ => &[
            "one instance serves all connections, one after the other: they share its memory, and a trap ends the process",
            "no limits but --idle-timeout, which is 60s behind the addresses unless it is given, and no draining",
            "[::] does not take IPv4",
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command_of(runtime: Runtime, imports: &[&str]) -> String {
        let imports: Vec<_> = imports.iter().map(|import| (*import).to_owned()).collect();
        command(runtime, &imports, Path::new("a.wasm"))
    }

    #[test]
    fn the_command_has_a_flag_for_what_is_imported() {
        let imports = [
            "wasi:sockets/tcp@0.2.12",
            "wasi:http/types@0.2.12",
            "wasi:io/poll@0.2.12",
        ];
        assert_eq!(
            command_of(Runtime::WasmtimeRun, &imports),
            "wasmtime run -S inherit-network -S http a.wasm 127.0.0.1:9999"
        );
        assert_eq!(
            command_of(Runtime::WasmtimeServe, &imports[1..]),
            "wasmtime serve -S cli --addr 127.0.0.1:8080 a.wasm"
        );
        assert_eq!(
            command_of(Runtime::WasmtimeServe, &["wasi:sockets/ip-name-lookup@0.2.12"]),
            "wasmtime serve -S cli -S inherit-network -S allow-ip-name-lookup --addr 127.0.0.1:8080 a.wasm"
        );
    }
}
