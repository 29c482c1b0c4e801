//! Where the project is, and the cargo that builds it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, ensure};

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

/// Whether a tool answers when it is called. If it does not, its checks are skipped, which is said with a hint how to get it;
/// in CI that is a failure.
pub(crate) fn has_tool(probe: &mut Command, hint: &str) -> Result<bool> {
    if probe.output().is_ok_and(|output| output.status.success()) {
        return Ok(true);
    }
    ensure!(std::env::var_os("CI").is_none(), "{hint}");
    println!("skipped: {hint}");
    Ok(false)
}
