//! The programs of a toolchain: where they are, and which version.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::doctor::{Requirement, State};

/// A program that a build may need.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tool {
    /// The program's name.
    pub(crate) program: &'static str,
    /// The Python module that brings it, where PyPI is one of the ways to get it: run as `python3 -m`.
    pub(crate) module: Option<&'static str>,
    /// The arguments that make it print its version.
    pub(crate) version: &'static [&'static str],
    /// How to get it, in a few words: a command, or where to look.
    pub(crate) hint: &'static str,
}

/// A tool that is there.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    program: PathBuf,
    arguments: Vec<OsString>,
    /// The first line that the tool printed when it was asked for its version.
    pub(crate) version: String,
}

impl Tool {
    /// Looks for the tool in what belongs to the project at `folder` (`node_modules/.bin` and `.venv/bin`, there and in the
    /// folders above), in an active Python environment, on PATH, and at last among the modules of Python.
    pub(crate) fn find(&self, folder: &Path) -> Option<Found> {
        let program = places(folder)
            .map(|place| place.join(self.program))
            .find(|program| is_executable(program));
        let found = program.map(|program| (program, Vec::new()));
        let (program, arguments) = found.or_else(|| {
            let module = self.module?;
            let python = places(folder)
                .map(|place| place.join("python3"))
                .find(|program| is_executable(program))?;
            Some((python, vec!["-m".into(), module.into()]))
        })?;
        let mut found = Found {
            program,
            arguments,
            version: String::new(),
        };
        let output = found.command().args(self.version).stdin(Stdio::null()).output().ok()?;
        // A program that is there and does not run is not there for a user, as `python3 -m` of a missing module.
        if !output.status.success() {
            return None;
        }
        let line = String::from_utf8_lossy(&output.stdout)
            .lines()
            .next()
            .map(|line| line.trim().to_owned());
        found.version = line.unwrap_or_default();
        Some(found)
    }

    /// Whether it is there, for people.
    pub(crate) fn requirement(&self, folder: &Path) -> Requirement {
        Requirement {
            name: self.program.to_owned(),
            state: match self.find(folder) {
                Some(found) => State::Found(found.version),
                None => State::Missing(self.hint.to_owned()),
            },
        }
    }
}

impl Found {
    /// The beginning of a command that runs the tool.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments);
        command
    }
}

/// The folders that programs are looked for in, first to last.
fn places(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let project = folder
        .ancestors()
        .flat_map(|folder| [folder.join("node_modules/.bin"), folder.join(".venv/bin")]);
    let environment = env::var_os("VIRTUAL_ENV").map(|environment| PathBuf::from(environment).join("bin"));
    let path = env::var_os("PATH").unwrap_or_default();
    let path: Vec<_> = env::split_paths(&path).collect();
    project.chain(environment).chain(path)
}

fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata()
        .is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    const NONESUCH: Tool = Tool {
        program: "socketserver-no-such-tool",
        module: None,
        version: &["--version"],
        hint: "nobody has it",
    };

    fn install(folder: &Path, script: &str) {
        fs::create_dir_all(folder).unwrap();
        let path = folder.join(NONESUCH.program);
        fs::write(&path, script).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    #[test]
    fn the_projects_own_tool_is_found_from_a_folder_below() {
        let folder = tempfile::tempdir().unwrap();
        install(
            &folder.path().join("node_modules/.bin"),
            "#!/bin/sh\necho 1.2.3\necho more\n",
        );
        let below = folder.path().join("a/b");
        assert_eq!(NONESUCH.find(&below).unwrap().version, "1.2.3");
    }

    #[test]
    fn what_is_missing_or_does_not_run_comes_with_its_hint() {
        let folder = tempfile::tempdir().unwrap();
        let missing = State::Missing(NONESUCH.hint.to_owned());
        assert_eq!(NONESUCH.requirement(folder.path()).state, missing);
        install(&folder.path().join(".venv/bin"), "#!/bin/sh\nexit 1\n");
        assert_eq!(NONESUCH.requirement(folder.path()).state, missing);
    }
}
