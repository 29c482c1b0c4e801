//! The tests of the JavaScript SDK, by Node.js against a host that is not there, and the types of all that users copy.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use crate::workspace;

/// Tests, and checks types. Without Node.js nothing is done, which is a failure in CI.
///
/// # Errors
///
/// Node.js or npm is missing in CI, a test fails, or types do not fit.
pub(crate) fn run() -> Result<()> {
    let hint = "Node.js 20 or newer, with npm, is not installed: https://nodejs.org";
    let is_new = "process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)";
    if !workspace::has_tool(Command::new("node").args(["-e", is_new]), hint)? {
        return Ok(());
    }
    let sdk = workspace::root().join("guest/sdk/javascript");
    test(&sdk, &sdk.join("tests"), None)?;
    if !workspace::has_tool(Command::new("npm").arg("--version"), hint)? {
        return Ok(());
    }
    let types = sdk.join("tests/types");
    is_pinned(&types)?;
    let compiler = install(&types)?;
    test(&sdk, &types, Some(&compiler))?;
    for project in projects(&types)? {
        let status = Command::new("node")
            .arg(compiler.join("node_modules/typescript/bin/tsc"))
            .arg("-p")
            .arg(&project)
            .status()
            .context("cannot run node")?;
        ensure!(status.success(), "tsc -p {}: {status}", project.display());
    }
    Ok(())
}

/// Runs the tests of a folder. Their files are given by name: what Node.js takes a folder for differs by its version.
fn test(sdk: &Path, folder: &Path, compiler: Option<&Path>) -> Result<()> {
    let files = files(folder, |name| name.ends_with(".test.mjs"))?;
    ensure!(!files.is_empty(), "no tests in {}", folder.display());
    let mut node = Command::new("node");
    node.arg("--import")
        .arg(sdk.join("tests/register.mjs"))
        .args(["--test", "--test-reporter", "spec"])
        .args(files);
    if let Some(compiler) = compiler {
        node.env("TYPESCRIPT", compiler);
    }
    let status = node.status().context("cannot run node")?;
    ensure!(status.success(), "node --test: {status}");
    Ok(())
}

/// What is checked here is what users get: the version of the compiler is that of the templates.
fn is_pinned(types: &Path) -> Result<()> {
    let ours = version(&types.join("package.json"), "dependencies")?;
    for template in templates("typescript")? {
        let theirs = version(&template.join("package.json"), "devDependencies")?;
        ensure!(
            ours == theirs,
            "{}: typescript is {theirs}, and {ours} in {}",
            template.display(),
            types.display()
        );
    }
    Ok(())
}

fn version(manifest: &Path, group: &str) -> Result<String> {
    let text = fs::read(manifest).with_context(|| format!("cannot read {}", manifest.display()))?;
    let parsed: Value = serde_json::from_slice(&text).with_context(|| manifest.display().to_string())?;
    let version = parsed[group]["typescript"].as_str();
    Ok(version
        .with_context(|| format!("{}: no typescript in {group}", manifest.display()))?
        .to_owned())
}

/// Installs the compiler, unless what is there is of the same lock file.
fn install(types: &Path) -> Result<PathBuf> {
    let folder = workspace::root().join("target/javascript");
    fs::create_dir_all(&folder)?;
    let lock = fs::read(types.join("package-lock.json"))?;
    let done = folder.join("installed");
    if fs::read(&done).is_ok_and(|there| there == lock) {
        return Ok(folder);
    }
    for name in ["package.json", "package-lock.json"] {
        fs::copy(types.join(name), folder.join(name))?;
    }
    let status = Command::new("npm")
        .args([
            "ci",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--loglevel",
            "error",
        ])
        .current_dir(&folder)
        .status()
        .context("cannot run npm")?;
    ensure!(status.success(), "npm ci: {status}");
    fs::write(done, lock)?;
    Ok(folder)
}

/// The configurations of the compiler: for what uses all declarations and for the handlers, and those of the templates.
fn projects(types: &Path) -> Result<Vec<PathBuf>> {
    let mut found = vec![types.join("tsconfig.json")];
    for language in ["javascript", "typescript"] {
        for template in templates(language)? {
            let configurations = files(&template, |name| ["jsconfig.json", "tsconfig.json"].contains(&name))?;
            match <[PathBuf; 1]>::try_from(configurations) {
                Ok([configuration]) => found.push(configuration),
                Err(_) => bail!("{}: neither a jsconfig.json nor a tsconfig.json", template.display()),
            }
        }
    }
    Ok(found)
}

fn templates(language: &str) -> Result<Vec<PathBuf>> {
    files(&workspace::root().join("guest/templates").join(language), |_| true)
}

/// What a folder has directly in it, by name and in order.
fn files(folder: &Path, wanted: impl Fn(&str) -> bool) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.file_name().and_then(OsStr::to_str).is_some_and(&wanted) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
