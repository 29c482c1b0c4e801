//! A new project from a template.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::embedded;
use crate::language::{Kind, Language};

/// A project that was made.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Created {
    /// Its files, by their paths from its folder.
    pub files: Vec<String>,
}

/// Writes a project of `kind` in `language` into `folder`, which is made, and whose last part is the project's name.
///
/// # Errors
///
/// The folder exists and is not empty, its name is none that every toolchain takes, or there is no such template. Nothing is
/// written then.
pub fn create(language: Language, kind: Kind, folder: &Path) -> Result<Created, CreateError> {
    let name = folder
        .file_name()
        .and_then(|name| name.to_str())
        .filter(|name| is_name(name));
    let name = name.ok_or_else(|| CreateError::Name(folder.to_owned()))?;
    let template = format!("guest/templates/{language}/{kind}");
    let mut files: Vec<(String, Vec<u8>)> = embedded::below(&template)
        .map(|(path, content)| (path.to_owned(), substitute(content, name)))
        .collect();
    if files.is_empty() {
        return Err(CreateError::NoTemplate { language, kind });
    }
    if matches!(language, Language::Go | Language::Rust) {
        // Nobody has to be asked for the SDK, the language's own tools (cargo, go, those of editors) find it, and the project
        // keeps the one that it was made with.
        let sdk = format!("guest/sdk/{language}");
        files.extend(embedded::below(&sdk).map(|(path, content)| (format!("sdk/{path}"), content.to_owned())));
    }
    let there = fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some());
    if there || folder.is_file() {
        return Err(CreateError::Exists(folder.to_owned()));
    }
    for (path, content) in &files {
        let path = folder.join(path);
        write(&path, content).map_err(|source| CreateError::Write { path, source })?;
    }
    let files = files.into_iter().map(|(path, _)| path).collect();
    Ok(Created { files })
}

fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    fs::create_dir_all(path.parent().unwrap_or_else(|| Path::new(".")))?;
    fs::write(path, content)
}

fn substitute(content: &[u8], name: &str) -> Vec<u8> {
    match std::str::from_utf8(content) {
        Ok(text) => text.replace("{{name}}", name).into_bytes(),
        Err(_) => content.to_owned(),
    }
}

/// What cargo, npm and go all take for the name of a package.
fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name
            .chars()
            .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || "-_".contains(letter))
}

/// A project that could not be made.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CreateError {
    /// There is something already.
    #[error("{} exists and is not empty; give another name", .0.display())]
    Exists(PathBuf),
    /// A name that some toolchain would refuse.
    #[error("{}: a project's name is made of lower-case letters, digits, - and _, and begins with a letter", .0.display())]
    Name(PathBuf),
    /// The language cannot make this kind of component.
    #[error("there is no {kind} template in {language}{}", why(*.language, *.kind))]
    NoTemplate {
        /// The language.
        language: Language,
        /// The kind.
        kind: Kind,
    },
    /// A file cannot be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// Why a language has no template of a kind.
fn why(language: Language, kind: Kind) -> &'static str {
    match (language, kind) {
        (Language::Go, Kind::Async) => ": it takes a patched Go compiler",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_is_written_with_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let project = folder.path().join("hello");
        create(Language::Rust, Kind::Stream, &project).unwrap();
        let manifest = fs::read_to_string(project.join("Cargo.toml")).unwrap();
        assert!(manifest.contains("name = \"hello\""), "{manifest}");
        assert!(project.join("sdk/src/lib.rs").is_file());
    }

    /// What was measured of these holds for those.
    #[test]
    fn projects_of_rust_are_linked_as_the_handlers_here() {
        let flags = |text: &str| {
            let line = text.lines().find(|line| line.starts_with("rustflags = "));
            line.unwrap().to_owned()
        };
        let handlers = flags(include_str!("../../../guest/.cargo/config.toml"));
        for kind in ["stream", "datagram", "async", "program"] {
            let template = format!("guest/templates/rust/{kind}");
            let (_, config) = embedded::below(&template)
                .find(|(path, _)| *path == ".cargo/config.toml")
                .unwrap();
            assert_eq!(flags(str::from_utf8(config).unwrap()), handlers, "{kind}");
        }
    }

    #[test]
    fn a_project_of_go_has_its_sdk() {
        let folder = tempfile::tempdir().unwrap();
        let project = folder.path().join("hello");
        let created = create(Language::Go, Kind::Stream, &project).unwrap();
        let manifest = fs::read_to_string(project.join("go.mod")).unwrap();
        assert!(manifest.starts_with("module hello\n"), "{manifest}");
        assert!(project.join("sdk/stream/conn.go").is_file());
        assert!(!created.files.iter().any(|file| file.ends_with("_test.go")));
    }

    #[test]
    fn what_is_there_is_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let project = folder.path().join("hello");
        fs::create_dir(&project).unwrap();
        fs::write(project.join("mine"), "").unwrap();
        let refused = create(Language::Rust, Kind::Stream, &project);
        assert!(matches!(refused, Err(CreateError::Exists(_))));
        assert_eq!(fs::read_dir(project).unwrap().count(), 1);
    }

    #[test]
    fn names_are_those_that_every_toolchain_takes() {
        for name in ["Hello", "9p", "a b", "ä", "", "-x"] {
            assert!(!is_name(name), "{name}");
        }
        assert!(is_name("hello") && is_name("my-server_2"));
    }
}
