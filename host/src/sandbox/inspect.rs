//! What a component is, without running or compiling it.

use std::path::Path;

use wasmparser::{
    ComponentExternalKind, ComponentTypeRef, KnownCustom, MemoryType, Parser, Payload, ProducersSectionReader,
};

use super::engine::Concurrency;
use super::link::{self, Grant};
use super::load::{LoadError, read};
use super::world;

/// What a component is, as far as its file tells.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Inspection {
    /// The kinds of server side that it has; empty if it is nothing that this server runs.
    pub roles: Vec<Role>,
    /// Whether it runs on an engine with the async part of the component model.
    pub concurrency: bool,
    /// Its imports, in its own order.
    pub imports: Vec<Import>,
    /// The names of its exports, in its own order.
    pub exports: Vec<String>,
    /// What made it, as its toolchain wrote down: a language, a compiler, an SDK.
    pub producers: Vec<Producer>,
    /// The size of the component, in bytes.
    pub size: u64,
    /// The memory that it starts with, over all of its memories, in bytes.
    pub initial_memory: u64,
    /// The memory that it can grow to, in bytes; without a bound it is the server's limit that counts.
    pub max_memory: Option<u64>,
    /// Whether it has the names of its functions, so that a backtrace says where a trap happened.
    pub names: bool,
}

/// A kind of component.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Role {
    /// Handles connections, with the streams of WASI 0.3.
    AsyncHandler,
    /// Handles datagrams.
    DatagramHandler,
    /// Handles requests of HTTP, by `wasi:http` of WASI 0.2 or 0.3.
    HttpHandler,
    /// Drives servers itself.
    Program,
    /// Handles connections.
    StreamHandler,
}

/// Something that a component imports.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Import {
    /// Its name, with its version.
    pub name: String,
    /// Who has to grant it.
    pub grant: Grant,
}

/// Something that took part in making a component, by the convention of WebAssembly's tools.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Producer {
    /// `language`, `processed-by` or `sdk`.
    pub field: String,
    /// Its name.
    pub name: String,
    /// Its version; empty where it is not known.
    pub version: String,
}

/// Reads the component in the file `path`, in its binary or its text form.
///
/// # Errors
///
/// The file cannot be read, or is no component. That its structure can be read does not mean that it is valid: loading it
/// tells that.
pub fn inspect(path: &Path) -> Result<Inspection, LoadError> {
    let bytes = read(path)?;
    let mut reading = Reading::default();
    for payload in Parser::new(0).parse_all(&bytes) {
        reading.take(payload.map_err(|error| LoadError::Invalid(error.into()))?);
    }
    let Reading {
        imports,
        exports,
        producers,
        memories,
        names,
        ..
    } = reading;
    let maximum = memories.iter().map(|memory| memory.maximum).sum::<Option<u64>>();
    Ok(Inspection {
        roles: world::roles(&exports),
        concurrency: world::concurrency(&bytes) == Concurrency::On,
        imports,
        exports,
        producers,
        size: bytes.len() as u64,
        initial_memory: memories.iter().map(|memory| memory.initial * page(memory)).sum(),
        // Pages of one size, in practice; the largest bounds the others.
        max_memory: maximum.map(|pages| pages.saturating_mul(memories.iter().map(page).max().unwrap_or(0))),
        names,
    })
}

/// What was found so far.
#[derive(Default)]
struct Reading {
    /// How many modules and components lie around what is being read.
    depth: u32,
    imports: Vec<Import>,
    exports: Vec<String>,
    producers: Vec<Producer>,
    memories: Vec<MemoryType>,
    names: bool,
}

impl Reading {
    fn take(&mut self, payload: Payload<'_>) {
        match payload {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => self.depth += 1,
            Payload::End(_) => self.depth = self.depth.saturating_sub(1),
            Payload::ComponentImportSection(imports) if self.depth == 0 => {
                for import in imports.into_iter().flatten() {
                    // Types that other imports are spelled with are nothing that could be granted.
                    if !matches!(import.ty, ComponentTypeRef::Type(_)) {
                        let name = import.name.name.to_owned();
                        let grant = link::grant_of(&name);
                        self.imports.push(Import { name, grant });
                    }
                }
            }
            Payload::ComponentExportSection(exports) if self.depth == 0 => {
                let exports = exports.into_iter().flatten();
                let exports = exports.filter(|export| export.kind != ComponentExternalKind::Type);
                self.exports.extend(exports.map(|export| export.name.name.to_owned()));
            }
            Payload::MemorySection(memories) => self.memories.extend(memories.into_iter().flatten()),
            Payload::CustomSection(section) => match section.as_known() {
                KnownCustom::Name(_) => self.names = true,
                KnownCustom::Producers(producers) => self.take_producers(producers),
                _ => {}
            },
            _ => {}
        }
    }

    fn take_producers(&mut self, producers: ProducersSectionReader<'_>) {
        for field in producers.into_iter().flatten() {
            for value in field.values.into_iter().flatten() {
                let producer = Producer {
                    field: field.name.to_owned(),
                    name: value.name.to_owned(),
                    version: value.version.to_owned(),
                };
                // Each module of a component names the same tools again.
                if !self.producers.contains(&producer) {
                    self.producers.push(producer);
                }
            }
        }
    }
}

/// The size of a page of this memory, in bytes.
fn page(memory: &MemoryType) -> u64 {
    1 << memory.page_size_log2.unwrap_or(16)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inspect_text(text: &str) -> Inspection {
        let file = tempfile::Builder::new().suffix(".wat").tempfile().unwrap();
        std::fs::write(file.path(), text).unwrap();
        inspect(file.path()).unwrap()
    }

    #[test]
    fn imports_are_told_with_who_grants_them() {
        let found = inspect_text(
            r#"(component
                (import "wasi:io/poll@0.2.6" (instance))
                (import "wasi:sockets/tcp@0.2.6" (instance))
                (import "wasi:http/types@0.2.6" (instance))
                (import "wasi:http/handler@0.3.0" (instance))
            )"#,
        );
        let grants: Vec<_> = found.imports.iter().map(|import| import.grant).collect();
        assert_eq!(grants, [Grant::Given, Grant::AllowConnect, Grant::Given, Grant::Never]);
        assert!(found.roles.is_empty());
    }

    #[test]
    fn memories_are_added_up_and_those_of_types_are_not() {
        let found = inspect_text(
            "(component (core module (memory 2 3)) (component (core module (memory 1 4))) (core type (module (import \"a\" \"b\" (memory 9)))))",
        );
        assert_eq!((found.initial_memory, found.max_memory), (3 << 16, Some(7 << 16)));
        assert!(!found.concurrency && !found.names);
    }

    #[test]
    fn a_memory_without_a_bound_has_none() {
        assert_eq!(
            inspect_text("(component (core module (memory 1)) (core module (memory 1 2)))").max_memory,
            None
        );
    }
}
