//! Python, by componentize-py: CPython 3.14 and all that the source imports, in one component.
//!
//! The SDK's `describe.py` tells from the text what the source is; componentize-py runs it once, and keeps its memory. What
//! comes out is many modules that are linked to each other, and [`flat`] makes one of them.

mod flat;
mod immortal;
mod join;
mod linked;
mod module;

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;
use thiserror::Error;

use crate::build::{BuildError, Job};
use crate::doctor::{Requirement, State};
use crate::language::Language;
use crate::tool::{Found, Tool};

/// The version that the SDK and [`join`] were written for: both know what it makes.
const VERSION: &str = "0.25.1";

const COMPONENTIZE: Tool = Tool {
    program: "componentize-py",
    module: None,
    version: &["--version"],
    hint: "python3 -m venv .venv && .venv/bin/pip install componentize-py==0.25.1",
};

const PYTHON: Tool = Tool {
    program: "python3",
    module: None,
    version: &["--version"],
    hint: "install Python 3.9 or newer: https://www.python.org/downloads",
};

/// The module that componentize-py is given.
const ENTRY: &str = "component_entry";

pub(super) fn requirements(folder: &Path) -> Vec<Requirement> {
    let mut componentize = COMPONENTIZE.requirement(folder);
    if let State::Found(version) = &componentize.state
        && !is_known(version)
    {
        componentize.state = State::Missing(format!(
            "{version} is there, and {VERSION} is needed: {}",
            COMPONENTIZE.hint
        ));
    }
    vec![PYTHON.requirement(folder), componentize]
}

/// Builds what the source is: a handler of either kind or of both, an async handler, or a server program.
///
/// The folder of the source is searched for what it imports, before the modules of Python, as that of a script is; then the
/// packages of the environment that componentize-py is in.
pub(super) fn build(job: &Job<'_>) -> Result<PathBuf, BuildError> {
    let folder = &job.source.folder;
    let python = find(&PYTHON, folder)?;
    let componentize = find(&COMPONENTIZE, folder)?;
    if !is_known(&componentize.version) {
        return Err(BuildError::Missing {
            language: Language::Python,
            tool: format!("componentize-py {VERSION}"),
            hint: format!("{} is; {}", componentize.version, COMPONENTIZE.hint),
        });
    }
    job.step("reading the source");
    let description = describe(job, &python)?;
    let entry = job.scratch.join("entry");
    write(&entry.join(ENTRY).with_extension("py"), description.entry.as_bytes())?;

    job.step("running the source in CPython, and keeping its memory");
    let raw = job.scratch.join("linked.wasm");
    let sdk = job.embedded()?.join("guest/sdk/python");
    let wit = job.scratch.join("component.wit");
    write(&wit, description.world().as_bytes())?;
    let mut command = componentize.command();
    command
        .args([
            OsStr::new("-q"),
            OsStr::new("-d"),
            job.embedded()?.join("wit").as_os_str(),
        ])
        .args([OsStr::new("-d"), sdk.join("wit").as_os_str()])
        .args([OsStr::new("-d"), wit.as_os_str()])
        .args(["-w", "socketserver:built/component", "componentize", ENTRY])
        .args([
            OsStr::new("-p"),
            entry.as_os_str(),
            OsStr::new("-p"),
            sdk.join("src").as_os_str(),
        ])
        .args([OsStr::new("-p"), folder.as_os_str(), OsStr::new("-o"), raw.as_os_str()])
        // A failure shall be told by Python's traceback, not by that of the tool.
        .env_remove("RUST_BACKTRACE");
    if let Some(environment) = environment(&componentize) {
        command.env("VIRTUAL_ENV", environment);
    }
    job.run(&mut command).map_err(without_tool)?;

    job.step("joining its modules");
    let linked = fs::read(&raw).map_err(|source| BuildError::write(&raw, source))?;
    let immortal = immortal::Immortal::read(&entry.join("immortal"))?;
    let component = flat::flatten(&linked, description.sockets, &immortal).map_err(|error| BuildError::Component {
        main: job.source.main.clone(),
        why: format!("componentize-py made a component that cannot be joined: {error}"),
    })?;
    // It is as large as the component, and nobody needs it again.
    fs::remove_file(&raw).map_err(|source| BuildError::write(&raw, source))?;
    job.finish(&component)
}

/// What `describe.py` tells.
#[derive(Deserialize)]
struct Description {
    worlds: Vec<String>,
    sockets: bool,
    entry: String,
}

impl Description {
    /// One world of all: componentize-py cannot be given several whose interfaces have resources.
    fn world(&self) -> String {
        let worlds = self.worlds.iter();
        let worlds: String = worlds.map(|world| format!("  include {world};\n")).collect();
        format!("package socketserver:built;\n\nworld component {{\n{worlds}}}\n")
    }
}

fn describe(job: &Job<'_>, python: &Found) -> Result<Description, BuildError> {
    let script = job.embedded()?.join("guest/sdk/python/describe.py");
    let mut command = python.command();
    // What the user's environment does to other scripts is not for this one.
    command.args([OsStr::new("-I"), script.as_os_str(), job.source.main.as_os_str()]);
    let output = job.run(&mut command)?;
    serde_json::from_slice(&output).map_err(|error| BuildError::Component {
        main: job.source.main.clone(),
        why: format!("describe.py of the SDK does not say what it is: {error}"),
    })
}

fn find(tool: &Tool, folder: &Path) -> Result<Found, BuildError> {
    tool.find(folder).ok_or_else(|| BuildError::Missing {
        language: Language::Python,
        tool: tool.program.to_owned(),
        hint: tool.hint.to_owned(),
    })
}

fn is_known(version: &str) -> bool {
    version.split_whitespace().last() == Some(VERSION)
}

/// The environment that the tool is installed in: its packages are there for the source too.
fn environment(tool: &Found) -> Option<PathBuf> {
    let command: Command = tool.command();
    let program = Path::new(command.get_program());
    let environment = program.parent()?.parent()?;
    environment.join("pyvenv.cfg").is_file().then(|| environment.to_owned())
}

/// What componentize-py says of a source that fails, without its own frames, and without saying it twice.
fn without_tool(error: BuildError) -> BuildError {
    match error {
        BuildError::Refused { main, said } => {
            let said = said
                .split_once("AssertionError: ")
                .map_or(said.as_str(), |(_, said)| said);
            let said = said.split_once("\n\nCaused by:").map_or(said, |(said, _)| said);
            BuildError::Refused {
                main,
                said: said.trim_end().to_owned(),
            }
        }
        other => other,
    }
}

fn write(path: &Path, content: &[u8]) -> Result<(), BuildError> {
    let write = || {
        fs::create_dir_all(path.parent().unwrap_or_else(|| Path::new(".")))?;
        fs::write(path, content)
    };
    write().map_err(|source| BuildError::write(path, source))
}

/// A component that is not made as those of [`VERSION`] are.
#[derive(Debug, Error)]
enum JoinError {
    /// It cannot be encoded anew.
    #[error("{0}")]
    Encode(String),
    /// It is no valid WebAssembly.
    #[error(transparent)]
    Malformed(#[from] wasmparser::BinaryReaderError),
    /// Something is not there.
    #[error("{0} is missing")]
    Missing(String),
    /// It is put together in another way.
    #[error("{0}")]
    Shape(&'static str),
}

impl JoinError {
    const fn shape(what: &'static str) -> Self {
        Self::Shape(what)
    }

    fn missing(name: &str) -> Self {
        Self::Missing(name.to_owned())
    }

    fn encode(error: impl std::fmt::Display) -> Self {
        Self::Encode(format!("{error:#}"))
    }
}

impl From<wasm_encoder::reencode::Error<Self>> for JoinError {
    fn from(error: wasm_encoder::reencode::Error<Self>) -> Self {
        match error {
            wasm_encoder::reencode::Error::UserError(error) => error,
            wasm_encoder::reencode::Error::ParseError(error) => Self::Malformed(error),
            other => Self::Encode(format!("{other:?}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_version_that_is_known_is_taken() {
        assert!(is_known("componentize-py 0.25.1"));
        assert!(!is_known("componentize-py 0.25.10"));
        assert!(!is_known(""));
    }

    #[test]
    fn a_failure_is_told_by_python_alone() {
        let said = "Traceback (most recent call last):\n  File \"/bin/componentize-py\", line 8\nAssertionError: Traceback (most \
                    recent call last):\n  File \"app.py\", line 1\nKeyError: 'x'\n\n\nCaused by:\n    KeyError: 'x'\n";
        let error = without_tool(BuildError::Refused {
            main: "app.py".into(),
            said: said.to_owned(),
        });
        let BuildError::Refused { said, .. } = error else {
            panic!()
        };
        assert_eq!(
            said,
            "Traceback (most recent call last):\n  File \"app.py\", line 1\nKeyError: 'x'"
        );
    }
}
