//! Examples of componentize-py, built by its wheel of the same version.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use super::{kept, pins};
use crate::support::process::Run;
use crate::support::tool::Tool;

/// The version that `tests/foreign/python/requirements.txt` pins.
const VERSION: &str = "0.25.1";

pub(super) fn build(example: &str, world: &str) -> Option<PathBuf> {
    let componentize = Tool::find("componentize-py", &format!("pip install componentize-py=={VERSION}"))?;
    let said = componentize.run(&["--version"]);
    assert_eq!(said.trim(), format!("componentize-py {VERSION}"));
    let component = kept().join(format!("componentize-py-{VERSION}-{example}.wasm"));
    if !component.is_file() {
        let source = unpacked();
        let scratch = component.with_extension(format!("{}", std::process::id()));
        Run::of(
            Command::new("componentize-py")
                .arg("--wit-path")
                .arg(source.join("wit"))
                .args(["--world", world, "componentize", "app", "--python-path"])
                .arg(source.join("examples").join(example))
                .arg("--output")
                .arg(&scratch),
        )
        .succeed();
        fs::rename(&scratch, &component).expect("the folder can be written to");
    }
    Some(component)
}

/// The folder of the source distribution: fetched if need be.
fn unpacked() -> PathBuf {
    static UNPACKED: OnceLock<PathBuf> = OnceLock::new();
    UNPACKED.get_or_init(fetch).clone()
}

fn fetch() -> PathBuf {
    let name = format!("componentize_py-{VERSION}");
    let folder = kept().join(&name);
    if folder.is_dir() {
        return folder;
    }
    let scratch = kept().join(format!("{name}.{}", std::process::id()));
    fs::create_dir_all(&scratch).expect("cargo's folder can be written to");
    // Only this one package: what pip needs to read its metadata may come as wheels, and would take minutes from source.
    Run::of(
        Command::new("python3")
            .args([
                "-m",
                "pip",
                "download",
                "--quiet",
                "--disable-pip-version-check",
                "--no-deps",
            ])
            .args(["--no-binary", "componentize-py", "--require-hashes", "--requirement"])
            .arg(pins("python").join("requirements.txt"))
            .arg("--dest")
            .arg(&scratch),
    )
    .succeed();
    Run::of(
        Command::new("tar")
            .args(["--extract", "--gzip", "--file"])
            .arg(scratch.join(format!("{name}.tar.gz")))
            .arg("--directory")
            .arg(&scratch),
    )
    .succeed();
    // Another process may have been faster; then its folder is as good.
    if fs::rename(scratch.join(&name), &folder).is_err() {
        assert!(folder.is_dir(), "{} cannot be written", folder.display());
    }
    fs::remove_dir_all(&scratch).expect("it was just written");
    folder
}
