//! From a core module to a component: the step that languages take whose own tools end before it.
//!
//! Nothing says of which world the component is. The names of what the module exports and imports are those of interfaces, so
//! they make the world that fits it exactly: a handler gets no import that it does not use.

use std::collections::BTreeSet;
use std::path::Path;

use thiserror::Error;
use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME as PREVIEW1, WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER as PREVIEW1_ADAPTER,
};
use wasm_encoder::{RawSection, Section as _};
use wasmparser::{Parser, Payload};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::{Resolve, WorldId};

/// Bytes of a module before its sections: the magic number and the version.
const HEADER_SIZE: usize = 8;

/// The interfaces that a component imports and exports, by their full names: `socketserver:core/connections@0.1.0`.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct World {
    /// Those that it imports.
    pub(crate) imports: BTreeSet<String>,
    /// Those that it exports.
    pub(crate) exports: BTreeSet<String>,
}

/// Makes a component of a core module. Its interfaces are those of the WIT in the folder `wit`.
///
/// A module that imports WASI's preview 1 gets the adapter; others do without. Debug information is left out, which no server
/// reads and which is many times the size of the code; the names of functions stay, for backtraces.
pub(crate) fn encode(module: &[u8], wit: &Path) -> Result<Vec<u8>, ComponentError> {
    let world = World::of_module(module)?;
    if world.exports.is_empty() {
        return Err(ComponentError::NoExport);
    }
    let mut resolve = load(wit)?;
    let id = world.resolve(&mut resolve)?;
    let mut module = without_debug_information(module)?;
    embed_component_metadata(&mut module, &resolve, id, StringEncoding::UTF8, false).map_err(ComponentError::Encode)?;
    let mut encoder = ComponentEncoder::default();
    encoder
        .validate(true)
        .module(&module)
        .and_then(|encoder| encoder.adapter(PREVIEW1, PREVIEW1_ADAPTER))
        .and_then(ComponentEncoder::encode)
        .map_err(ComponentError::Encode)
}

/// The module without its sections of DWARF.
fn without_debug_information(module: &[u8]) -> Result<Vec<u8>, ComponentError> {
    let mut kept = module.get(..HEADER_SIZE).unwrap_or_default().to_owned();
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload.map_err(ComponentError::Module)?;
        if let Payload::CustomSection(section) = &payload
            && section.name().starts_with(".debug_")
        {
            continue;
        }
        if let Some((id, range)) = payload.as_section() {
            let data = usize::try_from(range.start)
                .ok()
                .zip(usize::try_from(range.end).ok())
                .and_then(|(begin, end)| module.get(begin..end))
                .unwrap_or_default();
            RawSection { id, data }.append_to(&mut kept);
        }
    }
    Ok(kept)
}

/// Reads the WIT in a folder.
pub(crate) fn load(wit: &Path) -> Result<Resolve, ComponentError> {
    let mut resolve = Resolve::default();
    resolve.push_path(wit).map_err(ComponentError::Wit)?;
    Ok(resolve)
}

impl World {
    /// The world that fits a core module.
    pub(crate) fn of_module(module: &[u8]) -> Result<Self, ComponentError> {
        let mut world = Self::default();
        for payload in Parser::new(0).parse_all(module) {
            match payload.map_err(ComponentError::Module)? {
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        world
                            .imports
                            .extend(imported(import.map_err(ComponentError::Module)?.module));
                    }
                }
                Payload::ExportSection(exports) => {
                    for export in exports {
                        world
                            .exports
                            .extend(exported(export.map_err(ComponentError::Module)?.name));
                    }
                }
                _ => {}
            }
        }
        Ok(world)
    }

    /// Adds the world to what is known.
    pub(crate) fn resolve(&self, resolve: &mut Resolve) -> Result<WorldId, ComponentError> {
        let imports = self.imports.iter().map(|name| format!("  import {name};\n"));
        let exports = self.exports.iter().map(|name| format!("  export {name};\n"));
        let items: String = imports.chain(exports).collect();
        let text = format!("package socketserver:built;\n\nworld component {{\n{items}}}\n");
        let package = resolve.push_str("component.wit", &text).map_err(ComponentError::Wit)?;
        resolve.select_world(&[package], None).map_err(ComponentError::Wit)
    }
}

/// The interface that an import of a core module belongs to, if it belongs to one.
fn imported(module: &str) -> Option<String> {
    // What an asynchronous export takes from the host (its streams, say) is imported in the name of the export.
    (!module.starts_with("[export]")).then_some(module).and_then(interface)
}

/// The interface that an export of a core module belongs to, if it belongs to one.
fn exported(name: &str) -> Option<String> {
    let (module, _function) = name.split_once('#')?;
    // `cabi_post_` and the marks of asynchronous functions, `[async-lift]` and `[callback]`, stand before the name.
    let module = module.rsplit_once(']').map_or(module, |(_, module)| module);
    interface(module.strip_prefix("cabi_post_").unwrap_or(module))
}

/// `name`, if it has the shape of an interface's name, which no name of a plain core module has.
fn interface(name: &str) -> Option<String> {
    let (namespace, rest) = name.split_once(':')?;
    (!namespace.is_empty() && rest.contains('/')).then(|| name.to_owned())
}

/// A core module that no component can be made of.
#[derive(Debug, Error)]
pub(crate) enum ComponentError {
    /// The module and the WIT do not fit.
    #[error("what it imports or exports is not as the WIT has it: {0:#}")]
    Encode(anyhow::Error),
    /// It is no core module.
    #[error("the linker made no WebAssembly module: {0}")]
    Module(wasmparser::BinaryReaderError),
    /// It exports no function of an interface.
    #[error("it exports no handler")]
    NoExport,
    /// The WIT cannot be read, or the module names an interface that is not in it.
    #[error("an interface that it imports or exports is not in the WIT: {0:#}")]
    Wit(anyhow::Error),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wit() -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit")
    }

    fn encode_text(text: &str) -> Result<Vec<u8>, ComponentError> {
        encode(&wat::parse_str(text).unwrap(), &wit())
    }

    const HANDLER: &str = r#"
        (import "socketserver:core/connections@0.1.0" "[method]connection.send-all" (func (param i32 i32 i32 i32)))
        (memory (export "memory") 1)
        (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable)
        (func (export "cabi_post_socketserver:core/stream-handler@0.1.0#handle") (param i32))
        (func (export "socketserver:core/stream-handler@0.1.0#handle") (param i32) (result i32) unreachable)
    "#;

    #[test]
    fn a_component_has_the_interfaces_that_the_module_names() {
        let module = wat::parse_str(format!("(module {HANDLER})")).unwrap();
        let world = World::of_module(&module).unwrap();
        assert!(world.imports.iter().eq(["socketserver:core/connections@0.1.0"]));
        assert!(world.exports.iter().eq(["socketserver:core/stream-handler@0.1.0"]));
        let component = encode(&module, &wit()).unwrap();
        assert!(
            !component.windows(4).any(|bytes| bytes == b"wasi"),
            "no adapter is in it"
        );
    }

    #[test]
    fn preview_1_brings_the_adapter() {
        let exit = r#"(import "wasi_snapshot_preview1" "proc_exit" (func (param i32)))"#;
        let component = encode_text(&format!("(module {exit} {HANDLER})")).unwrap();
        assert!(component.windows(13).any(|bytes| bytes == b"wasi:cli/exit"));
    }

    #[test]
    fn names_stay_and_debug_information_goes() {
        let custom = r#"(@custom ".debug_info" "dwarf is here") (@custom "producers" "\00")"#;
        let component = encode_text(&format!("(module {HANDLER} (func $a_name) {custom})")).unwrap();
        let has = |text: &str| component.windows(text.len()).any(|bytes| bytes == text.as_bytes());
        assert!(has("a_name"));
        assert!(!has("dwarf is here"));
    }

    #[test]
    fn marks_of_the_component_model_are_no_part_of_a_name() {
        let name = "a:b/c@1.0.0";
        for mark in [
            "",
            "[async-lift]",
            "[callback][async-lift]",
            "[async-lift-stackful]",
            "cabi_post_",
        ] {
            assert_eq!(exported(&format!("{mark}{name}#f")).as_deref(), Some(name), "{mark}");
        }
        assert_eq!(imported(name).as_deref(), Some(name));
        for module in [
            "env",
            "$root",
            "[export]$root",
            "[export]a:b/c@1.0.0",
            "wasi_snapshot_preview1",
        ] {
            assert_eq!(imported(module), None, "{module}");
        }
    }

    #[test]
    fn a_module_that_is_no_handler_is_refused() {
        let refused = encode_text(r#"(module (func (export "main")))"#);
        assert!(matches!(refused, Err(ComponentError::NoExport)));
        let refused = encode_text(r#"(module (func (export "no:such/thing@1.0.0#f")))"#);
        assert!(matches!(refused, Err(ComponentError::Wit(_))));
        let refused = encode_text(r#"(module (func (export "socketserver:core/stream-handler@0.1.0#nonesuch")))"#);
        assert!(matches!(refused, Err(ComponentError::Encode(_))));
        assert!(matches!(encode(b"\x7fELF", &wit()), Err(ComponentError::Module(_))));
    }
}
