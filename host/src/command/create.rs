//! `new`.

use std::io::{self, Write as _};

use socketserver_project::{Kind, create as write_project};

use crate::cli::New;
use crate::exit::{Exit, Failure};

/// Writes a project, and prints how to go on.
pub(crate) fn create(new: &New) -> Result<Exit, Failure> {
    write_project(new.language, new.kind, &new.folder).map_err(|error| Failure::new(Exit::Usage, error))?;
    let folder = new.folder.display();
    let (serve, ask) = match new.kind {
        Kind::Datagram => (
            "socketserver dev . --listen udp://127.0.0.1:9999",
            "printf 'hello\\n' | nc -u -w 1 127.0.0.1 9999",
        ),
        Kind::Program => (
            "socketserver dev . --allow-bind tcp://127.0.0.1:9999",
            "printf 'hello\\n' | nc -N 127.0.0.1 9999",
        ),
        _ => ("socketserver dev .", "printf 'hello\\n' | nc -N 127.0.0.1 9999"),
    };
    // Nobody reads it when standard output is gone.
    let _ = write!(
        io::stdout(),
        "created {folder}: a {} project in {}\n\n  cd {folder}\n  {serve}\n\nand, in another terminal:\n\n  {ask}\n",
        new.kind,
        new.language,
    );
    Ok(Exit::Clean)
}
