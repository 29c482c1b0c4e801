//! The languages that handlers are written in, and the kinds of component that one makes in them.

mod c;
mod cpp;
mod go;
mod javascript;
mod python;
mod rust;
mod zig;

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::build::{BuildError, Job};
use crate::doctor::Requirement;

/// A language that handlers are written in.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Language {
    /// C, by clang or zig.
    C,
    /// C++23, by zig or a WASI SDK.
    Cpp,
    /// Go, by its own compiler.
    Go,
    /// JavaScript, on QuickJS.
    JavaScript,
    /// Python, on CPython.
    Python,
    /// Rust, by cargo.
    Rust,
    /// JavaScript with types.
    TypeScript,
    /// Zig.
    Zig,
}

impl Language {
    /// Every language, by name.
    pub const ALL: [Self; 8] = [
        Self::C,
        Self::Cpp,
        Self::Go,
        Self::JavaScript,
        Self::Python,
        Self::Rust,
        Self::TypeScript,
        Self::Zig,
    ];

    /// The name on the command line, in paths and in logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::C => "c",
            Self::Cpp => "cpp",
            Self::Go => "go",
            Self::JavaScript => "javascript",
            Self::Python => "python",
            Self::Rust => "rust",
            Self::TypeScript => "typescript",
            Self::Zig => "zig",
        }
    }

    /// How the names of its files end, without the dot.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::C => "c",
            Self::Cpp => "cpp",
            Self::Go => "go",
            Self::JavaScript => "js",
            Self::Python => "py",
            Self::Rust => "rs",
            Self::TypeScript => "ts",
            Self::Zig => "zig",
        }
    }

    /// The language of a file, by its name.
    #[must_use]
    pub fn of_file(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?;
        Self::ALL.into_iter().find(|language| language.extension() == extension)
    }

    /// What has to be installed to build it, and whether it is; looked for from `folder`, where the project is.
    pub(crate) fn requirements(self, folder: &Path) -> Vec<Requirement> {
        match self {
            Self::C => c::requirements(folder),
            Self::Cpp => cpp::requirements(folder),
            Self::Go => go::requirements(folder),
            Self::JavaScript | Self::TypeScript => javascript::requirements(folder),
            Self::Python => python::requirements(folder),
            Self::Rust => rust::requirements(folder),
            Self::Zig => zig::requirements(folder),
        }
    }

    /// Builds, and returns where the component is.
    pub(crate) fn build(self, job: &Job<'_>) -> Result<PathBuf, BuildError> {
        match self {
            Self::C => c::build(job),
            Self::Cpp => cpp::build(job),
            Self::Go => go::build(job),
            Self::JavaScript | Self::TypeScript => javascript::build(job),
            Self::Python => python::build(job),
            Self::Rust => rust::build(job),
            Self::Zig => zig::build(job),
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Language {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|language| language.name() == name);
        found.ok_or_else(|| {
            let names: Vec<_> = Self::ALL.map(Self::name).into();
            format!("no such language; there are {}", names.join(", "))
        })
    }
}

/// What a component does, and thereby which world it is of.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Kind {
    /// Serves a connection that may wait for several things at once: world `async-handler`.
    Async,
    /// Serves datagrams: world `datagram-service`.
    Datagram,
    /// Drives servers itself: world `server-program`.
    Program,
    /// Serves a connection: world `handler`.
    #[default]
    Stream,
}

impl Kind {
    /// Every kind, by name.
    pub const ALL: [Self; 4] = [Self::Async, Self::Datagram, Self::Program, Self::Stream];

    /// The name on the command line and in paths.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Async => "async",
            Self::Datagram => "datagram",
            Self::Program => "program",
            Self::Stream => "stream",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|kind| kind.name() == name);
        found.ok_or_else(|| {
            let names: Vec<_> = Self::ALL.map(Self::name).into();
            format!("no such kind; there are {}", names.join(", "))
        })
    }
}
