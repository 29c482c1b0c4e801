//! `doctor`.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use anyhow::anyhow;
use socketserver_project::{Diagnosis, State};

use crate::cli::Doctor;
use crate::exit::{Exit, Failure};

/// Prints which toolchains are there, and how to get what is missing.
///
/// Fails if a language was asked for and something of it is missing: a script can rely on the exit code.
pub(crate) fn doctor(doctor: &Doctor) -> Result<Exit, Failure> {
    let folder = std::env::current_dir().map_err(|error| Failure::new(Exit::Bug, error))?;
    let wanted = |diagnosis: &Diagnosis| doctor.languages.is_empty() || doctor.languages.contains(&diagnosis.language);
    let diagnoses: Vec<_> = socketserver_project::doctor(&folder)
        .into_iter()
        .filter(wanted)
        .collect();
    // Nobody reads it when standard output is gone.
    let _ = io::stdout().write_all(print(&diagnoses).as_bytes());
    let incomplete: Vec<_> = diagnoses.iter().filter(|diagnosis| !diagnosis.is_complete()).collect();
    if doctor.languages.is_empty() || incomplete.is_empty() {
        return Ok(Exit::Clean);
    }
    let names: Vec<_> = incomplete.iter().map(|diagnosis| diagnosis.language.name()).collect();
    Err(Failure::new(
        Exit::Handler,
        anyhow!("cannot build {}: see what is missing above", names.join(", ")),
    ))
}

fn print(diagnoses: &[Diagnosis]) -> String {
    let mut text = String::new();
    for diagnosis in diagnoses {
        let verdict = if diagnosis.is_complete() { "ready" } else { "incomplete" };
        let _ = writeln!(text, "{}: {verdict}", diagnosis.language);
        for requirement in &diagnosis.requirements {
            let _ = match &requirement.state {
                State::Found(version) => writeln!(text, "  {}: {version}", requirement.name),
                State::Missing(hint) => writeln!(text, "  {}: missing; {hint}", requirement.name),
                _ => Ok(()),
            };
        }
    }
    text
}
