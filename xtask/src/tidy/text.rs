//! Rules for lines of text, in any language.

use super::tree::File;
use super::{Finding, Level};

/// A file of so many lines holds more than one idea, usually.
const LONG: usize = 400;

/// A file of more lines is not read any more, only searched.
const TOO_LONG: usize = 700;

/// Words that promise work. Spelled in parts, so that this file does not break its own rule.
const PROMISES: [&str; 2] = [concat!("TO", "DO"), concat!("FIX", "ME")];

/// First folders of absolute paths that exist on one machine only.
const MACHINES: [&str; 4] = ["Users", "home", "root", "work"];

pub(super) fn check(file: &File) -> Vec<Finding> {
    // Written by others: cargo, and the Apache Software Foundation.
    if file.path.ends_with(".lock") || file.path == "LICENSE" {
        return Vec::new();
    }
    let finding = |line, level, what: String, why, advice| Finding {
        path: file.path.clone(),
        line,
        level,
        what,
        why,
        advice,
    };
    let mut findings = Vec::new();
    for (line, number) in file.text.lines().zip(1..) {
        if line.ends_with([' ', '\t']) {
            findings.push(finding(
                number,
                Level::Failure,
                "trailing white space".into(),
                "editors remove it in other people's changes",
                "remove it",
            ));
        }
        if let Some(word) = PROMISES.iter().find(|word| has_word(line, word))
            && !line.contains("https://")
        {
            findings.push(finding(
                number,
                Level::Failure,
                format!("{word} without a link"),
                "nobody finds a promise that is kept nowhere",
                "do it, or link its issue on the same line",
            ));
        }
        if let Some(path) = machine_path(line) {
            findings.push(finding(
                number,
                Level::Failure,
                format!("the path {path} of one machine"),
                "the project lies elsewhere on every other",
                "make the path relative",
            ));
        }
    }
    if file.path.ends_with(".rs") {
        let lines = file.text.lines().count();
        let what = format!("{lines} lines");
        let advice = "move an idea into a file of its own";
        if lines > TOO_LONG {
            findings.push(finding(
                1,
                Level::Failure,
                what,
                "more than 700 are not read, only searched",
                advice,
            ));
        } else if lines > LONG {
            findings.push(finding(
                1,
                Level::Warning,
                what,
                "more than 400 rarely hold one idea",
                advice,
            ));
        }
    }
    findings
}

fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(start, _)| {
        let is_letter = |letter: char| letter.is_alphanumeric() || letter == '_';
        !line[..start].ends_with(is_letter) && !line[start + word.len()..].starts_with(is_letter)
    })
}

/// An absolute path such as a home folder: not a part of a longer path, nor of the URL of something else.
fn machine_path(line: &str) -> Option<&str> {
    line.match_indices('/').find_map(|(start, _)| {
        let is_inside = |letter: char| letter.is_alphanumeric() || "/._-~}>*".contains(letter);
        let rest = &line[start + 1..];
        let (folder, inner) = rest.split_once('/')?;
        // `file:///…` is the one URL whose path is the machine's.
        let is_start = !line[..start].ends_with(is_inside) || line[..start].ends_with("file://");
        let is_name = |letter: char| letter.is_ascii_alphanumeric() || "._-".contains(letter);
        let end = inner.find(|letter| !is_name(letter)).unwrap_or(inner.len());
        (is_start && MACHINES.contains(&folder) && end > 0).then(|| &line[start..start + folder.len() + 2 + end])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whats(path: &str, text: &str) -> Vec<String> {
        check(&File::of(path, text))
            .into_iter()
            .map(|finding| finding.what)
            .collect()
    }

    #[test]
    fn white_space_ends_no_line() {
        assert_eq!(whats("a.md", "one \n\ttwo\nthree\t\n"), ["trailing white space"; 2]);
        let findings = check(&File::of("a.md", "one\ntwo \n"));
        assert_eq!(findings[0].line, 2);
    }

    #[test]
    fn a_promise_links_its_issue() {
        let promise = PROMISES[0];
        assert_eq!(
            whats("a.rs", &format!("// {promise}: later\n")),
            [format!("{promise} without a link")]
        );
        assert_eq!(
            whats("a.rs", &format!("// {promise}(https://example.org/1): later\n")),
            [""; 0]
        );
        assert_eq!(whats("a.rs", &format!("const {promise}S: u8 = 1;\n")), [""; 0]);
    }

    #[test]
    fn paths_of_one_machine_are_found() {
        for folder in MACHINES {
            let text = format!("see /{folder}/someone/notes.md\n");
            assert_eq!(
                whats("a.md", &text),
                [format!("the path /{folder}/someone of one machine")]
            );
        }
        assert_eq!(whats("a.md", &format!("file:///{}/someone\n", MACHINES[0])).len(), 1);
    }

    #[test]
    fn other_paths_are_not() {
        for path in [
            "https://example.org/home/page",
            "guest/root/x",
            "/etc/root/x",
            "/home/",
            "/tmp/echo.sock",
            "./work/x",
        ] {
            assert_eq!(whats("a.md", &format!("see {path}\n")), [""; 0], "{path}");
        }
    }

    #[test]
    fn long_files_are_a_warning_and_then_a_failure() {
        let level = |lines| {
            check(&File::of("a.rs", &"\n".repeat(lines)))
                .first()
                .map(|finding| finding.level)
        };
        assert_eq!(level(400), None);
        assert_eq!(level(401), Some(Level::Warning));
        assert_eq!(level(700), Some(Level::Warning));
        assert_eq!(level(701), Some(Level::Failure));
        assert_eq!(whats("a.md", &"\n".repeat(701)), [""; 0]);
    }
}
