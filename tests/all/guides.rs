//! Every command of the guides and of the README, typed as it stands there: it works, and prints what the page says.

use std::collections::BTreeSet;
use std::fs;
use std::net::TcpListener;

use crate::support::guest::project;
use crate::support::page::{self, Kind};
use crate::support::terminal::{Terminal, Went};
use crate::support::tool::Tool;

/// Follows a page to its end, or to where something is not installed.
fn works(path: &str) {
    if [("nc", "netcat-openbsd"), ("curl", "curl")]
        .iter()
        .any(|(name, package)| Tool::find(name, package).is_none())
    {
        return;
    }
    let (steps, ports) = page::read(path, free_port);
    let count = |wanted: fn(&Kind) -> bool| steps.iter().filter(|step| wanted(&step.kind)).count();
    assert!(
        count(|kind| matches!(kind, Kind::Commands(_))) > 0,
        "{path}: no commands"
    );
    assert!(
        count(|kind| matches!(kind, Kind::Exchange { .. })) > 0,
        "{path}: no client"
    );
    let mut terminal = Terminal::new(ports);
    for step in steps {
        eprintln!("{path}:{}", step.line);
        if terminal.follow(&step.kind) == Went::Missing {
            return;
        }
    }
    terminal.stop();
}

macro_rules! guides {
    ($($language:ident),+) => {
        $(
            #[test]
            fn $language() {
                works(concat!("guest/sdk/", stringify!($language), "/README.md"));
            }
        )+

        const LANGUAGES: &[&str] = &[$(stringify!($language)),+];
    };
}

guides!(c, cpp, go, javascript, python, rust, zig);

#[test]
fn the_readme() {
    works("README.md");
}

#[test]
fn every_guide_is_followed() {
    let entries = fs::read_dir(project().join("guest/sdk")).unwrap();
    let folders = entries.map(|entry| entry.unwrap().path());
    let guides: BTreeSet<_> = folders
        .filter(|folder| folder.join("README.md").is_file())
        .map(|folder| folder.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    assert_eq!(guides, LANGUAGES.iter().map(|&language| language.to_owned()).collect());
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}
