//! Sources in all languages, built by the binary that is tested.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::guest::project;
use super::process::Run;
use super::server::BINARY;
use super::tool::skip;

/// The component of a source, by its path in the project: built once for each run of the tests.
///
/// `None` if its toolchain is not installed and the tests need not be complete; that is said, with how to get it.
pub(crate) fn component(source: &str) -> Option<PathBuf> {
    let slot = {
        let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(built.get_or_insert_default().entry(source.to_owned()).or_default())
    };
    slot.get_or_init(|| build(&project().join(source))).clone()
}

/// Builds what is at `path`: a file, or a folder.
pub(crate) fn build(path: &Path) -> Option<PathBuf> {
    let run = Run::of(
        Command::new(BINARY)
            .arg("build")
            .arg(path)
            .env("CARGO_TARGET_DIR", target()),
    );
    if run.code != Some(0) && run.errors.contains("which is not installed; ") {
        skip(run.errors.trim());
        return None;
    }
    let output = run.succeed();
    Some(PathBuf::from(output.trim_end()))
}

/// Where Rust projects are built, so that what they depend on is built once.
pub(crate) fn target() -> PathBuf {
    project().join("guest/target")
}

type Slot = Arc<OnceLock<Option<PathBuf>>>;

static BUILT: Mutex<Option<HashMap<String, Slot>>> = Mutex::new(None);
