//! An application for Hono, by the packages that `tests/foreign/javascript` pins.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{crates, kept, pins};
use crate::support::process::Run;
use crate::support::tool::Tool;

const FILES: [&str; 3] = ["build.mjs", "package-lock.json", "package.json"];

pub(super) fn build() -> Option<PathBuf> {
    Tool::find("node", "nodejs")?;
    Tool::find("npm", "npm")?;
    let folder = kept().join("javascript");
    let component = folder.join("hono.wasm");
    if !component.is_file() || FILES.iter().any(|file| !is_copied(file, &folder)) {
        fs::create_dir_all(&folder).expect("cargo's folder can be written to");
        let _ = fs::remove_file(&component);
        for file in FILES {
            fs::copy(pins("javascript").join(file), folder.join(file)).expect("the folder can be written to");
        }
        Run::of(
            Command::new("npm")
                .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
                .current_dir(&folder),
        )
        .succeed();
        let wit = crates::folder("wasip2", "2.0.1").join("wit");
        Run::of(
            Command::new("node")
                .arg("build.mjs")
                .args([&wit, &component])
                .current_dir(&folder),
        )
        .succeed();
    }
    Some(component)
}

/// Whether the component was built from this file as it is.
fn is_copied(file: &str, folder: &Path) -> bool {
    let copied = fs::read(folder.join(file));
    copied.is_ok_and(|copied| copied == fs::read(pins("javascript").join(file)).expect("it is in the project"))
}
