//! C++23, by zig or a WASI SDK. The SDK is a layer of headers over that of C.

use std::path::{Path, PathBuf};

use super::c::compiler::{Compiler, Dialect};
use super::c::{MACROS, assemble, compile_sources};
use crate::build::{BuildError, Job};
use crate::doctor::Requirement;

pub(super) fn requirements(folder: &Path) -> Vec<Requirement> {
    vec![Compiler::requirement(Dialect::Cpp, folder)]
}

pub(super) fn build(job: &Job<'_>) -> Result<PathBuf, BuildError> {
    let compiler = Compiler::for_job(Dialect::Cpp, job)?;
    job.step(&format!("compiling with {}", compiler.version));
    let sdk = job.embedded()?.join("guest/sdk/cpp");
    let mut objects = compile_sources(job, &compiler, Dialect::Cpp, &[sdk.join("include")])?;
    let object = job.scratch.join("abort.o");
    job.run(&mut compiler.compile(Dialect::Cpp, &sdk.join("src/abort.cpp"), &object))?;
    objects.push(object);
    assemble(job, &compiler, Dialect::Cpp, objects, MACROS)
}
