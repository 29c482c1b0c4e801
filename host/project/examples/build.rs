//! `cargo run -p socketserver-project --example build -- PATH`: builds a component without building the server.

#![expect(clippy::print_stderr, clippy::print_stdout, reason = "a command")]

use std::path::Path;

use socketserver_project::{Progress, Source, build};

struct Lines;

impl Progress for Lines {
    fn step(&self, what: &str) {
        eprintln!("{what}");
    }

    fn note(&self, text: &str) {
        eprintln!("{text}");
    }

    fn done(&self) {}
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args_os().nth(1).ok_or("usage: build PATH")?;
    let built = build(&Source::find(Path::new(&path))?, &Lines)?;
    println!("{}", built.path.display());
    Ok(())
}
