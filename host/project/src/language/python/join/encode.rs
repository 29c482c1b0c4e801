//! The bytes of the joined module: each module's parts with their new indices, one after the other.

use wasm_encoder::reencode::{self, Reencode, utils};
use wasm_encoder::{
    CodeSection, DataSection, ElementSection, Elements, ExportKind, ExportSection, Function, FunctionSection,
    GlobalSection, ImportSection, Instruction, MemorySection, NameMap, NameSection, TableSection, TypeSection,
};
use wasmparser::Operator;

use super::super::JoinError;
use super::super::linked::{Space, Target, space_of};
use super::super::module;
use super::{FREE, GlobalUse, Join, Synthetic, Wanted, imported_functions};

impl Join<'_, '_> {
    pub(super) fn encode(mut self, wanted: &Wanted<'_>) -> Result<Vec<u8>, JoinError> {
        let linked = self.linked;
        let mut functions = FunctionSection::new();
        let mut tables = TableSection::new();
        let mut memories = MemorySection::new();
        let mut globals = GlobalSection::new();
        let mut elements = ElementSection::new();
        let mut code = CodeSection::new();
        let mut data = DataSection::new();

        let free = self.library_function(FREE)?;
        let free = *self.functions.get(&free).ok_or_else(|| JoinError::missing(FREE))?;
        for (ty, synthetic) in &self.synthetic {
            functions.function(*ty);
            code.function(&synthetic.body(free));
        }
        let numbered: Vec<_> = linked.instances().collect();
        for (instance, module) in numbered {
            let types = module
                .types
                .iter()
                .map(|ty| self.type_index(ty))
                .collect::<Result<Vec<_>, _>>()?;
            let type_of = |ty: u32| {
                types
                    .get(ty as usize)
                    .copied()
                    .ok_or_else(|| JoinError::shape("a type is missing"))
            };
            let imported = imported_functions(module);
            let is_reachable = |local: u32| self.reachable.contains(&(instance, imported + local));
            for (local, ty) in (0..).zip(&module.functions) {
                if is_reachable(local) {
                    functions.function(type_of(*ty)?);
                }
            }
            let count = imported + u32::try_from(module.functions.len()).unwrap_or(u32::MAX);
            let number = |index| match self.reachable.contains(&(instance, index)) {
                true => self.function(instance, index, module, wanted).map(Some),
                false => Ok(None),
            };
            let numbers = (0..count).map(number).collect::<Result<Vec<_>, _>>()?;
            let mut renumber = Renumber {
                join: &self,
                instance,
                functions: numbers,
                types,
            };
            for table in &module.tables {
                tables.table(renumber.table_type(table.ty)?);
            }
            for memory in &module.memories {
                memories.memory(renumber.memory_type(*memory)?);
            }
            let first = module
                .imports
                .iter()
                .filter(|import| space_of(import.ty) == Some(Space::Global))
                .count();
            for (local, global) in module.globals.iter().enumerate() {
                if let GlobalUse::Variable(_) =
                    self.global(instance, u32::try_from(first + local).unwrap_or(u32::MAX))?
                {
                    let init = renumber.const_expr(global.init_expr.clone())?;
                    globals.global(renumber.global_type(global.ty)?, &init);
                }
            }
            for element in &module.elements {
                let (offset, items) = module::active(element)?;
                let offset = renumber.const_expr(offset)?;
                let mut list = Vec::new();
                for function in items {
                    list.push(renumber.function_index(function?)?);
                }
                elements.active(None, &offset, Elements::Functions(list.into()));
            }
            for (_, body) in (0..).zip(&module.bodies).filter(|(local, _)| is_reachable(*local)) {
                renumber.parse_function_body(&mut code, body.clone())?;
            }
            for segment in &module.data {
                let wasmparser::DataKind::Active { offset_expr, .. } = &segment.kind else {
                    return Err(JoinError::shape("a data segment is not active"));
                };
                let offset = renumber.const_expr(offset_expr.clone())?;
                let begin =
                    i32_of(offset_expr).ok_or_else(|| JoinError::shape("a data segment is at no constant address"))?;
                let mut bytes = segment.data.to_vec();
                wanted.immortal.apply(begin, &mut bytes);
                data.active(0, &offset, bytes);
            }
        }
        if tables.len() != 1 || memories.len() != 1 {
            return Err(JoinError::shape("the modules do not share one memory and one table"));
        }

        let mut types = TypeSection::new();
        for ty in &self.types {
            let ty = utils::func_type(&mut reencode::RoundtripReencoder, ty.clone()).map_err(JoinError::encode)?;
            types.ty().func_type(&ty);
        }
        let mut imports = ImportSection::new();
        for (module, name, ty) in &self.imports {
            imports.import(module, name, wasm_encoder::EntityType::Function(*ty));
        }
        let mut exports = ExportSection::new();
        exports.export("memory", ExportKind::Memory, 0);
        if let Some(Target::Item { instance, index, .. }) = linked.realloc()? {
            let index = self
                .functions
                .get(&(instance, index))
                .ok_or_else(|| JoinError::missing("cabi_realloc"))?;
            exports.export("cabi_realloc", ExportKind::Func, *index);
        }
        for exported in linked.lifted.iter().filter(|exported| (wanted.export)(exported.name)) {
            let index = self
                .functions
                .get(&exported.target.key()?)
                .ok_or_else(|| JoinError::missing(exported.name))?;
            exports.export(exported.name, ExportKind::Func, *index);
        }
        let mut function_names = NameMap::new();
        for (index, name) in &self.names {
            function_names.append(*index, name);
        }
        let mut names = NameSection::new();
        names.functions(&function_names);

        let mut module = wasm_encoder::Module::new();
        module
            .section(&types)
            .section(&imports)
            .section(&functions)
            .section(&tables)
            .section(&memories)
            .section(&globals)
            .section(&exports)
            .section(&elements)
            .section(&code)
            .section(&data)
            .section(&names);
        Ok(module.finish())
    }
}

impl Synthetic {
    fn body(&self, free: u32) -> Function {
        let mut function = Function::new([]);
        match *self {
            Self::Trap => {
                function.instruction(&Instruction::Unreachable);
            }
            Self::Freeing { import, parameters } => {
                for parameter in 0..parameters {
                    function.instruction(&Instruction::LocalGet(parameter));
                }
                function.instruction(&Instruction::Call(import));
                function.instruction(&Instruction::LocalGet(1));
                function.instruction(&Instruction::Call(free));
            }
        }
        function.instruction(&Instruction::End);
        function
    }
}

/// Rewrites the indices of one module.
struct Renumber<'a, 'b, 'c> {
    join: &'c Join<'a, 'b>,
    instance: usize,
    /// None for what is not reachable.
    functions: Vec<Option<u32>>,
    types: Vec<u32>,
}

impl Reencode for Renumber<'_, '_, '_> {
    type Error = JoinError;

    fn function_index(&mut self, function: u32) -> Result<u32, reencode::Error<JoinError>> {
        let index = self.functions.get(function as usize).copied().flatten();
        index.ok_or_else(|| reencode::Error::UserError(JoinError::shape("a function is missing")))
    }

    fn type_index(&mut self, ty: u32) -> Result<u32, reencode::Error<JoinError>> {
        let index = self.types.get(ty as usize).copied();
        index.ok_or_else(|| reencode::Error::UserError(JoinError::shape("a type is missing")))
    }

    fn global_index(&mut self, global: u32) -> Result<u32, reencode::Error<JoinError>> {
        match self
            .join
            .global(self.instance, global)
            .map_err(reencode::Error::UserError)?
        {
            GlobalUse::Variable(index) => Ok(index),
            GlobalUse::Constant(_) => Err(reencode::Error::UserError(JoinError::shape("a constant is written"))),
        }
    }

    fn table_index(&mut self, _table: u32) -> Result<u32, reencode::Error<JoinError>> {
        Ok(0)
    }

    fn memory_index(&mut self, _memory: u32) -> Result<u32, reencode::Error<JoinError>> {
        Ok(0)
    }

    fn instruction<'a>(&mut self, operator: Operator<'a>) -> Result<Instruction<'a>, reencode::Error<JoinError>> {
        if let Operator::GlobalGet { global_index } = operator
            && let GlobalUse::Constant(value) = self
                .join
                .global(self.instance, global_index)
                .map_err(reencode::Error::UserError)?
        {
            return Ok(Instruction::I32Const(value));
        }
        utils::instruction(self, operator)
    }
}

/// The address of a data segment.
fn i32_of(offset: &wasmparser::ConstExpr<'_>) -> Option<u32> {
    match offset.get_operators_reader().read() {
        Ok(Operator::I32Const { value }) => Some(value.cast_unsigned()),
        _ => None,
    }
}
