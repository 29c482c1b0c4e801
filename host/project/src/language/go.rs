//! Being written.

use std::path::{Path, PathBuf};

use crate::build::{BuildError, Job};
use crate::doctor::Requirement;

pub(super) fn requirements(_folder: &Path) -> Vec<Requirement> {
    Vec::new()
}

pub(super) fn build(job: &Job<'_>) -> Result<PathBuf, BuildError> {
    Err(BuildError::Component {
        main: job.source.main.clone(),
        why: "cannot be built yet".into(),
    })
}
