//! What zig itself says of the Zig in this project: how it is formatted, and the tests that are in the handlers.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::workspace;

/// The ways to call it, first to last.
const ZIG: [&[&str]; 2] = [&["zig"], &["python3", "-m", "ziglang"]];

/// Checks and tests. Without zig nothing is checked, which is a failure in CI.
///
/// # Errors
///
/// Zig is missing in CI, or it has found something.
pub(crate) fn run() -> Result<()> {
    let works = |command: &&&[&str]| {
        let output = zig(command).arg("version").output();
        output.is_ok_and(|output| output.status.success())
    };
    let command = ZIG.iter().find(works).unwrap_or(&ZIG[0]);
    let hint = "zig is not installed: https://ziglang.org/download, or `pip install ziglang`";
    if !workspace::has_tool(zig(command).arg("version"), hint)? {
        return Ok(());
    }
    let root = workspace::root();
    let mut format = zig(command);
    format.args(["fmt", "--check"]);
    format.args([
        "guest/handlers",
        "guest/sdk/zig",
        "guest/templates/zig",
        "tests/programs",
    ]);
    check(format.current_dir(&root))?;
    for entry in fs::read_dir(root.join("guest/handlers"))? {
        let handler = entry?.path().join("handler.zig");
        if has_tests(&handler)? {
            let mut test = zig(command);
            test.args(["test", "--dep", "socketserver"]);
            test.arg(format!("-Mroot={}", handler.display()));
            test.arg("-Msocketserver=guest/sdk/zig/src/socketserver.zig");
            check(test.current_dir(&root))?;
        }
    }
    Ok(())
}

fn zig(command: &[&str]) -> Command {
    let mut zig = Command::new(command[0]);
    zig.args(&command[1..]);
    zig
}

fn check(command: &mut Command) -> Result<()> {
    let status = command.status().context("cannot run zig")?;
    ensure!(status.success(), "{command:?}: {status}");
    Ok(())
}

fn has_tests(handler: &Path) -> Result<bool> {
    Ok(handler.is_file()
        && fs::read_to_string(handler)?
            .lines()
            .any(|line| line.starts_with("test ")))
}
