//! Interfaces of ours that have no implementation in a bundle, and those that need none.

use std::collections::BTreeSet;

use anyhow::bail;
use wit_component::{ComponentEncoder, StringEncoding, dummy_module, embed_component_metadata};
use wit_parser::decoding::{DecodedWasm, decode};
use wit_parser::{ManglingAndAbi, Resolve, WorldId, WorldItem, WorldKey};

use crate::embedded;

/// A component that exports the interface `network`: it has types alone.
pub(super) fn network() -> anyhow::Result<Vec<u8>> {
    let Some((_, text)) = embedded::below("wit").find(|(path, _)| *path == "network.wit") else {
        bail!("the embedded WIT has no network.wit");
    };
    let text = String::from_utf8_lossy(text);
    let text = format!("package socketserver:core@0.1.0;\n{text}\nworld closed {{ export network; }}\n");
    let mut resolve = Resolve::default();
    let package = resolve.push_str("network.wit", &text)?;
    let world = resolve.select_world(&[package], Some("closed"))?;
    encode(&resolve, world)
}

/// A component that exports those `interfaces` that `component` imports, and traps when one of their functions is called:
/// what the component has for another way of being served.
pub(super) fn trapping(component: &[u8], interfaces: &BTreeSet<String>) -> anyhow::Result<Vec<u8>> {
    let (mut resolve, world) = match decode(component)? {
        DecodedWasm::Component(resolve, world) => (resolve, world),
        DecodedWasm::WitPackage(..) => bail!("it is WIT and no component"),
    };
    let mut closed = resolve.worlds[world].clone();
    "closed".clone_into(&mut closed.name);
    let imports = std::mem::take(&mut closed.imports);
    let is_closed = |(key, _): &(WorldKey, WorldItem)| interfaces.contains(&resolve.name_world_key(key));
    let (exports, others) = imports.into_iter().partition(is_closed);
    closed.exports = exports;
    let ids = closed.exports.values().filter_map(|item| match item {
        WorldItem::Interface { id, .. } => Some(*id),
        _ => None,
    });
    let needed: BTreeSet<_> = ids.flat_map(|id| resolve.interface_direct_deps(id)).collect();
    let others: wit_parser::IndexMap<WorldKey, WorldItem> = others;
    closed.imports = others
        .into_iter()
        .filter(|(_, item)| matches!(item, WorldItem::Interface { id, .. } if needed.contains(id)))
        .collect();
    let closed = resolve.worlds.alloc(closed);
    encode(&resolve, closed)
}

fn encode(resolve: &Resolve, world: WorldId) -> anyhow::Result<Vec<u8>> {
    let mut module = dummy_module(resolve, world, ManglingAndAbi::Standard32);
    embed_component_metadata(&mut module, resolve, world, StringEncoding::UTF8, false)?;
    ComponentEncoder::default().module(&module)?.validate(true).encode()
}
