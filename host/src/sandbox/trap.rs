//! Imports that an instance has, and cannot use: they need a handle that it is never given.

use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, Linker, ResourceType};

/// Defines what a component imports of an interface, if it does: each function is a trap. What is defined already is left
/// out, by its name.
///
/// # Errors
///
/// More of it is defined already than was said.
pub(super) fn define<T: Send + 'static>(
    linker: &mut Linker<T>,
    component: &Component,
    interface: &'static str,
    defined: &[&str],
) -> wasmtime::Result<()> {
    let engine = component.engine();
    let world = component.component_type();
    let imported = world.imports(engine).find(|(name, _)| *name == interface);
    let Some(ComponentItem::ComponentInstance(imported)) = imported.map(|(_, item)| item.ty) else {
        return Ok(());
    };
    let mut instance = linker.instance(interface)?;
    for (name, item) in imported.exports(engine) {
        if defined.contains(&name) {
            continue;
        }
        match item.ty {
            ComponentItem::ComponentFunc(_) => {
                let name = name.to_owned();
                instance.func_new(&name.clone(), move |_, _, _, _| {
                    Err(wasmtime::format_err!("{interface}#{name} was called without a handle"))
                })?;
            }
            ComponentItem::Resource(_) => instance.resource(name, ResourceType::host::<()>(), |_, _| Ok(()))?,
            // Types are not linked.
            _ => {}
        }
    }
    Ok(())
}
