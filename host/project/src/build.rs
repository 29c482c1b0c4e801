//! A build: what it is given, what it makes, and how it fails.

use std::cell::OnceCell;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use thiserror::Error;

use crate::embedded;
use crate::language::Language;
use crate::source::Source;

/// What a build tells while it goes on.
pub trait Progress: Sync {
    /// What is being done now, in a few words; it ends when the next begins.
    fn step(&self, what: &str);

    /// Something to be read: warnings of a compiler, or that something is being installed.
    fn note(&self, text: &str);

    /// The build is over, however it ended.
    fn done(&self);
}

/// A component that was built.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Built {
    /// Where it is.
    pub path: PathBuf,
}

/// Builds the component of `source`, in its release profile.
///
/// It is written to `target/<language>/<name>.wasm` in the folder of the source, replaced whole or not at all; a Rust
/// project's is where cargo puts it.
///
/// # Errors
///
/// The toolchain is missing something, or the source does not build: its compiler says why.
pub fn build(source: &Source, progress: &dyn Progress) -> Result<Built, BuildError> {
    let job = Job::new(source, progress)?;
    let path = source.language.build(&job);
    progress.done();
    Ok(Built { path: path? })
}

/// One build, as a language's module sees it.
pub(crate) struct Job<'a> {
    /// What is built.
    pub(crate) source: &'a Source,
    /// Where the component is to be put.
    pub(crate) output: PathBuf,
    /// An existing folder for whatever else the build makes; it stays for the next build of the same source.
    pub(crate) scratch: PathBuf,
    embedded: OnceCell<PathBuf>,
    progress: &'a dyn Progress,
}

impl<'a> Job<'a> {
    fn new(source: &'a Source, progress: &'a dyn Progress) -> Result<Self, BuildError> {
        let target = source.folder.join("target").join(source.language.name());
        let scratch = target.join(source.stem());
        if source.language != Language::Rust {
            fs::create_dir_all(&scratch).map_err(|source| BuildError::write(&scratch, source))?;
        }
        Ok(Self {
            source,
            output: scratch.with_extension("wasm"),
            scratch,
            embedded: OnceCell::new(),
            progress,
        })
    }

    /// A folder that looks as the root of the project does: `guest/sdk` and `wit` are in it. Nothing is to be written there.
    ///
    /// It is unpacked when it is first asked for, so that a build that does without needs no cache folder.
    pub(crate) fn embedded(&self) -> Result<&Path, BuildError> {
        if let Some(there) = self.embedded.get() {
            return Ok(there);
        }
        let unpacked = embedded::unpack().map_err(BuildError::Unpack)?;
        Ok(self.embedded.get_or_init(|| unpacked))
    }

    /// Says what is being done now.
    pub(crate) fn step(&self, what: &str) {
        self.progress.step(what);
    }

    /// Says something that is to be read.
    pub(crate) fn note(&self, text: &str) {
        self.progress.note(text);
    }

    /// Runs a tool to its end, without input, and returns what it wrote to standard output. What it wrote to standard error
    /// is shown: as a note if it succeeds, in the error if it fails.
    pub(crate) fn run(&self, command: &mut Command) -> Result<Vec<u8>, BuildError> {
        let tool = command.get_program().to_string_lossy().into_owned();
        let output = command
            .stdin(Stdio::null())
            .output()
            .map_err(|source| BuildError::Run {
                tool: tool.clone(),
                source,
            })?;
        let errors = String::from_utf8_lossy(&output.stderr).trim_end().to_owned();
        if output.status.success() {
            if !errors.is_empty() {
                self.note(&errors);
            }
            return Ok(output.stdout);
        }
        // Some tools complain on standard output.
        let printed = String::from_utf8_lossy(&output.stdout).trim_end().to_owned();
        let said = if errors.is_empty() { printed } else { errors };
        Err(BuildError::Refused {
            main: self.source.main.clone(),
            said,
        })
    }

    /// Puts the component where it belongs.
    pub(crate) fn finish(&self, component: &[u8]) -> Result<PathBuf, BuildError> {
        let put = || {
            // A component is no secret: it has the mode of any new file.
            let mut file = tempfile::Builder::new()
                .permissions(fs::Permissions::from_mode(0o666))
                .tempfile_in(self.output.parent().unwrap_or_else(|| Path::new(".")))?;
            io::Write::write_all(&mut file, component)?;
            file.persist(&self.output)?;
            Ok(())
        };
        put().map_err(|source| BuildError::write(&self.output, source))?;
        Ok(self.output.clone())
    }
}

/// A source that could not be built.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The source compiles, and what it makes is no component of ours.
    #[error("{}: {why}", main.display())]
    Component {
        /// The source.
        main: PathBuf,
        /// Why, and what to do.
        why: String,
    },
    /// Something of the toolchain is missing.
    #[error("{language} needs {tool}, which is not installed; {hint}")]
    Missing {
        /// The language.
        language: Language,
        /// What is missing.
        tool: String,
        /// How to get it.
        hint: String,
    },
    /// A file of the build cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The compiler does not take the source.
    #[error("{} does not build:\n{said}", main.display())]
    Refused {
        /// The source.
        main: PathBuf,
        /// What the compiler said.
        said: String,
    },
    /// A tool cannot be run.
    #[error("cannot run {tool}")]
    Run {
        /// The tool.
        tool: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The SDKs cannot be unpacked into the user's cache folder.
    #[error("cannot unpack the SDK into the cache folder; HOME or XDG_CACHE_HOME says where that is")]
    Unpack(#[source] io::Error),
    /// A file of the build cannot be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

impl BuildError {
    pub(crate) fn read(path: &Path, source: io::Error) -> Self {
        Self::Read {
            path: path.to_owned(),
            source,
        }
    }

    pub(crate) fn write(path: &Path, source: io::Error) -> Self {
        Self::Write {
            path: path.to_owned(),
            source,
        }
    }
}
