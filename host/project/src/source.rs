//! What a user calls a handler: a source file, or a folder with a project.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::language::Language;

/// A handler's or a program's source.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Source {
    /// The language it is written in.
    pub language: Language,
    /// The file that everything begins with: `Cargo.toml` of a Rust project, the main source file of any other.
    pub main: PathBuf,
    /// The folder that `main` is in, absolute.
    pub folder: PathBuf,
    /// Whether the whole folder was meant, not `main` alone: other sources in it belong to the project.
    pub whole_folder: bool,
}

/// The names, without extension, of the file that a folder's project begins with.
const MAIN: [&str; 3] = ["handler", "program", "app"];

impl Source {
    /// Finds what `path` holds: a source file, or a folder.
    ///
    /// A folder with a `Cargo.toml` is a Rust project, whatever else is in it. Any other has one file of the name `handler`,
    /// `program` or `app`, whose extension tells the language.
    ///
    /// # Errors
    ///
    /// There is nothing at `path`, nothing in it that is a source, or more than one thing.
    pub fn find(path: &Path) -> Result<Self, SourceError> {
        let path = fs::canonicalize(path).map_err(|source| SourceError::Read {
            path: path.to_owned(),
            source,
        })?;
        if path.is_dir() {
            Self::of_folder(path)
        } else {
            Self::of_file(path)
        }
    }

    fn of_folder(folder: PathBuf) -> Result<Self, SourceError> {
        let manifest = folder.join("Cargo.toml");
        if manifest.is_file() {
            return Ok(Self {
                language: Language::Rust,
                main: manifest,
                folder,
                whole_folder: true,
            });
        }
        let candidates = MAIN.iter().flat_map(|name| {
            let folder = &folder;
            Language::ALL.map(move |language| (language, folder.join(name).with_extension(language.extension())))
        });
        let mut found: Vec<_> = candidates.filter(|(_, main)| main.is_file()).collect();
        match (found.pop(), found.pop()) {
            (Some((Language::Rust, main)), None) => Err(SourceError::NoManifest(main)),
            (Some((language, main)), None) => Ok(Self {
                language,
                main,
                folder,
                whole_folder: true,
            }),
            (Some((_, one)), Some((_, other))) => Err(SourceError::Several {
                folder,
                one: file_name(&one),
                other: file_name(&other),
            }),
            (None, _) => Err(SourceError::Nothing(folder)),
        }
    }

    fn of_file(main: PathBuf) -> Result<Self, SourceError> {
        let is_component = ["wasm", "wat"]
            .iter()
            .any(|&extension| main.extension() == Some(OsStr::new(extension)));
        if is_component {
            return Err(SourceError::Component(main));
        }
        let language = Language::of_file(&main).ok_or_else(|| SourceError::Unknown(main.clone()))?;
        let folder = main.parent().unwrap_or_else(|| Path::new("/")).to_owned();
        if language == Language::Rust {
            let manifest = folder
                .ancestors()
                .map(|folder| folder.join("Cargo.toml"))
                .find(|file| file.is_file());
            let manifest = manifest.ok_or(SourceError::NoManifest(main))?;
            return Self::of_folder(manifest.parent().unwrap_or_else(|| Path::new("/")).to_owned());
        }
        Ok(Self {
            language,
            main,
            folder,
            whole_folder: false,
        })
    }

    /// The name of `main` without its extension.
    #[must_use]
    pub fn stem(&self) -> String {
        self.main.file_stem().unwrap_or_default().to_string_lossy().into_owned()
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// What is no source.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SourceError {
    /// A component, which is built already.
    #[error("{} is a component already, and there is nothing to build; `socketserver serve` or `run` takes it as it is", .0.display())]
    Component(PathBuf),
    /// A Rust source is built by its package.
    #[error("{}: no Cargo.toml in its folder or above it, and Rust is built by one; `socketserver new rust NAME` makes a project", .0.display())]
    NoManifest(PathBuf),
    /// A folder without a project.
    #[error("{}: no project in it: neither a Cargo.toml, nor a file such as handler.py or program.go", .0.display())]
    Nothing(PathBuf),
    /// The path cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The path.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A folder whose project could begin with either of two files.
    #[error("{}: both {one} and {other} are in it; give the file that is meant", folder.display())]
    Several {
        /// The folder.
        folder: PathBuf,
        /// One of the files.
        one: String,
        /// Another.
        other: String,
    },
    /// A file of no language that is known.
    #[error("{}: no source that can be built: its name should end in .c, .cpp, .go, .js, .py, .rs, .ts or .zig", .0.display())]
    Unknown(PathBuf),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            fs::write(folder.path().join(file), "").unwrap();
        }
        folder
    }

    #[test]
    fn a_manifest_of_cargo_comes_first() {
        let folder = folder(&["Cargo.toml", "handler.rs", "handler.py"]);
        let source = Source::find(folder.path()).unwrap();
        assert_eq!(source.language, Language::Rust);
        assert_eq!(Source::find(&folder.path().join("handler.rs")).unwrap(), source);
        let python = Source::find(&folder.path().join("handler.py")).unwrap();
        assert_eq!((python.language, python.whole_folder), (Language::Python, false));
    }

    #[test]
    fn a_folder_begins_with_one_file() {
        let one = folder(&["handler.go", "other.go", "README.md"]);
        let source = Source::find(one.path()).unwrap();
        assert_eq!((source.language, source.stem().as_str()), (Language::Go, "handler"));
        assert!(source.whole_folder);
        let two = folder(&["handler.go", "handler.c"]);
        assert!(matches!(Source::find(two.path()), Err(SourceError::Several { .. })));
        let none = folder(&["notes.md"]);
        assert!(matches!(Source::find(none.path()), Err(SourceError::Nothing(_))));
    }

    #[test]
    fn what_is_no_source_is_refused() {
        let folder = folder(&["notes.md", "handler.rs"]);
        assert!(matches!(
            Source::find(&folder.path().join("notes.md")),
            Err(SourceError::Unknown(_))
        ));
        fs::write(folder.path().join("made.wasm"), "").unwrap();
        assert!(matches!(
            Source::find(&folder.path().join("made.wasm")),
            Err(SourceError::Component(_))
        ));
        assert!(matches!(
            Source::find(&folder.path().join("missing.py")),
            Err(SourceError::Read { .. })
        ));
        assert!(matches!(Source::find(folder.path()), Err(SourceError::NoManifest(_))));
    }
}
