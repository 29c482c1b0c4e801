//! JavaScript and TypeScript, by esbuild into one module and by componentize-qjs into a component with QuickJS in it.
//!
//! Both come from npm: from the project's own `node_modules`, or else from a folder in the user's cache that is filled by
//! `npm ci` when it is needed first, with the versions that `guest/sdk/javascript/toolchain` pins. What is made of a source,
//! and how, is in `guest/sdk/javascript/build.mjs`, which Node.js runs.

mod cut;
mod packages;

use std::fs;
use std::path::{Path, PathBuf};

use crate::build::{BuildError, Job};
use crate::doctor::{Requirement, State};
use crate::tool::{Found, Tool};

const NODE: Tool = Tool {
    program: "node",
    module: None,
    version: &["--version"],
    hint: "install Node.js 20 or newer, with npm: https://nodejs.org",
};

const NPM: Tool = Tool { program: "npm", ..NODE };

/// The oldest Node.js that the packages run on.
const NODE_MAJOR: u32 = 20;

pub(super) fn requirements(folder: &Path) -> Vec<Requirement> {
    let node = node(folder).map_or_else(State::Missing, |found| State::Found(found.version));
    let mut requirements = vec![
        Requirement {
            name: NODE.program.to_owned(),
            state: node,
        },
        NPM.requirement(folder),
    ];
    requirements.extend(packages::requirements(folder));
    requirements
}

pub(super) fn build(job: &Job<'_>) -> Result<PathBuf, BuildError> {
    let source = job.source;
    let node = node(&source.folder).map_err(|hint| BuildError::Missing {
        language: source.language,
        tool: "Node.js".to_owned(),
        hint,
    })?;
    let packages = packages::find_or_install(job, &NPM)?;
    job.step("bundling, and running the top level of the module once");
    let sdk = job.embedded()?.join("guest/sdk/javascript");
    let mut command = node.command();
    command
        .arg(sdk.join("build.mjs"))
        .args([&source.main, &job.scratch, &job.embedded()?.join("wit"), &packages])
        .current_dir(&source.folder);
    let kept = job.run(&mut command)?;
    let made = job.scratch.join("component.wasm");
    let component = fs::read(&made).map_err(|source| BuildError::write(&made, source))?;
    job.step("cutting off what the engine imports and the source does not use");
    let kept: Vec<_> = std::str::from_utf8(&kept).unwrap_or_default().lines().collect();
    let component = cut::cut(&component, &kept).map_err(|why| BuildError::Component {
        main: source.main.clone(),
        why,
    })?;
    job.finish(&component)
}

/// # Errors
///
/// There is none that is new enough; how to get one.
fn node(folder: &Path) -> Result<Found, String> {
    let found = NODE.find(folder).ok_or_else(|| NODE.hint.to_owned())?;
    match major(&found.version) {
        Some(major) if major >= NODE_MAJOR => Ok(found),
        _ => Err(format!("{}; {} is too old", NODE.hint, found.version)),
    }
}

/// 20 of `v20.11.1`.
fn major(version: &str) -> Option<u32> {
    version.strip_prefix('v')?.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_of_node_is_read() {
        assert_eq!(major("v20.11.1"), Some(20));
        assert_eq!(major("20"), None);
        assert_eq!(major(""), None);
    }
}
