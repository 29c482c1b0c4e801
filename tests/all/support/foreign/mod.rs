//! Components of `wasi:http` that others wrote, built from what their registries have: no copy of them is in this project.
//!
//! `tests/foreign` pins each package by its version and its digest. Sources and components are kept below cargo's target
//! folder, under the names of their versions, so only the first run of the tests fetches and builds them.

mod crates;
mod javascript;
mod python;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::guest::project;

/// A published package, and what in it is the component.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Source {
    /// An example of a crate, which its own lock file builds.
    Crate {
        name: &'static str,
        version: &'static str,
        licence: &'static str,
        example: &'static str,
        features: &'static str,
    },
    /// An example in the source distribution of componentize-py, for a world that its `wit` folder has.
    ComponentizePy { example: &'static str, world: &'static str },
    /// The application in the README of Hono, by the adapter of jco-std.
    Hono,
}

/// The component, built once for each run of the tests.
///
/// `None` if what builds it is not installed and the tests need not be complete; that is said, with how to get it.
pub(crate) fn build(source: Source) -> Option<PathBuf> {
    let slot = {
        let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(built.get_or_insert_default().entry(source).or_default())
    };
    slot.get_or_init(|| match source {
        Source::Crate {
            name,
            version,
            licence,
            example,
            features,
        } => Some(crates::build(name, version, licence, example, features)),
        Source::ComponentizePy { example, world } => python::build(example, world),
        Source::Hono => javascript::build(),
    })
    .clone()
}

type Slot = Arc<OnceLock<Option<PathBuf>>>;

static BUILT: Mutex<Option<HashMap<Source, Slot>>> = Mutex::new(None);

/// What pins the packages of a registry.
fn pins(registry: &str) -> PathBuf {
    project().join("tests/foreign").join(registry)
}

/// Where sources and components are kept.
fn kept() -> &'static Path {
    Path::new(concat!(env!("CARGO_TARGET_TMPDIR"), "/foreign"))
}
