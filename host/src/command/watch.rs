//! Changes of a source's files.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// Watches a folder, and all folders in it but those that tools fill.
pub(crate) struct Watch {
    folder: PathBuf,
    watcher: RecommendedWatcher,
    changes: UnboundedReceiver<PathBuf>,
}

impl Watch {
    /// # Errors
    ///
    /// The system offers no way to watch, or not for so many folders.
    pub(crate) fn new(folder: &Path) -> notify::Result<Self> {
        let (sender, changes) = unbounded_channel();
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            if let Ok(event) = event
                && is_change(event.kind)
            {
                for path in event.paths {
                    // It fails when nobody watches any more.
                    let _ = sender.send(path);
                }
            }
        })?;
        let mut watch = Self {
            folder: folder.to_owned(),
            watcher,
            changes,
        };
        watch.cover()?;
        Ok(watch)
    }

    /// Waits for a change, and until all has been quiet for a moment: an editor that saves makes several.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses no change, unless the first of several has been seen.
    pub(crate) async fn changed(&mut self) {
        while let Some(path) = self.changes.recv().await {
            if self.is_source(&path) {
                while let Ok(Some(_)) = tokio::time::timeout(QUIET, self.changes.recv()).await {}
                // A folder may have come with it. One that has gone meanwhile needs no watching.
                let _ = self.cover();
                return;
            }
        }
    }

    /// Watches each folder by itself, because to watch them recursively would take in those that tools fill.
    fn cover(&mut self) -> notify::Result<()> {
        let mut folders = vec![self.folder.clone()];
        while let Some(folder) = folders.pop() {
            self.watcher.watch(&folder, RecursiveMode::NonRecursive)?;
            let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
            let inner = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
            folders.extend(inner.map(|entry| entry.path()).filter(|path| self.is_source(path)));
        }
        Ok(())
    }

    /// Whether it belongs to the source: neither made by tools, nor hidden, as what editors write beside a file is.
    fn is_source(&self, path: &Path) -> bool {
        let inner = path.strip_prefix(&self.folder).unwrap_or(path);
        let is_produced = |part: &OsStr| {
            let part = part.to_string_lossy();
            part.starts_with('.') || part.ends_with('~') || PRODUCED.contains(&&*part)
        };
        !inner.iter().any(is_produced)
    }
}

fn is_change(kind: EventKind) -> bool {
    match kind {
        // Written to its end. To be opened or read is no change.
        EventKind::Access(access) => access == AccessKind::Close(AccessMode::Write),
        EventKind::Create(_) | EventKind::Modify(_) | EventKind::Remove(_) => true,
        EventKind::Any | EventKind::Other => false,
    }
}

/// How long a change must be the last: longer than an editor takes to save, shorter than anybody notices.
const QUIET: Duration = Duration::from_millis(50);

/// What tools fill, or write while they build.
const PRODUCED: [&str; 5] = [
    "Cargo.lock",
    "__pycache__",
    "node_modules",
    "package-lock.json",
    "target",
];
