//! Which toolchains are there.

use std::path::Path;

use crate::language::Language;

/// What a language needs, and whether it is there.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Diagnosis {
    /// The language.
    pub language: Language,
    /// Everything that has to be installed to build a source of it.
    pub requirements: Vec<Requirement>,
}

/// Something that has to be installed.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Requirement {
    /// Its name: a program, a target, a library.
    pub name: String,
    /// Whether it is there.
    pub state: State,
}

/// Whether something that is needed is there.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum State {
    /// It is; this is its version, as it tells.
    Found(String),
    /// It is not; this is how to get it.
    Missing(String),
}

impl Diagnosis {
    /// Whether everything is there.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.requirements
            .iter()
            .all(|requirement| matches!(requirement.state, State::Found(_)))
    }
}

/// Looks for the toolchain of every language, from `folder`, where a project is.
#[must_use]
pub fn doctor(folder: &Path) -> Vec<Diagnosis> {
    let diagnoses = Language::ALL.map(|language| Diagnosis {
        language,
        requirements: language.requirements(folder),
    });
    diagnoses.into()
}
