//! Rust, by cargo and the target `wasm32-wasip2`.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::build::{BuildError, Job};
use crate::doctor::{Requirement, State};
use crate::language::Language;
use crate::tool::Tool;

/// The target that makes components with WASI 0.2.
const TARGET: &str = "wasm32-wasip2";

const CARGO: Tool = Tool {
    program: "cargo",
    module: None,
    version: &["--version"],
    hint: "install Rust with rustup: https://rustup.rs",
};

const RUSTC: Tool = Tool {
    program: "rustc",
    ..CARGO
};

pub(super) fn requirements(folder: &Path) -> Vec<Requirement> {
    let target = match has_target(folder) {
        true => State::Found(TARGET.to_owned()),
        false => State::Missing(format!("rustup target add {TARGET}")),
    };
    vec![
        CARGO.requirement(folder),
        RUSTC.requirement(folder),
        Requirement {
            name: format!("target {TARGET}"),
            state: target,
        },
    ]
}

/// Builds with the project's own toolchain and release profile. A missing target is installed, and that is said.
///
/// What cargo says goes to standard error, where it shows its own progress.
pub(super) fn build(job: &Job<'_>) -> Result<PathBuf, BuildError> {
    let folder = &job.source.folder;
    let missing = |tool: &Tool| BuildError::Missing {
        language: Language::Rust,
        tool: tool.program.to_owned(),
        hint: tool.hint.to_owned(),
    };
    let cargo = CARGO.find(folder).ok_or_else(|| missing(&CARGO))?;
    RUSTC.find(folder).ok_or_else(|| missing(&RUSTC))?;
    install_target(job)?;
    let output = cargo
        .command()
        .args(["build", "--release", "--target", TARGET])
        .args(["--message-format", "json-render-diagnostics"])
        .current_dir(folder)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|source| BuildError::Run {
            tool: CARGO.program.to_owned(),
            source,
        })?;
    let main = &job.source.main;
    if !output.status.success() {
        return Err(BuildError::Refused {
            main: main.clone(),
            said: "cargo says why above".to_owned(),
        });
    }
    let why = match components_of(main, &output.stdout).as_slice() {
        [component] => return Ok(component.clone()),
        [] => "builds no component; its library needs crate-type = [\"cdylib\"]",
        _ => "builds several components; give the file of one of them, or a folder that builds one",
    };
    Err(BuildError::Component {
        main: main.clone(),
        why: why.to_owned(),
    })
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
fn install_target(job: &Job<'_>) -> Result<(), BuildError> {
    let folder = &job.source.folder;
    if has_target(folder) {
        return Ok(());
    }
    job.note(&format!(
        "installing the Rust target {TARGET}: rustup target add {TARGET}"
    ));
    let mut rustup = Command::new("rustup");
    rustup.args(["target", "add", TARGET]).current_dir(folder);
    job.run(&mut rustup).map_err(|_| BuildError::Missing {
        language: Language::Rust,
        tool: format!("the target {TARGET}"),
        hint: format!("rustup target add {TARGET}"),
    })?;
    Ok(())
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
}
