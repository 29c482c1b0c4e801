//! How the modules of a component are linked to each other, as far as core WebAssembly goes.
//!
//! componentize-py links shared libraries: CPython, the C library, its own runtime and others are a module each, and what
//! they import of each other goes through instances and aliases of the component. Here an import is followed to what it is
//! in the end: an item of one of the modules, or something that the component makes of its own imports.

use std::collections::HashMap;

use wasmparser::{
    CanonicalFunction, CanonicalOption, ComponentAlias, ExternalKind, Instance, Operator, Parser, Payload, TypeRef,
    ValType,
};

use super::JoinError;
use super::module::Module;

/// The core side of a component.
pub(super) struct Linked<'a> {
    pub(super) modules: Vec<Module<'a>>,
    instances: Vec<CoreInstance<'a>>,
    /// What the index spaces of the component hold, by the kind of item.
    items: HashMap<Space, Vec<Definition<'a>>>,
    /// The functions that the component lifts, and those that belong to them.
    pub(super) lifted: Vec<Exported<'a>>,
    /// The allocation function that is given to what is lifted.
    realloc: Option<u32>,
    shim: Option<Shim>,
}

enum CoreInstance<'a> {
    Module {
        module: usize,
        arguments: HashMap<&'a str, usize>,
    },
    Exports(HashMap<&'a str, (Space, u32)>),
}

/// Something in an index space of the component.
#[derive(Clone, Copy)]
enum Definition<'a> {
    /// The export of an instance.
    Alias { instance: usize, name: &'a str },
    /// Made by the component: a lowered import, the drop of a resource, …
    Canonical,
}

/// The index spaces that items of modules are in.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Space {
    Function,
    Global,
    Memory,
    Table,
}

impl Space {
    fn of(kind: ExternalKind) -> Result<Self, JoinError> {
        match kind {
            ExternalKind::Func | ExternalKind::FuncExact => Ok(Self::Function),
            ExternalKind::Global => Ok(Self::Global),
            ExternalKind::Memory => Ok(Self::Memory),
            ExternalKind::Table => Ok(Self::Table),
            ExternalKind::Tag => Err(JoinError::shape("an exception tag is shared")),
        }
    }
}

/// What an import, or an export, is in the end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Target {
    /// An item that the module of this instance defines, by its index there.
    Item { instance: usize, space: Space, index: u32 },
    /// What the component makes.
    Canonical,
}

/// A function that the component lifts, or needs for that, and the name that its module exports it by.
pub(super) struct Exported<'a> {
    pub(super) name: &'a str,
    pub(super) target: Target,
}

/// wit-component's way around a circle: functions that want a memory are made after the module with the memory. So modules
/// get functions of a shim in their place, which call through a table that is filled in at the end.
struct Shim {
    /// The instance of the functions, named by numbers.
    instance: usize,
    /// The instance with those that belong into their places, named by the same numbers.
    arguments: usize,
    /// The instance that fills them in.
    fixup: usize,
}

impl<'a> Linked<'a> {
    pub(super) fn parse(component: &'a [u8]) -> Result<Self, JoinError> {
        let mut linked = Self {
            modules: Vec::new(),
            instances: Vec::new(),
            items: HashMap::new(),
            lifted: Vec::new(),
            realloc: None,
            shim: None,
        };
        let mut lifted = Vec::new();
        let mut depth = 0;
        for payload in Parser::new(0).parse_all(component) {
            let payload = payload?;
            match payload {
                Payload::ModuleSection {
                    ref unchecked_range, ..
                } if depth == 1 => {
                    let bound = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
                    let module = component.get(bound(unchecked_range.start)..bound(unchecked_range.end));
                    let module = module.ok_or_else(|| JoinError::shape("a module is cut off"))?;
                    linked.modules.push(Module::parse(module)?);
                }
                Payload::InstanceSection(ref instances) if depth == 1 => {
                    for instance in instances.clone() {
                        linked.instance(instance?)?;
                    }
                }
                Payload::ComponentAliasSection(ref aliases) if depth == 1 => {
                    for alias in aliases.clone() {
                        if let ComponentAlias::CoreInstanceExport {
                            kind,
                            instance_index,
                            name,
                        } = alias?
                        {
                            let instance = instance_index as usize;
                            let space = linked.items.entry(Space::of(kind)?).or_default();
                            space.push(Definition::Alias { instance, name });
                        }
                    }
                }
                Payload::ComponentCanonicalSection(ref functions) if depth == 1 => {
                    for function in functions.clone() {
                        match function? {
                            CanonicalFunction::Lift {
                                core_func_index,
                                options,
                                ..
                            } => {
                                lifted.push(core_func_index);
                                for option in &options {
                                    match option {
                                        CanonicalOption::PostReturn(index) | CanonicalOption::Callback(index) => {
                                            lifted.push(*index);
                                        }
                                        CanonicalOption::Realloc(index) => linked.realloc = Some(*index),
                                        _ => {}
                                    }
                                }
                            }
                            _ => {
                                let functions = linked.items.entry(Space::Function).or_default();
                                functions.push(Definition::Canonical);
                            }
                        }
                    }
                }
                _ => {}
            }
            match payload {
                Payload::Version { .. } => depth += 1,
                Payload::End(_) => depth -= 1,
                _ => {}
            }
        }
        linked.shim = linked.find_shim();
        for index in lifted {
            let Some(Definition::Alias { instance, name }) = linked.definition(Space::Function, index) else {
                return Err(JoinError::shape("a function is lifted that no module exports"));
            };
            let target = linked.export(instance, name)?;
            linked.lifted.push(Exported { name, target });
        }
        Ok(linked)
    }

    fn instance(&mut self, instance: Instance<'a>) -> Result<(), JoinError> {
        let instance = match instance {
            Instance::Instantiate { module_index, args } => CoreInstance::Module {
                module: module_index as usize,
                arguments: args
                    .iter()
                    .map(|argument| (argument.name, argument.index as usize))
                    .collect(),
            },
            Instance::FromExports(exports) => {
                let exports = exports
                    .iter()
                    .map(|export| Ok((export.name, (Space::of(export.kind)?, export.index))));
                CoreInstance::Exports(exports.collect::<Result<_, JoinError>>()?)
            }
        };
        self.instances.push(instance);
        Ok(())
    }

    fn find_shim(&self) -> Option<Shim> {
        self.instances.iter().enumerate().find_map(|(fixup, instance)| {
            let CoreInstance::Module { arguments, .. } = instance else {
                return None;
            };
            let arguments = *arguments.get("")?;
            let CoreInstance::Exports(exports) = self.instances.get(arguments)? else {
                return None;
            };
            let (space, index) = *exports.get("$imports")?;
            let Some(Definition::Alias { instance, .. }) = self.definition(space, index) else {
                return None;
            };
            Some(Shim {
                instance,
                arguments,
                fixup,
            })
        })
    }

    /// The instances of modules, in their order, without the shim's.
    pub(super) fn instances(&self) -> impl Iterator<Item = (usize, &Module<'a>)> {
        self.instances.iter().enumerate().filter_map(|(index, instance)| {
            let is_shim = self
                .shim
                .as_ref()
                .is_some_and(|shim| index == shim.instance || index == shim.fixup);
            match instance {
                CoreInstance::Module { module, .. } if !is_shim => Some((index, self.modules.get(*module)?)),
                _ => None,
            }
        })
    }

    fn definition(&self, space: Space, index: u32) -> Option<Definition<'a>> {
        self.items.get(&space)?.get(index as usize).copied()
    }

    fn module(&self, instance: usize) -> Option<&Module<'a>> {
        match self.instances.get(instance)? {
            CoreInstance::Module { module, .. } => self.modules.get(*module),
            CoreInstance::Exports(_) => None,
        }
    }

    /// The allocation function that is given to what is lifted.
    pub(super) fn realloc(&self) -> Result<Option<Target>, JoinError> {
        let Some(index) = self.realloc else { return Ok(None) };
        self.item(Space::Function, index).map(Some)
    }

    fn item(&self, space: Space, index: u32) -> Result<Target, JoinError> {
        match self.definition(space, index) {
            Some(Definition::Alias { instance, name }) => self.export(instance, name),
            Some(Definition::Canonical) => Ok(Target::Canonical),
            None => Err(JoinError::shape("an index is out of its space")),
        }
    }

    /// What an instance exports by a name.
    pub(super) fn export(&self, instance: usize, name: &str) -> Result<Target, JoinError> {
        if let Some(shim) = &self.shim
            && shim.instance == instance
            && name != "$imports"
        {
            return self.export(shim.arguments, name);
        }
        match self.instances.get(instance) {
            Some(CoreInstance::Exports(exports)) => {
                let (space, index) = *exports.get(name).ok_or_else(|| JoinError::missing(name))?;
                self.item(space, index)
            }
            Some(CoreInstance::Module { .. }) => {
                let module = self.module(instance).ok_or_else(|| JoinError::missing(name))?;
                let (kind, index) = *module.exports.get(name).ok_or_else(|| JoinError::missing(name))?;
                self.local(instance, Space::of(kind)?, index)
            }
            None => Err(JoinError::missing(name)),
        }
    }

    /// What an index of a module is: its own item, or that of another which it imports.
    pub(super) fn local(&self, instance: usize, space: Space, index: u32) -> Result<Target, JoinError> {
        let module = self
            .module(instance)
            .ok_or_else(|| JoinError::shape("an instance is of no module"))?;
        let imports = module
            .imports
            .iter()
            .filter(|import| space_of(import.ty) == Some(space));
        match imports.clone().nth(index as usize) {
            Some(import) => self.import(instance, import.module, import.name),
            None => Ok(Target::Item { instance, space, index }),
        }
    }

    /// The number that a global begins with, where it is one of 32 bits.
    ///
    /// The addresses of a library are sums of where it was put and an offset.
    pub(super) fn initial(&self, instance: usize, index: u32) -> Result<Option<i32>, JoinError> {
        let Target::Item { instance, index, .. } = self.local(instance, Space::Global, index)? else {
            return Ok(None);
        };
        let module = self
            .module(instance)
            .ok_or_else(|| JoinError::shape("an instance is of no module"))?;
        let imported = module
            .imports
            .iter()
            .filter(|import| space_of(import.ty) == Some(Space::Global))
            .count();
        let global = (index as usize)
            .checked_sub(imported)
            .and_then(|local| module.globals.get(local));
        let global = global.ok_or_else(|| JoinError::shape("a global is missing"))?;
        if global.ty.content_type != ValType::I32 {
            return Ok(None);
        }
        let mut stack: Vec<i32> = Vec::new();
        let mut operators = global.init_expr.get_operators_reader();
        loop {
            let value = match operators.read()? {
                Operator::I32Const { value } => value,
                Operator::GlobalGet { global_index } => match self.initial(instance, global_index)? {
                    Some(value) => value,
                    None => return Ok(None),
                },
                Operator::I32Add => match (stack.pop(), stack.pop()) {
                    (Some(right), Some(left)) => left.wrapping_add(right),
                    _ => return Ok(None),
                },
                Operator::End => return Ok(stack.pop()),
                _ => return Ok(None),
            };
            stack.push(value);
        }
    }

    /// What a module imports by two names.
    pub(super) fn import(&self, instance: usize, module: &str, name: &str) -> Result<Target, JoinError> {
        let Some(CoreInstance::Module { arguments, .. }) = self.instances.get(instance) else {
            return Err(JoinError::missing(name));
        };
        let argument = *arguments.get(module).ok_or_else(|| JoinError::missing(module))?;
        self.export(argument, name)
    }
}

/// The space that an import adds to.
pub(super) fn space_of(ty: TypeRef) -> Option<Space> {
    match ty {
        TypeRef::Func(_) | TypeRef::FuncExact(_) => Some(Space::Function),
        TypeRef::Global(_) => Some(Space::Global),
        TypeRef::Memory(_) => Some(Space::Memory),
        TypeRef::Table(_) => Some(Space::Table),
        TypeRef::Tag(_) => None,
    }
}
