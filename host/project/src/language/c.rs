//! C, by clang or zig. What C++ and Zig share with it is here too: their SDKs are layers over that of C.

pub(super) mod compiler;

mod bindings;
mod unit;

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use self::compiler::{Compiler, Dialect};
use self::unit::Unit;
use crate::build::{BuildError, Job};
use crate::component;
use crate::doctor::Requirement;

/// Sources of the SDK that every component has, beside those of its units.
const COMMON: [&str; 7] = ["address", "error", "memory", "reader", "text", "utf8", "writer"];

/// The file that includes those and the units.
const SDK_SOURCE: &str = "socketserver.c";

/// Bytes of the stack. It comes first in memory, so that an overflow traps and changes nothing. It ends 3 KiB before the end of
/// a page of the host's, so that its beginning, which every handler uses, shares that with the data that follows it: an idle
/// connection holds a page less.
const STACK_SIZE: u64 = (256 - 3) << 10;

/// Bytes of static data that the C library may have.
const LIBRARY_DATA_SIZE: u64 = 1 << 16;

/// What makes a source a handler or a program.
pub(super) const MACROS: &str = "SOCKETSERVER_STREAM_HANDLER(handle) makes a handler of streams, and SOCKETSERVER_DATAGRAM_HANDLER, SOCKETSERVER_ASYNC_HANDLER and SOCKETSERVER_PROGRAM make the others";

const PAGE_SIZE: u64 = 1 << 16;

pub(super) fn requirements(folder: &Path) -> Vec<Requirement> {
    vec![Compiler::requirement(Dialect::C, folder)]
}

pub(super) fn build(job: &Job<'_>) -> Result<PathBuf, BuildError> {
    let compiler = Compiler::for_job(Dialect::C, job)?;
    job.step(&format!("compiling with {}", compiler.version));
    let objects = compile_sources(job, &compiler, Dialect::C, &[])?;
    assemble(job, &compiler, Dialect::C, objects, MACROS)
}

/// Compiles the source, and where the whole folder is meant, those of the same language beside it.
pub(super) fn compile_sources(
    job: &Job<'_>,
    compiler: &Compiler,
    dialect: Dialect,
    includes: &[PathBuf],
) -> Result<Vec<PathBuf>, BuildError> {
    let source = job.source;
    let mut sources = vec![source.main.clone()];
    if source.whole_folder {
        let beside = fs::read_dir(&source.folder).map_err(|error| BuildError::read(&source.folder, error))?;
        let beside = beside.filter_map(|entry| Some(entry.ok()?.path()));
        sources.extend(beside.filter(|path| *path != source.main && path.extension() == source.main.extension()));
        sources[1..].sort();
    }
    let mut all = vec![sdk(job)?.join("include")];
    all.extend_from_slice(includes);
    let compile = |path: &PathBuf| {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".o");
        let object = job.scratch.join(name);
        let mut command = compiler.compile(dialect, path, &object);
        command.args(["-Wall", "-Wextra"]);
        // Names of files (`assert` has them) are the same wherever the project is.
        let mut prefix = OsStr::new("-ffile-prefix-map=").to_owned();
        prefix.push(&source.folder);
        prefix.push("=.");
        command.arg(prefix);
        for include in &all {
            command.arg("-I").arg(include);
        }
        job.run(command.current_dir(&source.folder))?;
        Ok(object)
    };
    sources.iter().map(compile).collect()
}

/// Makes the component of compiled sources: adds the units of the SDK that they use, with the bindings for just these.
pub(super) fn assemble(
    job: &Job<'_>,
    compiler: &Compiler,
    dialect: Dialect,
    mut objects: Vec<PathBuf>,
    macros: &str,
) -> Result<PathBuf, BuildError> {
    let refuse = |why: String| BuildError::Component {
        main: job.source.main.clone(),
        why,
    };
    let mut units = BTreeSet::new();
    for object in &objects {
        let content = fs::read(object).map_err(|error| BuildError::read(object, error))?;
        units.extend(Unit::wanted_by(&content).map_err(|error| refuse(error.to_string()))?);
    }
    if !units.iter().any(|unit| unit.is_whole()) {
        return Err(refuse(format!("it is no handler and no program; {macros}")));
    }
    let wit = job.embedded()?.join("wit");
    let bindings = bindings::generate(&units, &wit).map_err(|error| refuse(error.to_string()))?;
    for (name, content) in &bindings {
        write(&job.scratch.join(name), content)?;
    }
    // One file that includes all of the SDK, so that it is compiled at once, and calls between its parts cost nothing. The
    // bindings stay apart: they define an allocator that the SDK's own replaces.
    let sources = COMMON.into_iter().chain(units.iter().map(|unit| unit.source()));
    let all: String = sources.map(|name| format!("#include \"{name}.c\"\n")).collect();
    write(&job.scratch.join(SDK_SOURCE), all.as_bytes())?;
    for name in [bindings::SOURCE, SDK_SOURCE] {
        let object = job.scratch.join(name).with_extension("o");
        let mut command = compiler.compile(Dialect::C, &job.scratch.join(name), &object);
        for include in [&sdk(job)?.join("include"), &sdk(job)?.join("src"), &job.scratch] {
            command.arg("-I").arg(include);
        }
        job.run(&mut command)?;
        objects.push(object);
    }
    job.step("linking");
    let module = job.scratch.join("module.wasm");
    job.run(&mut compiler.link(
        dialect,
        &objects,
        &module,
        STACK_SIZE,
        memory_size(&objects, compiler.heap_size()),
    ))?;
    let module = fs::read(&module).map_err(|error| BuildError::read(&module, error))?;
    let component = component::encode(&module, &wit).map_err(|error| refuse(error.to_string()))?;
    job.finish(&component)
}

/// The folder of the SDK for C.
fn sdk(job: &Job<'_>) -> Result<PathBuf, BuildError> {
    Ok(job.embedded()?.join("guest/sdk/c"))
}

/// Writes a file, unless it has this content already: it keeps its time then, for compilers with a cache.
fn write(path: &Path, content: &[u8]) -> Result<(), BuildError> {
    if fs::read(path).is_ok_and(|there| there == content) {
        return Ok(());
    }
    fs::write(path, content).map_err(|error| BuildError::write(path, error))
}

/// Bytes of memory from the start: those of the stack and the heap, and all that the objects have, since static data is less.
fn memory_size(objects: &[PathBuf], heap: u64) -> u64 {
    let sizes = objects.iter().filter_map(|object| fs::metadata(object).ok());
    let data: u64 = sizes.map(|object| object.len()).sum();
    (STACK_SIZE + heap + LIBRARY_DATA_SIZE + data).next_multiple_of(PAGE_SIZE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embedded;

    fn embedded_text(folder: &str, name: &str) -> &'static str {
        let (_, content) = embedded::below(folder).find(|(path, _)| *path == name).unwrap();
        str::from_utf8(content).unwrap()
    }

    #[test]
    fn the_guides_show_what_new_makes() {
        for (language, main) in [("c", "handler.c"), ("cpp", "handler.cpp"), ("zig", "handler.zig")] {
            let template = embedded_text(&format!("guest/templates/{language}/stream"), main);
            let guide = embedded_text(&format!("guest/sdk/{language}"), "README.md");
            assert!(guide.contains(template), "{language}");
        }
    }

    #[test]
    fn memory_has_room_for_the_stack_the_heap_and_all_data() {
        let folder = tempfile::tempdir().unwrap();
        let object = folder.path().join("object");
        fs::write(&object, vec![0; 100_000]).unwrap();
        let size = memory_size(&[object], 1 << 20);
        assert_eq!(size % PAGE_SIZE, 0);
        assert!(size >= STACK_SIZE + (1 << 20) + 100_000);
    }

    #[test]
    fn a_file_that_did_not_change_is_not_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        write(&path, b"one").unwrap();
        let before = fs::metadata(&path).unwrap().modified().unwrap();
        write(&path, b"one").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), before);
        write(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
    }
}
