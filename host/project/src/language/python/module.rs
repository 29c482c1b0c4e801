//! What is in a core module.

use std::collections::HashMap;

use wasmparser::{
    Data, Element, ElementItems, ElementKind, ExternalKind, FuncType, FunctionBody, Global, Import, KnownCustom,
    MemoryType, Name, Parser, Payload, Table,
};

use super::JoinError;

/// A core module, taken apart as far as joining it with others wants.
#[derive(Default)]
pub(super) struct Module<'a> {
    pub(super) types: Vec<FuncType>,
    pub(super) imports: Vec<Import<'a>>,
    /// The types of the functions that it defines.
    pub(super) functions: Vec<u32>,
    pub(super) tables: Vec<Table<'a>>,
    pub(super) memories: Vec<MemoryType>,
    pub(super) globals: Vec<Global<'a>>,
    pub(super) exports: HashMap<&'a str, (ExternalKind, u32)>,
    pub(super) elements: Vec<Element<'a>>,
    pub(super) bodies: Vec<FunctionBody<'a>>,
    pub(super) data: Vec<Data<'a>>,
    /// The names of functions, by their indices.
    pub(super) names: HashMap<u32, &'a str>,
}

impl<'a> Module<'a> {
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, JoinError> {
        let mut module = Self::default();
        for payload in Parser::new(0).parse_all(bytes) {
            match payload? {
                Payload::TypeSection(types) => {
                    for ty in types.into_iter_err_on_gc_types() {
                        module.types.push(ty?);
                    }
                }
                Payload::ImportSection(imports) => {
                    module.imports = imports.into_imports().collect::<Result<_, _>>()?;
                }
                Payload::FunctionSection(functions) => {
                    module.functions = functions.into_iter().collect::<Result<_, _>>()?
                }
                Payload::TableSection(tables) => module.tables = tables.into_iter().collect::<Result<_, _>>()?,
                Payload::MemorySection(memories) => module.memories = memories.into_iter().collect::<Result<_, _>>()?,
                Payload::GlobalSection(globals) => module.globals = globals.into_iter().collect::<Result<_, _>>()?,
                Payload::ExportSection(exports) => {
                    for export in exports {
                        let export = export?;
                        module.exports.insert(export.name, (export.kind, export.index));
                    }
                }
                Payload::ElementSection(elements) => {
                    module.elements = elements.into_iter().collect::<Result<_, _>>()?
                }
                Payload::DataSection(data) => module.data = data.into_iter().collect::<Result<_, _>>()?,
                Payload::CodeSectionEntry(body) => module.bodies.push(body),
                Payload::StartSection { .. } => {
                    return Err(JoinError::shape("a module has work to do when it is instantiated"));
                }
                Payload::TagSection(_) => return Err(JoinError::shape("a module has exception tags")),
                Payload::CustomSection(section) => {
                    if let KnownCustom::Name(names) = section.as_known() {
                        for name in names {
                            if let Name::Function(functions) = name? {
                                for naming in functions {
                                    let naming = naming?;
                                    module.names.insert(naming.index, naming.name);
                                }
                            }
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(module)
    }
}

/// The table, the offset and the functions of an element segment that is there from the beginning.
pub(super) fn active<'a>(
    element: &Element<'a>,
) -> Result<(wasmparser::ConstExpr<'a>, wasmparser::SectionLimited<'a, u32>), JoinError> {
    let ElementKind::Active { offset_expr, .. } = &element.kind else {
        return Err(JoinError::shape("an element segment is not active"));
    };
    let ElementItems::Functions(functions) = &element.items else {
        return Err(JoinError::shape("an element segment has expressions"));
    };
    Ok((offset_expr.clone(), functions.clone()))
}
