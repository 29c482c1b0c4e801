//! Components become one: what one exports, the next ones import.

use std::collections::{BTreeMap, BTreeSet};

use wac_graph::types::{ItemKind, Package};
use wac_graph::{CompositionGraph, EncodeOptions, NodeId, PackageId};

use super::BundleError;
use super::adapters::Adapters;
use super::closed;

/// What is ours, and thereby no affair of the runtime.
const OURS: &str = "socketserver:";

/// The names of what a component exports.
pub(super) fn exports_of(component: &[u8]) -> Result<Vec<String>, BundleError> {
    let mut graph = CompositionGraph::new();
    let package = Package::from_bytes("handler", None, component.to_vec(), graph.types_mut());
    let package = package.map_err(|error| BundleError::Invalid(in_words(&error)))?;
    Ok(graph.types()[package.ty()].exports.keys().cloned().collect())
}

/// The component that `handler` and its adapters make, and what is still to be imported.
pub(super) fn compose(handler: &[u8], adapters: Adapters) -> Result<(Vec<u8>, Vec<String>), BundleError> {
    build(handler, adapters).map_err(|error| BundleError::Compose(in_words(&error)))
}

fn build(handler: &[u8], adapters: Adapters) -> anyhow::Result<(Vec<u8>, Vec<String>)> {
    let mut composition = Composition::default();
    composition.add("network", closed::network()?)?;
    for adapter in adapters.imported {
        composition.add(adapter.name, adapter.component.to_vec())?;
    }
    let missing = composition.missing(handler)?;
    if !missing.is_empty() {
        composition.add("closed", closed::trapping(handler, &missing)?)?;
    }
    composition.add("handler", handler.to_vec())?;
    let driver = composition.add(adapters.driver.name, adapters.driver.component.to_vec())?;
    composition.finish(driver)
}

/// Instances, in the order in which they are made.
#[derive(Default)]
struct Composition {
    graph: CompositionGraph,
    /// What they export, by name.
    exported: BTreeMap<String, NodeId>,
}

impl Composition {
    /// Makes an instance, whose imports are what others have exported.
    fn add(&mut self, name: &str, component: Vec<u8>) -> anyhow::Result<NodeId> {
        let package = self.register(name, component)?;
        let instance = self.graph.instantiate(package);
        let world = &self.graph.types()[self.graph[package].ty()];
        let imports: Vec<String> = world.imports.keys().cloned().collect();
        let exports: Vec<String> = world.exports.keys().cloned().collect();
        for import in imports {
            if let Some(export) = self.exported.get(&import) {
                self.graph.set_instantiation_argument(instance, &import, *export)?;
            }
        }
        for export in exports {
            let alias = self.graph.alias_instance_export(instance, &export)?;
            self.exported.insert(export, alias);
        }
        Ok(instance)
    }

    fn register(&mut self, name: &str, component: Vec<u8>) -> anyhow::Result<PackageId> {
        let package = Package::from_bytes(&format!("socketserver:{name}"), None, component, self.graph.types_mut())?;
        Ok(self.graph.register_package(package)?)
    }

    /// What of ours a component imports that nothing exports.
    fn missing(&self, component: &[u8]) -> anyhow::Result<BTreeSet<String>> {
        let mut graph = CompositionGraph::new();
        let package = Package::from_bytes("handler", None, component.to_vec(), graph.types_mut())?;
        let imports = graph.types()[package.ty()].imports.keys();
        let missing = imports.filter(|import| import.starts_with(OURS) && !self.exported.contains_key(*import));
        Ok(missing.cloned().collect())
    }

    /// Exports what the driver does, and returns the whole with the names of what it imports.
    fn finish(mut self, driver: NodeId) -> anyhow::Result<(Vec<u8>, Vec<String>)> {
        let ItemKind::Instance(interface) = self.graph[driver].item_kind() else {
            anyhow::bail!("what was instantiated is no instance");
        };
        let exports: Vec<String> = self.graph.types()[interface].exports.keys().cloned().collect();
        for export in exports {
            let alias = self.graph.alias_instance_export(driver, &export)?;
            self.graph.export(alias, &export)?;
        }
        let bytes = self.graph.encode(EncodeOptions::default())?;
        let mut graph = CompositionGraph::new();
        let whole = Package::from_bytes("bundle", None, bytes.clone(), graph.types_mut())?;
        let imports = graph.types()[whole.ty()].imports.keys().cloned().collect();
        Ok((bytes, imports))
    }
}

fn in_words(error: &anyhow::Error) -> String {
    // One line, for whoever reads it in a terminal or a log.
    format!("{error:#}").replace('\n', " ")
}
