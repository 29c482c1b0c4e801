//! `cargo run -p socketserver-project --example create -- LANGUAGE KIND FOLDER`: writes a project without building the server.

use std::path::Path;

use socketserver_project::create;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [language, kind, folder] = arguments.as_slice() else {
        return Err("usage: create LANGUAGE KIND FOLDER".into());
    };
    create(language.parse()?, kind.parse()?, Path::new(folder))?;
    Ok(())
}
