//! `build`, and the build that comes before a source is served.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use socketserver_project::{Language, Source};

use super::progress::Terminal;
use crate::cli::{Build, NamedHandler};
use crate::exit::{Exit, Failure};

/// Builds, and prints where the component is.
pub(crate) fn build(build: &Build) -> Result<Exit, Failure> {
    let source = Source::find(&build.source).map_err(|error| Failure::new(Exit::Handler, error))?;
    let path = build_source(&source)?;
    // Nobody reads it when standard output is gone.
    let _ = writeln!(io::stdout(), "{}", path.display());
    Ok(Exit::Clean)
}

/// The component at `path`: a file of one as it is, a source after it was built.
pub(crate) fn component(path: &Path) -> Result<PathBuf, Failure> {
    if path.is_dir() || Language::of_file(path).is_some() {
        let source = Source::find(path).map_err(|error| Failure::new(Exit::Handler, error))?;
        build_source(&source)
    } else {
        Ok(path.to_owned())
    }
}

/// The components of named handlers.
pub(crate) fn components(handlers: &[NamedHandler]) -> Result<BTreeMap<String, PathBuf>, Failure> {
    let handlers = handlers.iter();
    handlers
        .map(|NamedHandler { name, path }| Ok((name.clone(), component(path)?)))
        .collect()
}

pub(super) fn build_source(source: &Source) -> Result<PathBuf, Failure> {
    let built = socketserver_project::build(source, &Terminal::new());
    built
        .map(|built| built.path)
        .map_err(|error| Failure::new(Exit::Handler, error))
}
