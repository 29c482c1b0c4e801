//! Examples of crates, in copies of the folders that cargo unpacked them to.
//!
//! cargo verifies a crate by the digest in our lock file, and its dependencies by those in the crate's own. The copy is
//! needed because cargo builds examples of packages in the file system only, and never writes to what it has unpacked.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, OnceLock, PoisonError};

use serde_json::Value;

use super::{kept, pins};
use crate::support::guest::{install_target, project};
use crate::support::process::Run;

const TARGET: &str = "wasm32-wasip2";

/// They share a target folder, and would wait for each other there: here the wait is not on anybody's deadline.
static CARGO: Mutex<()> = Mutex::new(());

pub(super) fn build(name: &str, version: &str, licence: &str, example: &str, features: &str) -> PathBuf {
    let package = pinned(name, version);
    assert_eq!(package.licence, licence, "{name} {version}");
    let folder = kept().join(format!("{name}-{version}"));
    copy(&package.folder, &folder);
    install_target(project());
    let _turn = CARGO.lock().unwrap_or_else(PoisonError::into_inner);
    let output = Run::of(
        Command::new(env!("CARGO"))
            .args(["build", "--release", "--locked", "--target", TARGET])
            .args(["--example", example, "--features", features])
            .args(["--message-format", "json-render-diagnostics", "--manifest-path"])
            .arg(folder.join("Cargo.toml"))
            // A crate may have a configuration of cargo and a toolchain of its own, for its developers: those of the
            // folder that cargo is run in are what counts.
            .current_dir(project())
            .env("CARGO_TARGET_DIR", kept().join("target")),
    )
    .succeed();
    let artifacts = serde_json::Deserializer::from_str(&output).into_iter::<Value>();
    let artifact = artifacts
        .map(|message| message.expect("cargo writes JSON"))
        .filter(|message| message["target"]["name"] == example)
        .find_map(|message| {
            let files = message["filenames"].as_array()?.iter().filter_map(Value::as_str);
            files
                .map(PathBuf::from)
                .find(|file| file.extension().is_some_and(|e| e == "wasm"))
        })
        .unwrap_or_else(|| panic!("{name} {version} has no component {example}: {output}"));
    // Examples of several crates have the same name, and their files the same place.
    let component = kept().join(format!("{name}-{version}-{example}.wasm"));
    fs::copy(artifact, &component).expect("cargo's folder can be written to");
    component
}

/// Where a crate's files are, to read.
pub(super) fn folder(name: &str, version: &str) -> &'static Path {
    &pinned(name, version).folder
}

fn pinned(name: &str, version: &str) -> &'static Package {
    unpacked()
        .get(&(name.to_owned(), version.to_owned()))
        .unwrap_or_else(|| panic!("tests/foreign/rust/Cargo.toml has no {name} {version}"))
}

#[derive(Debug)]
struct Package {
    folder: PathBuf,
    licence: String,
}

/// The pinned crates by name and version, without what follows a `+`: fetched if need be.
fn unpacked() -> &'static HashMap<(String, String), Package> {
    static UNPACKED: OnceLock<HashMap<(String, String), Package>> = OnceLock::new();
    UNPACKED.get_or_init(|| {
        let output = Run::of(
            Command::new(env!("CARGO"))
                .args(["metadata", "--locked", "--format-version", "1", "--manifest-path"])
                .arg(pins("rust").join("Cargo.toml"))
                .current_dir(project()),
        )
        .succeed();
        let metadata: Value = serde_json::from_str(&output).expect("cargo writes JSON");
        let packages = metadata["packages"].as_array().expect("there are packages");
        packages.iter().filter_map(package).collect()
    })
}

fn package(package: &Value) -> Option<((String, String), Package)> {
    let version = package["version"].as_str()?.split('+').next()?;
    let manifest = Path::new(package["manifest_path"].as_str()?);
    Some((
        (package["name"].as_str()?.to_owned(), version.to_owned()),
        Package {
            folder: manifest.parent()?.to_owned(),
            licence: package["license"].as_str()?.to_owned(),
        },
    ))
}

/// Copies a folder unless it has been copied, with the times of its files: cargo builds again what is newer than its output.
fn copy(from: &Path, to: &Path) {
    if to.is_dir() {
        return;
    }
    // Another process may copy it too. Whoever is first has its way.
    let name = to.file_name().expect("it has one").to_string_lossy();
    let scratch = to.with_file_name(format!("{name}.{}", std::process::id()));
    fs::create_dir_all(kept()).expect("cargo's folder can be written to");
    let status = Command::new("cp").arg("-a").arg(from).arg(&scratch).status();
    let copied = status.is_ok_and(|status| status.success());
    assert!(copied, "{} cannot be copied to {}", from.display(), scratch.display());
    if fs::rename(&scratch, to).is_err() {
        fs::remove_dir_all(&scratch).expect("it was just written");
    }
}
