//! The tests of the C in this project that run on the developer's machine, with the sanitizers: the SDK's own parts, and handlers.

use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::workspace;

/// Compiles and runs them. Without a compiler nothing is tested, which is a failure in CI.
///
/// # Errors
///
/// The compiler is missing in CI, or a test fails.
pub(crate) fn run() -> Result<()> {
    let hint = "cc is not installed; on Debian: apt-get install gcc libc6-dev";
    if !workspace::has_tool(Command::new("cc").arg("--version"), hint)? {
        return Ok(());
    }
    let root = workspace::root();
    let status = Command::new(root.join("guest/sdk/c/tests/run"))
        .arg(root.join("target/c"))
        .status()
        .context("cannot run guest/sdk/c/tests/run")?;
    ensure!(status.success(), "guest/sdk/c/tests/run: {status}");
    Ok(())
}
