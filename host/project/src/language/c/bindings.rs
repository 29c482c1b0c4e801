//! The C bindings of the WIT, for the units that a component has.

use std::collections::BTreeSet;
use std::path::Path;

use wit_bindgen_core::Files;

use super::unit::Unit;
use crate::component::{self, ComponentError};

/// The source among the generated files.
pub(super) const SOURCE: &str = "bindings.c";

/// Generates `bindings.c` and `bindings.h`, by their names.
pub(super) fn generate(units: &BTreeSet<Unit>, wit: &Path) -> Result<Vec<(String, Vec<u8>)>, ComponentError> {
    let mut resolve = component::load(wit)?;
    let worlds: String = units
        .iter()
        .map(|unit| format!("  include socketserver:core/{}@0.1.0;\n", unit.world()))
        .collect();
    let text = format!("package socketserver:sdk;\n\nworld bindings {{\n{worlds}}}\n");
    let package = resolve.push_str("bindings.wit", &text).map_err(ComponentError::Wit)?;
    let world = resolve.select_world(&[package], None).map_err(ComponentError::Wit)?;
    let options = wit_bindgen_c::Opts {
        // The types are added when the component is made of the linked module.
        no_object_file: true,
        ..Default::default()
    };
    let mut files = Files::default();
    options
        .build()
        .generate(&mut resolve, world, &mut files)
        .map_err(ComponentError::Wit)?;
    Ok(files
        .iter()
        .map(|(name, content)| (name.to_owned(), content.to_owned()))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn generate_source(units: &BTreeSet<Unit>) -> String {
        let wit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit");
        let files = generate(units, &wit).unwrap();
        let names: Vec<_> = files.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, [SOURCE, "bindings.h"]);
        String::from_utf8(files[0].1.clone()).unwrap()
    }

    #[test]
    fn each_unit_has_its_own_interfaces_alone() {
        for unit in Unit::ALL {
            let source = generate_source(&BTreeSet::from([unit]));
            for (name, of) in [
                ("async-stream-handler@0.1.0#handle", Unit::Asynchronous),
                ("datagram-handler@0.1.0#handle", Unit::Datagram),
                ("core/http-requests@0.1.0", Unit::HttpRequest),
                ("core/stream-handler@0.1.0#handle", Unit::Stream),
                ("wasi:cli/run@0.2.6#run", Unit::Server),
            ] {
                assert_eq!(source.contains(name), unit == of, "{name} of {unit:?}");
            }
        }
        generate_source(&Unit::ALL.into());
    }
}
