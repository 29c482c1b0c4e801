//! Files that belong together.

use std::collections::BTreeSet;

use super::tree::Tree;
use super::{Finding, Level};

/// What each folder of a folder must have: its name, or how its name begins if the language follows; why; and what to do.
type Required = [(&'static str, &'static str, &'static str); 2];

const FOLDERS: [(&str, Required); 2] = [
    (
        "guest/handlers/",
        [
            (
                "README.md",
                "a handler is also an example, and an example says what it shows",
                "write what it serves, and how to try it",
            ),
            (
                "handler.",
                "a handler is one file of this name in each language that it exists in",
                "add it, or remove the folder",
            ),
        ],
    ),
    (
        "guest/programs/",
        [
            (
                "README.md",
                "a program is also an example, and an example says what it shows",
                "write what it does, and how to try it",
            ),
            (
                "program.",
                "a program is one file of this name in each language that it exists in",
                "add it, or remove the folder",
            ),
        ],
    ),
];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    FOLDERS
        .into_iter()
        .flat_map(|(folder, required)| check_folder(tree, folder, required))
        .collect()
}

fn check_folder(tree: &Tree, folder: &str, required: Required) -> Vec<Finding> {
    let names = tree.files().iter().filter_map(|file| {
        let (name, _) = file.path.strip_prefix(folder)?.split_once('/')?;
        Some(name)
    });
    let names: BTreeSet<&str> = names.collect();
    let mut findings = Vec::new();
    for name in names {
        for (file, why, advice) in required {
            let path = format!("{folder}{name}/{file}");
            let there = match file.ends_with('.') {
                true => tree.files().iter().any(|file| file.path.starts_with(&path)),
                false => tree.contains(&path),
            };
            if !there {
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
    fn a_handler_has_an_explanation_and_a_source_in_some_language() {
        for source in ["handler.rs", "handler.c"] {
            let path = format!("guest/handlers/echo/{source}");
            let complete = [("guest/handlers/echo/README.md", ""), (path.as_str(), "")];
            assert_eq!(check(&Tree::of(&complete)), []);
        }

        let findings = check(&Tree::of(&[("guest/handlers/echo/other.py", "")]));
        let paths: Vec<&str> = findings.iter().map(|finding| finding.path.as_str()).collect();
        assert_eq!(paths, ["guest/handlers/echo/README.md", "guest/handlers/echo/handler."]);
    }

    #[test]
    fn a_program_has_them_too() {
        let findings = check(&Tree::of(&[("guest/programs/echo/README.md", "")]));
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].path, "guest/programs/echo/program.");
    }
}
