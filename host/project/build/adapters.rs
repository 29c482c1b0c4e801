//! Builds the adapters of `guest/adapters`, which bundles are made with.
//!
//! They are guests, so they are built as guests are: in their own workspace, for their own target, in their own profile, and
//! in an environment that has nothing of this build's. Their folder for it is this script's own, because cargo keeps the one
//! of the workspace locked meanwhile.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::{env, fs, io};

const TARGET: &str = "wasm32-wasip2";

/// The packages whose components are embedded, without the `adapter-` in front.
const ADAPTERS: [&str; 12] = [
    "async-http-adapter",
    "async-http-wire-adapter",
    "async-tcp-loop",
    "context",
    "ends",
    "http",
    "http-adapter",
    "http-wire",
    "tcp",
    "tcp-loop",
    "udp",
    "udp-loop",
];

/// What is read, by its path from the root of the project; the WIT is watched by the rest of the script.
const INPUTS: [&str; 4] = ["guest/.cargo", "guest/Cargo.lock", "guest/Cargo.toml", "guest/adapters"];

/// What of cargo's own variables is about how it reaches its registries, and not about what is being built.
const KEPT: [&str; 7] = [
    "CARGO_HOME",
    "CARGO_HTTP_",
    "CARGO_MAKEFLAGS",
    "CARGO_NET_",
    "CARGO_REGISTRIES_",
    "CARGO_REGISTRY_",
    "CARGO_SOURCE_",
];

/// Puts each component to `adapters/<name>.wasm` in the folder `out`.
pub(crate) fn build(root: &Path, out: &Path) -> io::Result<()> {
    for input in INPUTS {
        println!("cargo::rerun-if-changed={}", root.join(input).display());
    }
    let guest = root.join("guest");
    let target = out.join("adapters-target");
    let mut cargo = clean(&env::var_os("CARGO").ok_or(io::ErrorKind::NotFound)?);
    cargo.args(["build", "--release", "--locked", "--target", TARGET]);
    cargo.args(ADAPTERS.map(|name| format!("--package=adapter-{name}")));
    cargo.current_dir(&guest).env("CARGO_TARGET_DIR", &target);
    // What is in standard output is for cargo, which would take lines of it for its own. It shows standard error if this fails.
    if !cargo.stdin(Stdio::null()).stdout(Stdio::null()).status()?.success() {
        return Err(io::Error::other(if has_target(&guest) {
            "the adapters of bundles do not build; the compiler says why above".to_owned()
        } else {
            format!(
                "the adapters of bundles are built for {TARGET}, which this Rust toolchain has not; \
                 install it with: rustup target add {TARGET}"
            )
        }));
    }
    let embedded = out.join("adapters");
    fs::create_dir_all(&embedded)?;
    for name in ADAPTERS {
        let name = name.replace('-', "_");
        let built = target.join(TARGET).join("release").join(format!("adapter_{name}.wasm"));
        fs::copy(&built, embedded.join(format!("{name}.wasm")))?;
    }
    Ok(())
}

/// A command without what cargo, or whoever called it, has set for this build: flags and wrappers of the compiler (clippy is
/// one), profiles, targets.
fn clean(program: &OsStr) -> Command {
    let mut command = Command::new(program);
    for (name, _) in env::vars_os() {
        let Some(text) = name.to_str() else { continue };
        let is_kept = KEPT.iter().any(|kept| text.starts_with(kept));
        let is_cargos = text.starts_with("CARGO") || text.starts_with("CLIPPY") || text.starts_with("DEP_");
        let is_the_compilers = text.starts_with("RUSTC") || text.starts_with("RUSTDOC") || text == "RUSTFLAGS";
        if !is_kept && (is_cargos || is_the_compilers) {
            command.env_remove(&name);
        }
    }
    command
}

fn has_target(folder: &Path) -> bool {
    let output = Command::new("rustc")
        .args(["--print", "target-libdir", "--target", TARGET])
        .current_dir(folder)
        .stdin(Stdio::null())
        .output();
    output.is_ok_and(|output| {
        output.status.success() && Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir()
    })
}
