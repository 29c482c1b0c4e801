//! Where the project is, and the cargo that builds it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder of the host workspace: the root of the repository.
pub(crate) fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package).to_owned()
}

/// The folder of the guest workspace.
pub(crate) fn guest() -> PathBuf {
    root().join("guest")
}

/// The cargo that runs this task, so that no second toolchain gets involved.
pub(crate) fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")))
}
