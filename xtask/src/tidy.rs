//! `cargo xtask tidy`: what no compiler and no linter checks.
//!
//! The rules are this project's own: who may use what, and which files belong together. Formatting is rustfmt's affair, and
//! what can be said in `clippy.toml` is said there.

mod boundary;
mod layout;
mod rust;
mod text;
mod tree;

use std::fmt::{self, Display, Formatter};

use anyhow::{Result, ensure};

use self::tree::Tree;
use crate::workspace;

/// Checks the whole work tree, files that git does not know yet too.
///
/// # Errors
///
/// At least one rule is broken.
pub(crate) fn run() -> Result<()> {
    let tree = Tree::read(&workspace::root())?;
    let mut findings = check(&tree);
    findings.sort();
    for finding in &findings {
        println!("{finding}");
    }
    let failures = findings
        .iter()
        .filter(|finding| finding.level == Level::Failure)
        .count();
    ensure!(failures == 0, "{failures} places are not tidy");
    Ok(())
}

fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = layout::check(tree);
    for file in tree.files() {
        findings.extend(text::check(file));
        if file.path.ends_with(".rs") {
            findings.extend(boundary::check(file));
        }
    }
    findings
}

/// One broken rule in one place.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Finding {
    path: String,
    line: usize,
    level: Level,
    what: String,
    why: &'static str,
    /// What to do about it.
    advice: &'static str,
}

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Level {
    Failure,
    Warning,
}

impl Display for Finding {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self {
            path,
            line,
            level,
            what,
            why,
            advice,
        } = self;
        let level = match level {
            Level::Failure => "",
            Level::Warning => "warning: ",
        };
        write!(f, "{path}:{line}: {level}{what}: {why}; {advice}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_says_where_what_why_and_what_to_do() {
        let finding = Finding {
            path: "host/src/lib.rs".into(),
            line: 7,
            level: Level::Warning,
            what: "800 lines".into(),
            why: "nobody reads them",
            advice: "split the file",
        };
        assert_eq!(
            finding.to_string(),
            "host/src/lib.rs:7: warning: 800 lines: nobody reads them; split the file"
        );
    }
}
