//! Where and when the figures were measured: without that they mean nothing.

use std::ffi::OsStr;
use std::fs;
use std::process::Command;

use super::cores::Cores;
use crate::workspace;

/// Facts about this machine, one a line.
pub(super) fn facts(cores: Cores) -> Vec<(String, String)> {
    let all = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let facts = [
        ("date", output("date", ["--utc", "+%Y-%m-%d %H:%M UTC"])),
        (
            "processor",
            format!("{}; {all} cores, {}", processor(), cores.describe()),
        ),
        ("system", output("uname", ["-sr"])),
        ("load average", file("/proc/loadavg")),
        ("compiler", output("rustc", ["--version"])),
        ("commit", commit()),
    ];
    facts.into_iter().map(|(name, fact)| (name.to_owned(), fact)).collect()
}

fn processor() -> String {
    let info = file("/proc/cpuinfo");
    let model = info
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    model.map_or_else(|| std::env::consts::ARCH.into(), |(_, model)| model.trim().to_owned())
}

fn commit() -> String {
    let commit = output("git", ["rev-parse", "--short", "HEAD"]);
    let changes = output("git", ["status", "--porcelain"]);
    if changes.is_empty() {
        commit
    } else {
        format!("{commit}, and changes")
    }
}

/// What a command prints; a fact that this machine does not tell is not worth failing for.
fn output<I: AsRef<OsStr>>(program: &str, arguments: impl IntoIterator<Item = I>) -> String {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(workspace::root())
        .output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    text.unwrap_or_else(|_| "unknown".into())
}

fn file(path: &str) -> String {
    fs::read_to_string(path).map_or_else(|_| "unknown".into(), |text| text.trim().to_owned())
}
