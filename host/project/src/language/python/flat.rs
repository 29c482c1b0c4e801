//! A component with one module instead of many.

use std::collections::HashMap;

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::decoding::{DecodedWasm, decode};
use wit_parser::{Resolve, WorldId, WorldItem, WorldKey};

use super::JoinError;
use super::immortal::Immortal;
use super::join::{Wanted, join};
use super::linked::Linked;

/// The export that componentize-py initializes a component by. It has been called.
const INITIALIZER: &str = "exports";

/// Makes a component of one module that does what `component`, which componentize-py made, does.
///
/// Without `sockets` it does not import `wasi:sockets`, and traps where it would call that.
pub(super) fn flatten(component: &[u8], sockets: bool, immortal: &Immortal) -> Result<Vec<u8>, JoinError> {
    let DecodedWasm::Component(mut resolve, world) = decode(component).map_err(JoinError::encode)? else {
        return Err(JoinError::shape("it is no component"));
    };
    let names = versioned_names(&resolve, world);
    let module_name = |module: &str| {
        names
            .get(&compatible(module))
            .cloned()
            .unwrap_or_else(|| module.to_owned())
    };
    resolve.worlds[world]
        .exports
        .shift_remove(&WorldKey::Name(INITIALIZER.to_owned()));
    if !sockets {
        let is_sockets = |key: &WorldKey| resolve.name_world_key(key).starts_with("wasi:sockets/");
        let dropped: Vec<_> = resolve.worlds[world]
            .imports
            .keys()
            .filter(|key| is_sockets(key))
            .cloned()
            .collect();
        for key in dropped {
            resolve.worlds[world].imports.shift_remove(&key);
        }
    }
    let linked = Linked::parse(component)?;
    let mut module = join(
        &linked,
        &Wanted {
            sockets,
            export: &|name| !name.contains("exports#init"),
            immortal,
            module_name: &module_name,
        },
    )?;
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8, false).map_err(JoinError::encode)?;
    ComponentEncoder::default()
        .module(&module)
        .map_err(JoinError::encode)?
        .validate(true)
        .encode()
        .map_err(JoinError::encode)
}

/// The names of the interfaces that a world imports, by what they have in common with those that are compatible with them:
/// libraries import the versions that they were made with, and get later ones.
fn versioned_names(resolve: &Resolve, world: WorldId) -> HashMap<String, String> {
    let imports = resolve.worlds[world].imports.iter();
    imports
        .filter(|(_, item)| matches!(item, WorldItem::Interface { .. }))
        .map(|(key, _)| resolve.name_world_key(key))
        .map(|name| (compatible(&name), name))
        .collect()
}

/// A name with no more of its version than compatible ones share: `wasi:io/poll@0.2` of `wasi:io/poll@0.2.9`.
fn compatible(name: &str) -> String {
    let Some((name, version)) = name.split_once('@') else {
        return name.to_owned();
    };
    let mut parts = version.split('.');
    match (parts.next().unwrap_or_default(), parts.next().unwrap_or_default()) {
        ("0", minor) => format!("{name}@0.{minor}"),
        (major, _) => format!("{name}@{major}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compatible_as_cargo_has_it() {
        assert_eq!(compatible("wasi:io/poll@0.2.0"), compatible("wasi:io/poll@0.2.9"));
        assert_ne!(
            compatible("wasi:clocks/types@0.2.9"),
            compatible("wasi:clocks/types@0.3.0")
        );
        assert_eq!(compatible("wasi:io/poll@1.0.0"), compatible("wasi:io/poll@1.2.0"));
        assert_eq!(compatible("exports"), "exports");
    }
}
