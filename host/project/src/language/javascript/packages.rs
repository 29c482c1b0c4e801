//! The packages of npm that build: where they are, and how they get there.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::build::{BuildError, Job};
use crate::doctor::{Requirement, State};
use crate::embedded;
use crate::tool::Tool;

/// What has to be in `node_modules`.
const PACKAGES: [&str; 2] = ["componentize-qjs", "esbuild"];

/// Where their versions are pinned, from the root of the project.
const TOOLCHAIN: &str = "guest/sdk/javascript/toolchain";

pub(super) fn requirements(folder: &Path) -> Vec<Requirement> {
    let place = of_project(folder).or_else(|| {
        let ours = of_cache(&embedded::unpack().ok()?).ok()?;
        is_complete(&ours).then_some(ours)
    });
    let requirement = |name: &str| Requirement {
        name: name.to_owned(),
        state: place
            .as_deref()
            .and_then(|place| version(place, name))
            .map_or_else(|| State::Missing(hint()), State::Found),
    };
    PACKAGES.map(requirement).into()
}

/// The folder whose `node_modules` have the packages: the project's, or ours, which is made if it is not there.
///
/// # Errors
///
/// It is not there, and npm is not either or does not get the packages.
pub(super) fn find_or_install(job: &Job<'_>, npm: &Tool) -> Result<PathBuf, BuildError> {
    if let Some(project) = of_project(&job.source.folder) {
        return Ok(project);
    }
    let folder = of_cache(job.embedded()?).map_err(BuildError::Unpack)?;
    if !is_complete(&folder) {
        install(job, npm, &folder)?;
    }
    Ok(folder)
}

/// The nearest folder above a source that has the packages, of whatever version: they are the project's choice.
fn of_project(folder: &Path) -> Option<PathBuf> {
    folder
        .ancestors()
        .find(|folder| is_complete(folder))
        .map(Path::to_owned)
}

/// Where ours are: each set of versions has a folder of its own, beside that of the SDKs.
fn of_cache(embedded: &Path) -> io::Result<PathBuf> {
    let lock = fs::read(embedded.join(TOOLCHAIN).join("package-lock.json"))?;
    let digest: String = Sha256::digest(lock)
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    Ok(embedded.with_file_name(format!("javascript-{digest}")))
}

fn is_complete(folder: &Path) -> bool {
    PACKAGES.iter().all(|name| version(folder, name).is_some())
}

fn version(folder: &Path, name: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Manifest {
        version: String,
    }
    let manifest = fs::read(folder.join("node_modules").join(name).join("package.json")).ok()?;
    Some(serde_json::from_slice::<Manifest>(&manifest).ok()?.version)
}

/// Fills a folder beside and renames it, so that one that is there is complete, whoever else installs at the same time.
fn install(job: &Job<'_>, npm: &Tool, folder: &Path) -> Result<(), BuildError> {
    let language = job.source.language;
    let missing = |tool: &str| BuildError::Missing {
        language,
        tool: tool.to_owned(),
        hint: hint(),
    };
    let npm = npm.find(&job.source.folder).ok_or_else(|| BuildError::Missing {
        language,
        tool: npm.program.to_owned(),
        hint: npm.hint.to_owned(),
    })?;
    job.note(&format!("installing {}: npm ci", PACKAGES.join(" and ")));
    let parent = folder.parent().unwrap_or_else(|| Path::new("."));
    let place = tempfile::tempdir_in(parent).map_err(|source| BuildError::write(parent, source))?;
    for name in ["package.json", "package-lock.json"] {
        let from = job.embedded()?.join(TOOLCHAIN).join(name);
        fs::copy(from, place.path().join(name)).map_err(|source| BuildError::write(place.path(), source))?;
    }
    let mut command = npm.command();
    command
        .args([
            "ci",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--loglevel",
            "error",
        ])
        .current_dir(place.path());
    if let Err(error) = job.run(&mut command) {
        job.note(&error.to_string());
        return Err(missing(&PACKAGES.join(" and ")));
    }
    match fs::rename(place.path(), folder) {
        Ok(()) => Ok(()),
        Err(_) if is_complete(folder) => Ok(()),
        Err(source) => Err(BuildError::write(folder, source)),
    }
}

/// How to get the packages without this program.
fn hint() -> String {
    let manifest = embedded::below(TOOLCHAIN).find(|(path, _)| *path == "package.json");
    let packages = manifest.map(|(_, content)| pinned(content)).unwrap_or_default();
    format!(
        "a build gets them by npm ci when the network is there; or, in the project: npm install --save-dev {packages}"
    )
}

/// The dependencies of a manifest, as npm takes them on the command line.
fn pinned(manifest: &[u8]) -> String {
    #[derive(Default, Deserialize)]
    struct Manifest {
        dependencies: std::collections::BTreeMap<String, String>,
    }
    let manifest: Manifest = serde_json::from_slice(manifest).unwrap_or_default();
    let packages: Vec<_> = manifest
        .dependencies
        .iter()
        .map(|(name, version)| format!("{name}@{version}"))
        .collect();
    packages.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(folder: &Path, name: &str, version: &str) {
        let package = folder.join("node_modules").join(name);
        fs::create_dir_all(&package).unwrap();
        fs::write(package.join("package.json"), format!("{{\"version\":\"{version}\"}}")).unwrap();
    }

    #[test]
    fn the_projects_own_packages_are_found_from_a_folder_below() {
        let project = tempfile::tempdir().unwrap();
        let below = project.path().join("src/handlers");
        put(project.path(), "esbuild", "1.2.3");
        assert_eq!(of_project(&below), None, "one of two is not enough");
        put(project.path(), "componentize-qjs", "4.5.6");
        assert_eq!(of_project(&below).as_deref(), Some(project.path()));
        assert_eq!(version(project.path(), "componentize-qjs").as_deref(), Some("4.5.6"));
    }

    #[test]
    fn what_is_missing_is_told_with_its_pinned_versions() {
        let hint = hint();
        for package in PACKAGES {
            assert!(hint.contains(&format!(" {package}@")), "{hint}");
        }
    }

    #[test]
    fn the_lock_file_names_no_registry() {
        let (_, lock) = embedded::below(TOOLCHAIN)
            .find(|(path, _)| *path == "package-lock.json")
            .unwrap();
        assert!(!String::from_utf8_lossy(lock).contains("\"resolved\""));
    }
}
