//! One module of many.
//!
//! What the linked modules import of each other they then have themselves. That costs an instance nothing to make, while
//! two thousand imports cost a third of the processor time that a connection takes in all; and a call from one library to
//! another becomes a direct one, an address that a library asked for a constant.
//!
//! What nothing calls any more, because it was for the build, is left out.
//!
//! On the way two things are put right:
//!
//! - `wasi:sockets` is what the C library imports whether or not anything is connected to, and a handler that imports it has to
//!   be granted it. Where it is not wanted, its functions become traps.
//! - componentize-py 0.25.1 never frees the copy of the bytes that it passes to an import. The functions that send are
//!   followed by freeing it, so that a long transfer needs no more memory than a short one.

mod encode;

use std::collections::{BTreeMap, HashMap, HashSet};

use wasmparser::{FuncType, Operator, TypeRef};

use super::JoinError;
use super::immortal::Immortal;
use super::linked::{Linked, Space, Target, space_of};
use super::module::{self, Module};

/// The imported functions whose second parameter is the address of bytes that nobody frees.
const LEAKING: [&str; 3] = [
    "[method]connection.send",
    "[method]connection.send-all",
    "[method]datagram-socket.send-to",
];

/// The function of the C library that frees memory.
const FREE: &str = "free";

/// What is wanted of the joined module.
pub(super) struct Wanted<'a> {
    /// Whether imports of `wasi:sockets` stay.
    pub(super) sockets: bool,
    /// Whether a lifted function is wanted, by its name.
    pub(super) export: &'a dyn Fn(&str) -> bool,
    /// The objects whose references need not be counted.
    pub(super) immortal: &'a Immortal,
    /// The name that a module is imported by: versions differ between libraries.
    pub(super) module_name: &'a dyn Fn(&str) -> String,
}

/// Joins all modules of a component into one.
pub(super) fn join(linked: &Linked<'_>, wanted: &Wanted<'_>) -> Result<Vec<u8>, JoinError> {
    let mut join = Join {
        linked,
        types: Vec::new(),
        imports: Vec::new(),
        imported: HashMap::new(),
        reachable: HashSet::new(),
        written: HashSet::new(),
        functions: HashMap::new(),
        globals: HashMap::new(),
        synthetic: Vec::new(),
        names: BTreeMap::new(),
    };
    join.find_reachable(wanted)?;
    join.collect_imports(wanted)?;
    join.number_functions()?;
    join.number_globals()?;
    join.encode(wanted)
}

struct Join<'a, 'b> {
    linked: &'b Linked<'a>,
    types: Vec<FuncType>,
    /// The functions that stay imported: their names and their types.
    imports: Vec<(String, &'a str, u32)>,
    /// What an import becomes, by the module and the name.
    imported: HashMap<(String, &'a str), u32>,
    /// The functions that something calls, or refers to, by their instances and their indices there; imports too.
    reachable: HashSet<(usize, u32)>,
    /// The globals that those functions write.
    written: HashSet<(usize, u32)>,
    /// The new numbers of the functions that modules define.
    functions: HashMap<(usize, u32), u32>,
    globals: HashMap<(usize, u32), GlobalUse>,
    /// Functions that are none of any module: their types, and bodies.
    synthetic: Vec<(u32, Synthetic)>,
    names: BTreeMap<u32, String>,
}

/// What a global of a module becomes.
#[derive(Clone, Copy)]
enum GlobalUse {
    /// Nobody writes it.
    Constant(i32),
    /// The new number.
    Variable(u32),
}

enum Synthetic {
    /// A function that is not to be called.
    Trap,
    /// Calls the import, and then frees what its second parameter points to.
    Freeing { import: u32, parameters: u32 },
}

impl<'a> Join<'a, '_> {
    fn type_index(&mut self, ty: &FuncType) -> Result<u32, JoinError> {
        let index = self.types.iter().position(|there| there == ty).unwrap_or_else(|| {
            self.types.push(ty.clone());
            self.types.len() - 1
        });
        u32::try_from(index).map_err(|_| JoinError::shape("there are too many types"))
    }

    /// Follows what is called from what the component lifts, and from the table of functions.
    fn find_reachable(&mut self, wanted: &Wanted<'_>) -> Result<(), JoinError> {
        let linked = self.linked;
        let modules: HashMap<_, _> = linked.instances().collect();
        let mut waiting = Vec::new();
        for exported in linked.lifted.iter().filter(|exported| (wanted.export)(exported.name)) {
            waiting.push(exported.target.key()?);
        }
        if let Some(realloc) = linked.realloc()? {
            waiting.push(realloc.key()?);
        }
        waiting.push(self.library_function(FREE)?);
        for (instance, module) in linked.instances() {
            for element in &module.elements {
                for function in module::active(element)?.1 {
                    waiting.push((instance, function?));
                }
            }
        }
        while let Some((instance, index)) = waiting.pop() {
            if !self.reachable.insert((instance, index)) {
                continue;
            }
            // An import counts under its own names too, as those say what it is called.
            let Target::Item { instance, index, .. } = linked.local(instance, Space::Function, index)? else {
                continue;
            };
            self.reachable.insert((instance, index));
            let module = modules
                .get(&instance)
                .ok_or_else(|| JoinError::shape("a function is of no module"))?;
            let body = index
                .checked_sub(imported_functions(module))
                .and_then(|local| module.bodies.get(local as usize));
            let body = body.ok_or_else(|| JoinError::shape("a function has no body"))?;
            for operator in body.get_operators_reader()? {
                match operator? {
                    Operator::Call { function_index }
                    | Operator::ReturnCall { function_index }
                    | Operator::RefFunc { function_index } => waiting.push((instance, function_index)),
                    Operator::GlobalSet { global_index } => {
                        let global = linked.local(instance, Space::Global, global_index)?;
                        self.written.insert(global.key()?);
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }

    /// The functions that no module defines: imports come first, then what takes their place.
    fn collect_imports(&mut self, wanted: &Wanted<'_>) -> Result<(), JoinError> {
        let linked = self.linked;
        let mut traps = Vec::new();
        let mut freeing = Vec::new();
        for (instance, module) in linked.instances() {
            let functions = module
                .imports
                .iter()
                .filter(|import| space_of(import.ty) == Some(Space::Function));
            for (index, import) in (0..).zip(functions) {
                if !self.reachable.contains(&(instance, index))
                    || linked.import(instance, import.module, import.name)? != Target::Canonical
                {
                    continue;
                }
                let (TypeRef::Func(ty) | TypeRef::FuncExact(ty)) = import.ty else {
                    continue;
                };
                let ty = module
                    .types
                    .get(ty as usize)
                    .ok_or_else(|| JoinError::missing(import.name))?;
                let key = ((wanted.module_name)(import.module), import.name);
                if self.imported.contains_key(&key) {
                    continue;
                }
                let type_index = self.type_index(ty)?;
                if !wanted.sockets && import.module.starts_with("wasi:sockets/") {
                    self.imported.insert(key.clone(), u32::MAX);
                    traps.push((key, type_index));
                    continue;
                }
                let index = self.next_import()?;
                self.imports.push((key.0.clone(), import.name, type_index));
                self.names.insert(index, format!("{}#{}", key.0, import.name));
                if LEAKING.contains(&import.name) {
                    let parameters = u32::try_from(ty.params().len()).unwrap_or(u32::MAX);
                    freeing.push((
                        key.clone(),
                        type_index,
                        Synthetic::Freeing {
                            import: index,
                            parameters,
                        },
                    ));
                }
                self.imported.insert(key, index);
            }
        }
        let first = self.next_import()?;
        let traps = traps.into_iter().map(|(key, ty)| (key, ty, Synthetic::Trap));
        for (next, (key, ty, synthetic)) in (first..).zip(traps.chain(freeing)) {
            self.names.insert(next, format!("{}#{}", key.0, key.1));
            self.imported.insert(key, next);
            self.synthetic.push((ty, synthetic));
        }
        Ok(())
    }

    fn next_import(&self) -> Result<u32, JoinError> {
        u32::try_from(self.imports.len()).map_err(|_| JoinError::shape("there are too many imports"))
    }

    fn number_functions(&mut self) -> Result<(), JoinError> {
        let mut next = u32::try_from(self.imports.len() + self.synthetic.len()).unwrap_or(u32::MAX);
        for (instance, module) in self.linked.instances() {
            let imported = imported_functions(module);
            for local in 0..u32::try_from(module.functions.len()).unwrap_or(u32::MAX) {
                let index = imported + local;
                if !self.reachable.contains(&(instance, index)) {
                    continue;
                }
                self.functions.insert((instance, index), next);
                if let Some(name) = module.names.get(&index) {
                    self.names.insert(next, (*name).to_owned());
                }
                next += 1;
            }
        }
        Ok(())
    }

    /// A global that no function writes is a constant: the addresses of a library that was linked are.
    fn number_globals(&mut self) -> Result<(), JoinError> {
        let mut next = 0;
        for (instance, module) in self.linked.instances() {
            let imported = module
                .imports
                .iter()
                .filter(|import| space_of(import.ty) == Some(Space::Global))
                .count();
            for local in 0..module.globals.len() {
                let key = (instance, u32::try_from(imported + local).unwrap_or(u32::MAX));
                let becomes = match self.linked.initial(key.0, key.1)? {
                    Some(value) if !self.written.contains(&key) => GlobalUse::Constant(value),
                    _ => {
                        next += 1;
                        GlobalUse::Variable(next - 1)
                    }
                };
                self.globals.insert(key, becomes);
            }
        }
        Ok(())
    }

    fn function(
        &self,
        instance: usize,
        index: u32,
        module: &Module<'a>,
        wanted: &Wanted<'_>,
    ) -> Result<u32, JoinError> {
        match self.linked.local(instance, Space::Function, index)? {
            Target::Item { instance, index, .. } => self
                .functions
                .get(&(instance, index))
                .copied()
                .ok_or_else(|| JoinError::shape("a function is not numbered")),
            Target::Canonical => {
                let functions = module
                    .imports
                    .iter()
                    .filter(|import| space_of(import.ty) == Some(Space::Function));
                let import = functions
                    .clone()
                    .nth(index as usize)
                    .ok_or_else(|| JoinError::shape("an import is missing"))?;
                let key = ((wanted.module_name)(import.module), import.name);
                self.imported
                    .get(&key)
                    .copied()
                    .ok_or_else(|| JoinError::missing(import.name))
            }
        }
    }

    fn global(&self, instance: usize, index: u32) -> Result<GlobalUse, JoinError> {
        let key = self.linked.local(instance, Space::Global, index)?.key()?;
        self.globals
            .get(&key)
            .copied()
            .ok_or_else(|| JoinError::shape("a global is not numbered"))
    }

    /// The function that a library defines and exports by this name.
    fn library_function(&self, name: &str) -> Result<(usize, u32), JoinError> {
        for (instance, module) in self.linked.instances() {
            let is_library = module.imports.iter().any(|import| import.name == "__memory_base");
            if is_library && module.exports.contains_key(name) {
                return self.linked.export(instance, name)?.key();
            }
        }
        Err(JoinError::missing(name))
    }
}

impl Target {
    fn key(self) -> Result<(usize, u32), JoinError> {
        match self {
            Self::Item { instance, index, .. } => Ok((instance, index)),
            Self::Canonical => Err(JoinError::shape("an item is of no module")),
        }
    }
}

fn imported_functions(module: &Module<'_>) -> u32 {
    let count = module
        .imports
        .iter()
        .filter(|import| space_of(import.ty) == Some(Space::Function))
        .count();
    u32::try_from(count).unwrap_or(u32::MAX)
}
