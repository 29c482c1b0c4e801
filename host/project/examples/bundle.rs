//! `cargo run -p socketserver-project --example bundle -- COMPONENT RUNTIME [--http-wire] OUTPUT`: bundles a component without
//! building the server.

use std::fs;
use std::path::Path;

use socketserver_project::{BundleOptions, bundle};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments: Vec<_> = std::env::args().skip(1).collect();
    let before = arguments.len();
    arguments.retain(|argument| argument != "--http-wire");
    let [component, runtime, output] = arguments.as_slice() else {
        return Err("usage: bundle COMPONENT RUNTIME [--http-wire] OUTPUT".into());
    };
    let mut options = BundleOptions::new(runtime.parse()?);
    options.http_wire = arguments.len() < before;
    bundle(&fs::read(component)?, options)?.write(Path::new(output))?;
    Ok(())
}
