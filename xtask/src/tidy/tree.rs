//! The files of the project.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

/// A text file, by its path from the root of the project.
#[derive(Clone, Debug)]
pub(super) struct File {
    pub(super) path: String,
    pub(super) text: String,
}

/// All text files of the project, sorted by path.
#[derive(Debug)]
pub(super) struct Tree {
    files: Vec<File>,
}

/// Folders that hold what tools produce. They are known here, rather than asked from git, so that `tidy` works on an
/// unpacked archive too. In a linked work tree `.git` is a file.
const PRODUCED: [&str; 2] = [".git", "target"];

impl Tree {
    /// # Errors
    ///
    /// A file or folder cannot be read.
    pub(super) fn read(root: &Path) -> Result<Self> {
        let mut files = Vec::new();
        let mut folders = vec![root.to_owned()];
        while let Some(folder) = folders.pop() {
            let entries = fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
            for entry in entries {
                let entry = entry?;
                if PRODUCED.iter().any(|name| entry.file_name() == *name) {
                    continue;
                }
                let (kind, path) = (entry.file_type()?, entry.path());
                if kind.is_dir() {
                    folders.push(path);
                } else if kind.is_file() {
                    let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
                    let relative = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
                    // What is not UTF-8 is not text: a component, say.
                    if let Ok(text) = String::from_utf8(bytes) {
                        files.push(File { path: relative, text });
                    }
                }
            }
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Self { files })
    }

    #[cfg(test)]
    pub(super) fn of(files: &[(&str, &str)]) -> Self {
        let files = files.iter().map(|(path, text)| File::of(path, text)).collect();
        Self { files }
    }

    pub(super) fn files(&self) -> &[File] {
        &self.files
    }

    pub(super) fn contains(&self, path: &str) -> bool {
        self.files.iter().any(|file| file.path == path)
    }
}

impl File {
    #[cfg(test)]
    pub(super) fn of(path: &str, text: &str) -> Self {
        Self {
            path: path.into(),
            text: text.into(),
        }
    }
}
