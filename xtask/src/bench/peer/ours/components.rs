//! What the server runs, built once in a run: a start that is measured has nothing left to build.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, Result, ensure};

use crate::workspace;

/// Components by what they are made of: a source of the project, or the name of a test program.
#[derive(Debug, Default)]
pub(in crate::bench) struct Components(Mutex<BTreeMap<String, PathBuf>>);

impl Components {
    /// Builds it, if that has not been done.
    ///
    /// # Errors
    ///
    /// Its toolchain is missing, or it cannot be built.
    pub(in crate::bench) fn get(&self, ours: &Path, source: &str) -> Result<PathBuf> {
        let mut built = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(component) = built.get(source) {
            return Ok(component.clone());
        }
        let component = if source.contains('/') {
            project(ours, Path::new(source))?
        } else {
            program(source)?
        };
        built.insert(source.to_owned(), component.clone());
        Ok(component)
    }
}

/// A handler, as its users build it: of a path from the root of the project, or an absolute one.
pub(in crate::bench) fn project(ours: &Path, source: &Path) -> Result<PathBuf> {
    let output = Command::new(ours)
        .arg("build")
        .arg(source)
        .current_dir(workspace::root())
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start the server")?;
    ensure!(output.status.success(), "cannot build {}", source.display());
    Ok(workspace::root().join(String::from_utf8(output.stdout)?.trim_end()))
}

/// One of `tests/programs`: "any", "http_hello", "http_hello_async".
fn program(name: &str) -> Result<PathBuf> {
    let output = workspace::cargo()
        .args(["build", "--release", "--target", "wasm32-wasip2"])
        .args(["--package", "test-programs", "--example", name])
        .args(["--message-format", "json-render-diagnostics"])
        .current_dir(workspace::guest())
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start cargo")?;
    ensure!(output.status.success(), "cargo cannot build {name}");
    let messages = output.stdout.split(|byte| *byte == b'\n');
    let messages = messages.filter_map(|line| serde_json::from_slice::<serde_json::Value>(line).ok());
    let mut files = messages.flat_map(|message| {
        let files = message["filenames"].as_array().cloned().unwrap_or_default();
        files.into_iter().filter_map(|file| file.as_str().map(PathBuf::from))
    });
    let file = files.find(|file| file.file_stem().is_some_and(|stem| stem == name));
    file.with_context(|| format!("cargo built no {name}"))
}
