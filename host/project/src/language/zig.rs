//! Zig. The SDK is a layer over that of C, which zig compiles too.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::Language;
use super::c::assemble;
use super::c::compiler::{Compiler, Dialect, TARGET, ZIG};
use crate::build::{BuildError, Job};
use crate::doctor::Requirement;

/// What makes a source a handler or a program.
const EXPORTS: &str = "`comptime { socketserver.exportStreamHandler(handle); }` makes a handler of streams, and exportDatagramHandler, exportAsyncHandler and exportProgram make the others";

pub(super) fn requirements(folder: &Path) -> Vec<Requirement> {
    vec![ZIG.requirement(folder)]
}

pub(super) fn build(job: &Job<'_>) -> Result<PathBuf, BuildError> {
    let zig = ZIG.find(&job.source.folder).ok_or_else(|| BuildError::Missing {
        language: Language::Zig,
        tool: ZIG.program.to_owned(),
        hint: ZIG.hint.to_owned(),
    })?;
    let compiler = Compiler::zig(&zig);
    job.step(&format!("compiling with {}", compiler.version));
    let sdk = job.embedded()?.join("guest/sdk/zig/src");
    let object = job.scratch.join("handler.o");
    let mut command = zig.command();
    // With its checks: in the face of hostile peers, an index out of bounds is a trap and no answer.
    command.args([
        "build-obj",
        "-O",
        "ReleaseSafe",
        "-fstrip",
        "-fsingle-threaded",
        "-fno-stack-protector",
        "-lc",
        "-target",
        TARGET,
    ]);
    command.arg(option("-femit-bin=", &object));
    command
        .args(["--dep", "handler"])
        .arg(option("-Mroot=", &sdk.join("root.zig")));
    command
        .args(["--dep", "socketserver"])
        .arg(option("-Mhandler=", &job.source.main));
    command.arg(option("-Msocketserver=", &sdk.join("socketserver.zig")));
    job.run(command.current_dir(&job.source.folder))?;
    assemble(job, &compiler, Dialect::C, vec![object], EXPORTS)
}

fn option(name: &str, path: &Path) -> OsString {
    let mut option = OsString::from(name);
    option.push(path);
    option
}
