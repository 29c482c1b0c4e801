//! Files that belong together.

use std::collections::BTreeSet;

use super::tree::Tree;
use super::{Finding, Level};

/// What each folder of `guest/handlers` must have.
const HANDLER: [(&str, &str, &str); 2] = [
    (
        "README.md",
        "a handler is also an example, and an example says what it shows",
        "write what it serves, and how to try it",
    ),
    (
        "handler.rs",
        "a handler exists in Rust, whatever other languages it exists in",
        "add it, next to the others",
    ),
];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let names = tree.files().iter().filter_map(|file| {
        let (name, _) = file.path.strip_prefix("guest/handlers/")?.split_once('/')?;
        Some(name)
    });
    let names: BTreeSet<&str> = names.collect();
    let mut findings = Vec::new();
    for name in names {
        for (file, why, advice) in HANDLER {
            let path = format!("guest/handlers/{name}/{file}");
            if !tree.contains(&path) {
                findings.push(Finding {
                    path,
                    line: 1,
                    level: Level::Failure,
                    what: "missing".into(),
                    why,
                    advice,
                });
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handler_has_an_explanation_and_a_rust_version() {
        let complete = [
            ("guest/handlers/echo/README.md", ""),
            ("guest/handlers/echo/handler.rs", ""),
        ];
        assert_eq!(check(&Tree::of(&complete)), []);

        let findings = check(&Tree::of(&[("guest/handlers/echo/handler.py", "")]));
        let paths: Vec<&str> = findings.iter().map(|finding| finding.path.as_str()).collect();
        assert_eq!(
            paths,
            ["guest/handlers/echo/README.md", "guest/handlers/echo/handler.rs"]
        );
    }
}
