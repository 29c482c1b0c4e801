//! The tests of the Python SDK, by the Python of this machine, against a host that is not there.

use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::workspace;

/// Tests. Without Python nothing is tested, which is a failure in CI.
///
/// # Errors
///
/// Python is missing in CI, or a test fails.
pub(crate) fn run() -> Result<()> {
    let hint = "python3 is not installed; on Debian: apt-get install python3";
    if !workspace::has_tool(Command::new("python3").arg("--version"), hint)? {
        return Ok(());
    }
    let mut test = Command::new("python3");
    test.args([
        "-B",
        "-m",
        "unittest",
        "discover",
        "-s",
        "guest/sdk/python/tests",
        "-t",
        "guest/sdk/python",
    ]);
    let status = test
        .current_dir(workspace::root())
        .status()
        .context("cannot run python3")?;
    ensure!(status.success(), "{status}");
    Ok(())
}
