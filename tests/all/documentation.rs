//! What is written for people says what the server does, and what is written for the tests is used.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use serde_json::Value;
use socketserver::{CloseReason, Outcome, RejectReason};

use crate::support::guest::{ECHO, project};
use crate::support::server::{cache, run};

#[test]
fn the_readme_has_the_defaults() {
    let echo = ECHO.path();
    let arguments = ["check".as_ref(), echo.as_os_str(), "--output=json".as_ref()];
    let report = run(arguments
        .into_iter()
        .chain(["--cache-dir".as_ref(), cache().as_os_str()]))
    .succeed();
    let report: Value = serde_json::from_str(&report).unwrap();
    let settings = report["settings"].as_array().unwrap().iter();
    let defaults: BTreeMap<_, _> = settings
        .map(|setting| (setting["name"].as_str().unwrap(), setting["default"].as_str().unwrap()))
        .collect();
    let rows = rows("`--");
    assert!(rows.len() >= 10, "{rows:?}");
    for row in rows {
        let flag = row[0].trim_matches('`').trim_start_matches("--");
        let written = row[1].trim_end_matches(" a second").replace(' ', "");
        assert_eq!(written, defaults[flag], "{flag}");
    }
}

#[test]
fn the_readme_has_the_exit_codes_of_the_help() {
    let in_help = |command: &str| {
        let help = run([command, "--help"]).succeed();
        let help: Vec<_> = help.split_whitespace().collect();
        let help = help.join(" ");
        let (_, codes) = help.split_once("Exit codes: ").unwrap();
        let (codes, _) = codes.split_once('.').unwrap();
        let codes = codes.split("; ").map(|code| code.split_once(' ').unwrap().0);
        codes.map(|code| code.parse::<u8>().unwrap()).collect::<Vec<_>>()
    };
    let of_commands: BTreeSet<_> = ["run", "serve"].into_iter().flat_map(in_help).collect();
    let in_readme: Vec<_> = (0..10)
        .flat_map(|digit| rows(&digit.to_string()))
        .map(|row| row[0].parse::<u8>().unwrap())
        .collect();
    assert_eq!(in_readme, Vec::from_iter(of_commands));
}

#[test]
fn the_tests_that_the_readme_cites_exist() {
    let sources: String = ["tests/all", "host/src", "guest/sdk/rust/src"]
        .iter()
        .map(|folder| sources_below(&project().join(folder)))
        .collect();
    let readme = readme();
    let (_, table) = readme.split_once("proved by the test |").unwrap();
    let rows = table
        .lines()
        .take_while(|line| line.starts_with('|') || line.is_empty());
    let cited: Vec<_> = rows
        .filter_map(|line| line.rsplit(" | ").next()?.strip_suffix(" |"))
        .flat_map(|cell| cell.split(", "))
        .map(|name| name.trim_matches('`').to_owned())
        .collect();
    assert!(cited.len() > 30, "{cited:?}");
    for name in cited {
        assert!(sources.contains(&format!("fn {name}()")), "{name}");
    }
}

#[test]
fn the_readme_has_every_reason() {
    let readme = readme();
    for reason in CloseReason::ALL {
        assert!(readme.contains(&format!("`{reason}`")), "{reason}");
    }
    for outcome in Outcome::ALL {
        assert!(readme.contains(&format!("`{outcome}`")), "{outcome}");
    }
    for reason in RejectReason::ALL {
        assert_eq!(rows(&format!("`{reason}`")).len(), 1, "{reason}");
    }
}

#[test]
fn every_program_is_used() {
    let folder = project().join("tests");
    let sources = sources_below(&folder.join("all"));
    let bench = sources_below(&project().join("xtask/src/bench"));
    for entry in fs::read_dir(folder.join("programs")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            continue;
        }
        let [name, extension] = [path.file_stem(), path.extension()].map(|part| part.and_then(OsStr::to_str).unwrap());
        // The library is empty: cargo needs it.
        if !["rs", "wat"].contains(&extension) || name == "programs" {
            continue;
        }
        let is_used = sources.contains(&format!("(\"{name}\")")) || bench.contains(&format!("\"{name}\""));
        assert!(is_used, "no test and no benchmark runs tests/programs/{name}");
    }
}

fn sources_below(folder: &Path) -> String {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let texts = entries.map(|path| match path.extension() {
        _ if path.is_dir() => sources_below(&path),
        Some(extension) if extension == "rs" => fs::read_to_string(&path).unwrap(),
        _ => String::new(),
    });
    texts.collect()
}

/// The rows of the tables of the README whose first cell starts like this.
fn rows(start: &str) -> Vec<Vec<String>> {
    let readme = readme();
    let rows = readme
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    rows.filter(|row| row.starts_with(start))
        .map(|row| row.split(" | ").map(str::to_owned).collect())
        .collect()
}

fn readme() -> String {
    fs::read_to_string(project().join("README.md")).unwrap()
}
