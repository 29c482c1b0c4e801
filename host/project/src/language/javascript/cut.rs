//! Imports that a component has and will not use.
//!
//! The engine and its C library import most of WASI, whatever the source does. A handler's imports are where one sees what it
//! can reach, so those that the source does not need are closed here: what they are linked to traps.

use std::collections::HashSet;

use wac_graph::types::Package;
use wac_graph::{CompositionGraph, EncodeOptions, plug};
use wit_component::{ComponentEncoder, StringEncoding, dummy_module, embed_component_metadata};
use wit_parser::decoding::{DecodedWasm, decode};
use wit_parser::{InterfaceId, ManglingAndAbi, Resolve, World, WorldId, WorldItem, WorldKey};

/// The component without its imports of WASI, but for those interfaces of WASI that are `kept`; one without a version is kept
/// in whatever version it is imported.
///
/// # Errors
///
/// What componentize-qjs has made is no component; in words.
pub(super) fn cut(component: &[u8], kept: &[&str]) -> Result<Vec<u8>, String> {
    let words = |error: anyhow::Error| format!("what componentize-qjs has made cannot be read: {error:#}");
    let (resolve, world) = match decode(component).map_err(words)? {
        DecodedWasm::Component(resolve, world) => (resolve, world),
        DecodedWasm::WitPackage(..) => return Err("componentize-qjs has made no component".to_owned()),
    };
    match stubs(resolve, world, kept).map_err(words)? {
        Some(stubs) => compose(component, stubs).map_err(words),
        None => Ok(component.to_vec()),
    }
}

/// A component that exports what is to be cut off; nothing if that is nothing.
fn stubs(mut resolve: Resolve, world: WorldId, kept: &[&str]) -> anyhow::Result<Option<Vec<u8>>> {
    let mut closed = resolve.worlds[world].clone();
    closed.name = "closed".to_owned();
    let kept = with_dependencies(&resolve, &closed, kept);
    let is_of_wasi = |(key, _): &(WorldKey, WorldItem)| resolve.name_world_key(key).starts_with("wasi:");
    // What is kept may define types that the rest is made of.
    (closed.imports, closed.exports) = closed
        .imports
        .into_iter()
        .filter(is_of_wasi)
        .partition(|(_, item)| matches!(item, WorldItem::Interface { id, .. } if kept.contains(id)));
    if closed.exports.is_empty() {
        return Ok(None);
    }
    let closed = resolve.worlds.alloc(closed);
    let mut module = dummy_module(&resolve, closed, ManglingAndAbi::Standard32);
    embed_component_metadata(&mut module, &resolve, closed, StringEncoding::UTF8, false)?;
    let component = ComponentEncoder::default().module(&module)?.validate(true).encode()?;
    Ok(Some(component))
}

/// The interfaces that are kept, and those whose types they use: cut off, the types of the two would be different ones.
fn with_dependencies(resolve: &Resolve, world: &World, kept: &[&str]) -> HashSet<InterfaceId> {
    let is_kept = |name: &str| {
        let bare = name.split('@').next().unwrap_or(name);
        kept.iter().any(|kept| *kept == name || *kept == bare)
    };
    let named = world.imports.iter().filter_map(|(key, item)| match item {
        WorldItem::Interface { id, .. } if is_kept(&resolve.name_world_key(key)) => Some(*id),
        _ => None,
    });
    let mut to_visit: Vec<_> = named.collect();
    let mut found = HashSet::new();
    while let Some(interface) = to_visit.pop() {
        if found.insert(interface) {
            to_visit.extend(resolve.interface_direct_deps(interface));
        }
    }
    found
}

fn compose(component: &[u8], stubs: Vec<u8>) -> anyhow::Result<Vec<u8>> {
    let mut graph = CompositionGraph::new();
    let main = Package::from_bytes("component", None, component.to_vec(), graph.types_mut())?;
    let main = graph.register_package(main)?;
    let stubs = Package::from_bytes("closed", None, stubs, graph.types_mut())?;
    let stubs = graph.register_package(stubs)?;
    plug(&mut graph, vec![stubs], main)?;
    Ok(graph.encode(EncodeOptions::default())?)
}
