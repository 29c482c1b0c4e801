//! `inspect`.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use bytesize::ByteSize;
use serde_json::json;
use socketserver::{Grant, Inspection, Role, StartError};

use super::component;
use crate::cli::{Inspect, Output};
use crate::exit::{Exit, Failure};

/// Prints what a component is, and what it would have to be granted.
pub(crate) fn inspect(inspect: &Inspect) -> Result<Exit, Failure> {
    let path = component(&inspect.component)?;
    let found = socketserver::inspect(&path).map_err(|error| Failure::from(StartError::Load(error)))?;
    let report = match inspect.output {
        Output::Json => json(&found),
        Output::Text => text(&found),
    };
    // Nobody reads it when standard output is gone.
    let _ = io::stdout().write_all(report.as_bytes());
    Ok(Exit::Clean)
}

fn text(found: &Inspection) -> String {
    let mut text = String::new();
    let roles: Vec<_> = found.roles.iter().map(|role| describe(*role)).collect();
    let kind = if roles.is_empty() {
        "nothing that is served or run here".to_owned()
    } else {
        roles.join(", ")
    };
    let _ = writeln!(text, "kind: {kind}");
    let made_by: Vec<_> = found
        .producers
        .iter()
        .map(|producer| format!("{} {}", producer.name, producer.version))
        .collect();
    let _ = writeln!(
        text,
        "made by: {}",
        if made_by.is_empty() {
            "not recorded".to_owned()
        } else {
            made_by.join(", ")
        }
    );
    let _ = writeln!(text, "size: {}", ByteSize(found.size).display().iec());
    let most = found.max_memory.map_or_else(
        || "the limit of the server".to_owned(),
        |most| ByteSize(most).display().iec().to_string(),
    );
    let _ = writeln!(
        text,
        "memory: {} at first, at most {most}",
        ByteSize(found.initial_memory).display().iec()
    );
    let _ = writeln!(
        text,
        "engine: {}",
        if found.concurrency { "with async" } else { "blocking" }
    );
    let _ = writeln!(
        text,
        "names of functions: {}",
        if found.names {
            "yes"
        } else {
            "no, so a backtrace has only numbers"
        }
    );
    let _ = writeln!(text, "exports: {}", list(found.exports.iter().map(String::as_str)));
    for (grant, title) in GRANTS {
        let imports: Vec<_> = found.imports.iter().filter(|import| import.grant == grant).collect();
        if grant == Grant::Given || !imports.is_empty() {
            let _ = writeln!(
                text,
                "{title}: {}",
                list(imports.iter().map(|import| import.name.as_str()))
            );
        }
    }
    text
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<_> = names.collect();
    if names.is_empty() {
        "none".to_owned()
    } else {
        format!("\n  {}", names.join("\n  "))
    }
}

fn json(found: &Inspection) -> String {
    let imports = found
        .imports
        .iter()
        .map(|import| json!({ "name": import.name, "grant": word(import.grant) }));
    let producers = found.producers.iter();
    let producers = producers
        .map(|producer| json!({ "field": producer.field, "name": producer.name, "version": producer.version }));
    let report = json!({
        "roles": found.roles.iter().map(|role| describe(*role)).collect::<Vec<_>>(),
        "concurrency": found.concurrency,
        "size": found.size,
        "initial_memory": found.initial_memory,
        "max_memory": found.max_memory,
        "names": found.names,
        "producers": producers.collect::<Vec<_>>(),
        "exports": found.exports,
        "imports": imports.collect::<Vec<_>>(),
    });
    format!("{report:#}\n")
}

fn describe(role: Role) -> &'static str {
    match role {
        Role::AsyncHandler => "async stream handler",
        Role::DatagramHandler => "datagram handler",
        Role::HttpHandler => "HTTP handler",
        Role::Program => "server program",
        Role::StreamHandler => "stream handler",
        _ => "another",
    }
}

fn word(grant: Grant) -> &'static str {
    match grant {
        Grant::AllowConnect => "allow-connect",
        Grant::Config => "config",
        Grant::Given => "given",
        _ => "never",
    }
}

const GRANTS: [(Grant, &str); 4] = [
    (Grant::Given, "imports, given to every handler"),
    (Grant::AllowConnect, "imports, granted with --allow-connect"),
    (Grant::Config, "imports, granted with -S config"),
    (Grant::Never, "imports that nothing grants, so that it is refused"),
];
