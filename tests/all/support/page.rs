//! A page of documentation, as its reader meets it: headings, commands, what they print, and files.

use std::collections::BTreeSet;
use std::fs;

use super::guest::project;

/// A step of a page, with the line that it begins at.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) line: usize,
    pub(crate) kind: Kind,
}

#[derive(Debug)]
pub(crate) enum Kind {
    /// A heading: what follows does not build on what was before.
    Section,
    /// Commands, one a line.
    Commands(Vec<String>),
    /// A command in another terminal, and what it prints.
    Exchange { command: String, output: String },
    /// A file of this name, or a part of it.
    File { name: String, text: String, is_part: bool },
    /// A command in a sentence.
    Mentioned(String),
}

/// The steps of the page at this path, each port of this machine replaced by what `free` returns; and those ports.
///
/// # Panics
///
/// The page has a block of a kind that nobody has taught these tests, so that none is passed over.
pub(crate) fn read(path: &str, mut free: impl FnMut() -> u16) -> (Vec<Step>, Vec<(String, String)>) {
    let text = fs::read_to_string(project().join(path)).expect("the page is there");
    let ports: Vec<_> = ports(&text)
        .into_iter()
        .map(|port| (port, free().to_string()))
        .collect();
    (steps(path, &replace(&text, &ports)), ports)
}

/// A text in which each of the ports is replaced by its other.
pub(crate) fn replace(text: &str, ports: &[(String, String)]) -> String {
    let replaced = ports.iter();
    replaced.fold(text.to_owned(), |text, (port, other)| text.replace(port, other))
}

fn steps(path: &str, text: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut lines = text.lines().zip(1..);
    let mut before = "";
    while let Some((text, line)) = lines.next() {
        let mut step = |kind| steps.push(Step { line, kind });
        let Some(language) = text.strip_prefix("```") else {
            if text.starts_with("## ") {
                step(Kind::Section);
            }
            code_spans(text)
                .filter(|span| span.starts_with("socketserver "))
                .for_each(|span| step(Kind::Mentioned(span.to_owned())));
            if !text.is_empty() {
                before = text;
            }
            continue;
        };
        let block: Vec<_> = lines
            .by_ref()
            .map(|(line, _)| line)
            .take_while(|line| *line != "```")
            .collect();
        let whole = block.join("\n") + "\n";
        match language.split(',').next().unwrap_or_default() {
            "sh" => step(Kind::Commands(block.iter().map(|&line| line.to_owned()).collect())),
            "console" => {
                assert!(
                    whole.starts_with("$ "),
                    "{path}:{line}: a console begins with a command"
                );
                // Each command with its output: what stands before the first `$ ` is nothing.
                for exchange in whole.split("$ ").skip(1) {
                    let (command, output) = exchange.split_once('\n').expect("every line is ended above");
                    step(Kind::Exchange {
                        command: command.to_owned(),
                        output: output.to_owned(),
                    });
                }
            }
            kind @ ("c" | "cpp" | "go" | "js" | "python" | "rust" | "toml" | "zig") => {
                if let Some(name) = named_file(before) {
                    step(Kind::File {
                        name: name.to_owned(),
                        text: whole,
                        is_part: kind == "toml",
                    });
                }
            }
            other => panic!("{path}:{line}: these tests do not know what to do with a block of `{other}`"),
        }
    }
    steps
}

/// The file that a block shows, by the line before it: ``All of it is in `handler.js`:``.
fn named_file(before: &str) -> Option<&str> {
    let mut names =
        code_spans(before.strip_suffix(':')?).filter(|span| span.contains('.') && !span.contains([' ', '(']));
    match (names.next(), names.next()) {
        (Some(name), None) => Some(name),
        _ => None,
    }
}

fn code_spans(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// The ports of this machine that the commands of a page use.
fn ports(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, address) in text.match_indices("127.0.0.1") {
        let rest = text[at + address.len()..].trim_start_matches([':', ' ', '"', ',']);
        let port: String = rest.chars().take_while(char::is_ascii_digit).collect();
        if port.len() >= 4 {
            found.insert(port);
        }
    }
    found
}
