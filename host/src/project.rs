//! From a folder with a handler project to the component that it builds.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;
use thiserror::Error;

/// The target that makes components with WASI 0.2.
const TARGET: &str = "wasm32-wasip2";

/// Builds the Rust project in `folder`, with its own toolchain and release profile, and returns the component's path.
///
/// What cargo says goes to standard error. A missing target is installed, and that is said.
pub(crate) fn build(folder: &Path) -> Result<PathBuf, BuildError> {
    let folder = fs::canonicalize(folder).map_err(|source| BuildError::Folder {
        folder: folder.to_owned(),
        source,
    })?;
    let manifest = folder.join("Cargo.toml");
    if !manifest.is_file() {
        return Err(BuildError::NoProject(folder));
    }
    install_target(&folder)?;
    let output = Command::new("cargo")
        .args(["build", "--release", "--target", TARGET])
        .args(["--message-format", "json-render-diagnostics"])
        .current_dir(&folder)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|source| tool_failed("cargo", source))?;
    if !output.status.success() {
        return Err(BuildError::Failed(folder));
    }
    let mut components = components_of(&manifest, &output.stdout);
    match (components.pop(), components.is_empty()) {
        (Some(component), true) => Ok(component),
        (None, _) => Err(BuildError::NoComponent(manifest)),
        (Some(_), false) => Err(BuildError::ManyComponents(manifest)),
    }
}

/// The components that cargo reports to have made of the package itself, not of its dependencies.
fn components_of(manifest: &Path, messages: &[u8]) -> Vec<PathBuf> {
    serde_json::Deserializer::from_slice(messages)
        .into_iter::<Message>()
        .map_while(Result::ok)
        .filter(|message| message.reason == "compiler-artifact" && message.manifest_path.as_deref() == Some(manifest))
        .flat_map(|message| message.filenames)
        .filter(|file| file.extension() == Some(OsStr::new("wasm")))
        .collect()
}

/// A line of cargo's `--message-format json`.
#[derive(Deserialize)]
struct Message {
    reason: String,
    manifest_path: Option<PathBuf>,
    #[serde(default)]
    filenames: Vec<PathBuf>,
}

/// Installs the target if the project's toolchain lacks it: `rust-toolchain.toml` alone does not where rustup's automatic
/// installation is off.
fn install_target(folder: &Path) -> Result<(), BuildError> {
    let output = Command::new("rustc")
        .args(["--print", "target-libdir", "--target", TARGET])
        .current_dir(folder)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .map_err(|source| tool_failed("rustc", source))?;
    let library = String::from_utf8_lossy(&output.stdout);
    if output.status.success() && Path::new(library.trim()).is_dir() {
        return Ok(());
    }
    // Nobody reads this when standard error is gone.
    let _ = writeln!(
        io::stderr(),
        "installing the Rust target {TARGET}: rustup target add {TARGET}"
    );
    let installed = Command::new("rustup")
        .args(["target", "add", TARGET])
        .current_dir(folder)
        .stdin(Stdio::null())
        // Standard output is for the listeners.
        .stdout(Stdio::from(io::stderr()))
        .status();
    match installed {
        Ok(status) if status.success() => Ok(()),
        _ => Err(BuildError::NoTarget),
    }
}

fn tool_failed(tool: &'static str, source: io::Error) -> BuildError {
    match source.kind() {
        io::ErrorKind::NotFound => BuildError::NoTool(tool),
        _ => BuildError::Tool { tool, source },
    }
}

/// A project that could not be built.
#[derive(Debug, Error)]
pub(crate) enum BuildError {
    #[error("the handler in {} does not build; cargo says why above", .0.display())]
    Failed(PathBuf),
    #[error("cannot read {}", folder.display())]
    Folder {
        folder: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{} builds several components; give the file of one of them, or a folder that builds one", .0.display())]
    ManyComponents(PathBuf),
    #[error("{} builds no component; its library needs crate-type = [\"cdylib\"]", .0.display())]
    NoComponent(PathBuf),
    #[error("{} holds no handler project: there is no Cargo.toml in it", .0.display())]
    NoProject(PathBuf),
    #[error("the Rust target {TARGET} is missing; install it with `rustup target add {TARGET}`")]
    NoTarget,
    #[error("{0} is not installed, and a Rust project needs it to be built; install Rust with rustup")]
    NoTool(&'static str),
    #[error("cannot run {tool}")]
    Tool {
        tool: &'static str,
        #[source]
        source: io::Error,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_components_of_the_package_itself_count() {
        let messages = br#"
            {"reason":"compiler-artifact","manifest_path":"/p/dep/Cargo.toml","filenames":["/p/dep.wasm"]}
            {"reason":"compiler-message","message":{}}
            {"reason":"compiler-artifact","manifest_path":"/p/Cargo.toml","filenames":["/p/x.wasm","/p/x.d"]}
            {"reason":"build-finished","success":true}
        "#;
        assert_eq!(
            components_of(Path::new("/p/Cargo.toml"), messages),
            [Path::new("/p/x.wasm")]
        );
    }

    #[test]
    fn a_folder_without_a_project_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(build(folder.path()), Err(BuildError::NoProject(_))));
    }
}
