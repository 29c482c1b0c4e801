//! What a program is, by the functions that the macros of the SDK define, and what it asks for, by a function that it calls.

use std::collections::BTreeSet;

use wasmparser::{
    BinaryReaderError, KnownCustom, Linking, LinkingSectionReader, Parser, Payload, SymbolFlags, SymbolInfo,
};

/// A part of the SDK that a component has if its source uses the macro for it, or calls it.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Unit {
    /// `SOCKETSERVER_ASYNC_HANDLER`
    Asynchronous,
    /// `SOCKETSERVER_DATAGRAM_HANDLER`
    Datagram,
    /// `socketserver_http_request`
    HttpRequest,
    /// `SOCKETSERVER_PROGRAM`
    Server,
    /// `SOCKETSERVER_STREAM_HANDLER`
    Stream,
}

impl Unit {
    /// All of them.
    pub(super) const ALL: [Self; 5] = [
        Self::Asynchronous,
        Self::Datagram,
        Self::HttpRequest,
        Self::Server,
        Self::Stream,
    ];

    /// Its source in the SDK, without the extension.
    pub(super) const fn source(self) -> &'static str {
        match self {
            Self::Asynchronous => "asynchronous",
            Self::Datagram => "datagram",
            Self::HttpRequest => "http_request",
            Self::Server => "server",
            Self::Stream => "stream",
        }
    }

    /// The world in the WIT that it implements.
    pub(super) const fn world(self) -> &'static str {
        match self {
            Self::Asynchronous => "async-handler",
            Self::Datagram => "datagram-service",
            Self::HttpRequest => "optional-imports",
            Self::Server => "server-program",
            Self::Stream => "handler",
        }
    }

    /// Whether a component that has nothing else does something: it is a handler, or a program.
    pub(super) const fn is_whole(self) -> bool {
        !matches!(self, Self::HttpRequest)
    }

    /// The function that the macro defines, or that the source calls.
    const fn function(self) -> &'static str {
        match self {
            Self::Asynchronous => "socketserver_async_handler",
            Self::Datagram => "socketserver_datagram_handler",
            Self::HttpRequest => "socketserver_http_request",
            Self::Server => "socketserver_program",
            Self::Stream => "socketserver_stream_handler",
        }
    }

    /// The units that an object file has to be linked with: those whose macros it uses, and those that it calls.
    pub(super) fn wanted_by(object: &[u8]) -> Result<BTreeSet<Self>, BinaryReaderError> {
        let mut units = BTreeSet::new();
        for payload in Parser::new(0).parse_all(object) {
            match payload? {
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        let called = Self::with_function(import?.name);
                        units.extend(called.filter(|unit| !unit.is_whole()));
                    }
                }
                Payload::CustomSection(section) => {
                    if let KnownCustom::Linking(linking) = section.as_known() {
                        for name in defined(linking)? {
                            units.extend(Self::with_function(name).filter(|unit| unit.is_whole()));
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(units)
    }

    fn with_function(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|unit| unit.function() == name)
    }
}

/// The names of the functions that an object file defines.
fn defined(linking: LinkingSectionReader<'_>) -> Result<Vec<&str>, BinaryReaderError> {
    let mut names = Vec::new();
    for subsection in linking {
        let Linking::SymbolTable(symbols) = subsection? else {
            continue;
        };
        for symbol in symbols {
            if let SymbolInfo::Func {
                flags,
                name: Some(name),
                ..
            } = symbol?
                && !flags.contains(SymbolFlags::UNDEFINED)
            {
                names.push(name);
            }
        }
    }
    Ok(names)
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
    fn a_source_is_what_it_defines_and_is_given_what_it_calls() {
        for unit in Unit::ALL {
            let defines = object("other", unit.function());
            let calls = object(unit.function(), "another");
            let [wants, does_not] = if unit.is_whole() {
                [defines, calls]
            } else {
                [calls, defines]
            };
            assert!(Unit::wanted_by(&wants).unwrap().iter().eq([&unit]));
            assert!(Unit::wanted_by(&does_not).unwrap().is_empty());
        }
    }

    #[test]
    fn what_is_no_object_is_an_error() {
        assert!(Unit::wanted_by(b"BC\xc0\xde").is_err());
        assert!(Unit::wanted_by(b"\0asm\x01\0\0\0").unwrap().is_empty());
    }
}
