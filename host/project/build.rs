//! Embeds the WIT, the SDKs, the templates and the adapters of bundles, so that a user needs nothing beside the binary and a
//! language's toolchain.

#[path = "build/adapters.rs"]
mod adapters;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use sha2::{Digest as _, Sha256};

/// What is embedded, by its path from the root of the project.
const EMBEDDED: [&str; 3] = ["guest/sdk", "guest/templates", "wit"];

/// What tools leave in those folders.
const PRODUCED: [&str; 4] = ["__pycache__", "node_modules", "target", ".venv"];

/// Whether a file or a folder has tests of ours, which no user needs.
fn is_test(name: &str) -> bool {
    name == "tests" || name.ends_with("_test.go")
}

fn main() -> io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?);
    adapters::build(&root, &out)?;
    let mut files = Vec::new();
    for folder in EMBEDDED {
        println!("cargo::rerun-if-changed={}", root.join(folder).display());
        collect(&root.join(folder), folder, &mut files)?;
    }
    files.sort();
    let mut digest = Sha256::new();
    let mut table = String::from("[\n");
    for (name, path) in files {
        let content = fs::read(&path)?;
        // Lengths, so that no byte can belong to either of two neighbours.
        digest.update(format!("{}:{name}{}:", name.len(), content.len()));
        digest.update(&content);
        let path = fs::canonicalize(&path)?;
        writeln!(table, "    ({name:?}, include_bytes!({path:?}) as &[u8]),").map_err(io::Error::other)?;
    }
    table.push(']');
    fs::write(out.join("embedded.rs"), table)?;
    let digest: String = digest
        .finalize()
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    println!("cargo::rustc-env=SOCKETSERVER_EMBEDDED_DIGEST={digest}");
    Ok(())
}

/// All files below `folder`, symbolic links followed, with their names below `name`.
fn collect(folder: &Path, name: &str, files: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let file_name = entry
            .file_name()
            .into_string()
            .map_err(|_| io::ErrorKind::InvalidFilename)?;
        if PRODUCED.contains(&file_name.as_str()) || is_test(&file_name) {
            continue;
        }
        let path = entry.path();
        let name = format!("{name}/{file_name}");
        if path.is_dir() {
            collect(&path, &name, files)?;
        } else {
            files.push((name, path));
        }
    }
    Ok(())
}
