//! What a program is, by the functions that the macros of the SDK define.

use std::collections::BTreeSet;

use wasmparser::{BinaryReaderError, KnownCustom, Linking, Parser, Payload, SymbolFlags, SymbolInfo};

/// A part of the SDK that a component has if its source uses the macro for it.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Unit {
    /// `SOCKETSERVER_ASYNC_HANDLER`
    Asynchronous,
    /// `SOCKETSERVER_DATAGRAM_HANDLER`
    Datagram,
    /// `SOCKETSERVER_PROGRAM`
    Server,
    /// `SOCKETSERVER_STREAM_HANDLER`
    Stream,
}

impl Unit {
    /// All of them.
    pub(super) const ALL: [Self; 4] = [Self::Asynchronous, Self::Datagram, Self::Server, Self::Stream];

    /// Its source in the SDK, without the extension.
    pub(super) const fn source(self) -> &'static str {
        match self {
            Self::Asynchronous => "asynchronous",
            Self::Datagram => "datagram",
            Self::Server => "server",
            Self::Stream => "stream",
        }
    }

    /// The world in the WIT that it implements.
    pub(super) const fn world(self) -> &'static str {
        match self {
            Self::Asynchronous => "async-handler",
            Self::Datagram => "datagram-service",
            Self::Server => "server-program",
            Self::Stream => "handler",
        }
    }

    /// The function that the macro defines.
    const fn function(self) -> &'static str {
        match self {
            Self::Asynchronous => "socketserver_async_handler",
            Self::Datagram => "socketserver_datagram_handler",
            Self::Server => "socketserver_program",
            Self::Stream => "socketserver_stream_handler",
        }
    }

    /// The units whose functions an object file defines.
    pub(super) fn defined_in(object: &[u8]) -> Result<BTreeSet<Self>, BinaryReaderError> {
        let mut units = BTreeSet::new();
        for payload in Parser::new(0).parse_all(object) {
            let Payload::CustomSection(section) = payload? else {
                continue;
            };
            let KnownCustom::Linking(linking) = section.as_known() else {
                continue;
            };
            for subsection in linking {
                let Linking::SymbolTable(symbols) = subsection? else {
                    continue;
                };
                for symbol in symbols {
                    if let SymbolInfo::Func { flags, name, .. } = symbol?
                        && !flags.contains(SymbolFlags::UNDEFINED)
                    {
                        units.extend(Self::ALL.into_iter().find(|unit| Some(unit.function()) == name));
                    }
                }
            }
        }
        Ok(units)
    }
}

#[cfg(test)]
mod tests {
    use wasm_encoder::{
        CodeSection, EntityType, Function, FunctionSection, ImportSection, LinkingSection, Module, SymbolTable,
        TypeSection,
    };

    use super::*;

    /// An object that refers to the first function, and defines the second.
    fn object(referred: &str, defined: &str) -> Vec<u8> {
        let mut types = TypeSection::new();
        types.ty().function([], []);
        let mut imports = ImportSection::new();
        imports.import("env", referred, EntityType::Function(0));
        let mut functions = FunctionSection::new();
        functions.function(0);
        let mut code = CodeSection::new();
        let mut body = Function::new([]);
        body.instructions().end();
        code.function(&body);
        let mut symbols = SymbolTable::new();
        symbols.function(SymbolTable::WASM_SYM_UNDEFINED, 0, None);
        symbols.function(0, 1, Some(defined));
        let mut linking = LinkingSection::new();
        linking.symbol_table(&symbols);
        let mut module = Module::new();
        module
            .section(&types)
            .section(&imports)
            .section(&functions)
            .section(&code)
            .section(&linking);
        module.finish()
    }

    #[test]
    fn a_source_is_what_it_defines_not_what_it_calls() {
        for unit in Unit::ALL {
            let defines = object("other", unit.function());
            assert!(Unit::defined_in(&defines).unwrap().iter().eq([&unit]));
            let calls = object(unit.function(), "another");
            assert!(Unit::defined_in(&calls).unwrap().is_empty());
        }
    }

    #[test]
    fn what_is_no_object_is_an_error() {
        assert!(Unit::defined_in(b"BC\xc0\xde").is_err());
        assert!(Unit::defined_in(b"\0asm\x01\0\0\0").unwrap().is_empty());
    }
}
