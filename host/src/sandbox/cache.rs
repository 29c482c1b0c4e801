//! Compiled components on disk.
//!
//! Compiled code runs with the rights of the server, so an entry is used only if nobody else can have written it: the
//! folder and the file belong to this user and are writable by no other, and the file's own digest is right. Anything else
//! is compiled anew and replaced.

use std::cmp::Reverse;
use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::hash::{Hash as _, Hasher};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use sha2::{Digest as _, Sha256};
use thiserror::Error;
use wasmtime::Engine;

/// A folder of compiled components.
#[derive(Debug)]
pub(crate) struct Cache {
    folder: PathBuf,
}

/// What names an entry: the component, the version of wasmtime, and the settings that shape its code.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Key([u8; 32]);

/// What was found for a key.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Found {
    Compiled(Vec<u8>),
    Nothing,
    /// There was an entry, but it is not to be trusted, for this reason.
    Refused(&'static str),
}

impl Key {
    pub(crate) fn of(component: &[u8], engine: &Engine) -> Self {
        let mut hasher = ShaHasher(Sha256::new());
        engine.precompile_compatibility_hash().hash(&mut hasher);
        hasher.0.update((component.len() as u64).to_le_bytes());
        hasher.0.update(component);
        Self(hasher.0.finalize().into())
    }
}

impl Cache {
    /// Opens a cache, making its folder if there is none.
    ///
    /// # Errors
    ///
    /// The folder cannot be made, or is not this user's alone.
    pub(crate) fn open(folder: &Path) -> Result<Self, CacheError> {
        let wrong = |problem| CacheError {
            folder: folder.to_owned(),
            problem,
        };
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(|error| wrong(CacheProblem::Make(error)))?;
        let metadata = fs::metadata(folder).map_err(|error| wrong(CacheProblem::Make(error)))?;
        if !is_ours(&metadata) {
            return Err(wrong(CacheProblem::NotOurs));
        }
        Ok(Self {
            folder: folder.to_owned(),
        })
    }

    pub(crate) fn get(&self, key: Key) -> Found {
        let path = self.path(key);
        let mut file = match OpenOptions::new().read(true).custom_flags(NO_FOLLOW).open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Found::Nothing,
            Err(_) => return Found::Refused("it cannot be opened"),
        };
        match file.metadata() {
            Ok(metadata) if metadata.is_file() && is_ours(&metadata) => {}
            _ => return Found::Refused("it is not a file of this user alone"),
        }
        let mut entry = Vec::new();
        if file.read_to_end(&mut entry).is_err() {
            return Found::Refused("it cannot be read");
        }
        let Some((header, compiled)) = entry.split_at_checked(HEADER) else {
            return Found::Refused("it is cut short");
        };
        if header != Self::header(key, compiled) {
            return Found::Refused("it is corrupt, or of another format");
        }
        // The time of last use, by which entries are dropped. Failing to set it only makes the entry look older.
        let _ = file.set_modified(SystemTime::now());
        entry.drain(..HEADER);
        Found::Compiled(entry)
    }

    /// Stores an entry, so that others see all of it or nothing, and drops the longest unused ones beyond the bound.
    pub(crate) fn put(&self, key: Key, compiled: &[u8]) -> io::Result<()> {
        let path = self.path(key);
        let part = path.with_extension(format!("{}.part", std::process::id()));
        let written = Self::write(&part, key, compiled).and_then(|()| fs::rename(&part, &path));
        if written.is_err() {
            let _ = fs::remove_file(&part);
        }
        written?;
        self.prune()
    }

    fn write(part: &Path, key: Key, compiled: &[u8]) -> io::Result<()> {
        let _ = fs::remove_file(part);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(part)?;
        file.set_permissions(Permissions::from_mode(0o600))?;
        file.write_all(&Self::header(key, compiled))?;
        file.write_all(compiled)?;
        // After a power cut the name may otherwise stand for a file of zeroes; the digest would tell, at the price of one
        // more compilation.
        file.sync_all()
    }

    fn prune(&self) -> io::Result<()> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            if entry.path().extension().is_some_and(|extension| extension == EXTENSION) {
                let metadata = entry.metadata()?;
                entries.push((metadata.modified()?, metadata.len(), entry.path()));
            }
        }
        entries.sort_unstable_by_key(|(modified, _, _)| Reverse(*modified));
        let mut total = 0;
        for (_, size, path) in entries {
            total += size;
            if total > MAX_SIZE {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }

    fn path(&self, Key(key): Key) -> PathBuf {
        let name: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
        self.folder.join(name).with_extension(EXTENSION)
    }

    fn header(Key(key): Key, compiled: &[u8]) -> [u8; HEADER] {
        let mut digest = Sha256::new();
        digest.update(key);
        digest.update(compiled);
        let mut header = [0; HEADER];
        header[..MAGIC.len()].copy_from_slice(MAGIC);
        header[MAGIC.len()..].copy_from_slice(&digest.finalize());
        header
    }
}

/// Whether a file belongs to this user, or to root, and nobody else may write to it.
fn is_ours(metadata: &fs::Metadata) -> bool {
    let owner = metadata.uid();
    (owner == rustix::process::geteuid().as_raw() || owner == 0) && metadata.mode() & 0o022 == 0
}

/// A cache that cannot be used.
#[derive(Debug, Error)]
#[error("cannot use the cache {}", folder.display())]
pub struct CacheError {
    folder: PathBuf,
    #[source]
    problem: CacheProblem,
}

#[derive(Debug, Error)]
enum CacheProblem {
    #[error("it cannot be made; choose another --cache-dir, or use --no-cache")]
    Make(#[source] io::Error),
    #[error(
        "it belongs to another user, or others may write to it, so that its code cannot be trusted; chmod 0700 it, choose another --cache-dir, or use --no-cache"
    )]
    NotOurs,
}

/// Feeds a digest with what a type's `Hash` writes, because 64 bits of the standard library's hash are too few for a name.
struct ShaHasher(Sha256);

impl Hasher for ShaHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Nobody asks: the digest is the result.
    fn finish(&self) -> u64 {
        0
    }
}

const MAGIC: &[u8; 16] = b"socketserver 1\r\n";
const HEADER: usize = MAGIC.len() + 32;
const EXTENSION: &str = "compiled";

/// Some twenty components of interpreters, or thousands of small ones.
const MAX_SIZE: u64 = 1 << 30;

const NO_FOLLOW: i32 = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: Key = Key([7; 32]);

    fn cache() -> (tempfile::TempDir, Cache) {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(&folder.path().join("a/b")).unwrap();
        (folder, cache)
    }

    #[test]
    fn what_is_put_is_found() {
        let (_folder, cache) = cache();
        assert_eq!(cache.get(KEY), Found::Nothing);
        cache.put(KEY, b"code").unwrap();
        assert_eq!(cache.get(KEY), Found::Compiled(b"code".to_vec()));
        assert_eq!(cache.get(Key([8; 32])), Found::Nothing);
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let (_folder, cache) = cache();
        cache.put(KEY, b"code").unwrap();
        let path = cache.path(KEY);
        let good = fs::read(&path).unwrap();
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 1;
            fs::write(&path, bad).unwrap();
            assert!(matches!(cache.get(KEY), Found::Refused(_)), "byte {at}");
        }
        for length in 0..good.len() {
            fs::write(&path, &good[..length]).unwrap();
            assert!(matches!(cache.get(KEY), Found::Refused(_)), "length {length}");
        }
        cache.put(KEY, b"code").unwrap();
        assert_eq!(cache.get(KEY), Found::Compiled(b"code".to_vec()));
    }

    #[test]
    fn an_entry_under_another_name_is_refused() {
        let (_folder, cache) = cache();
        cache.put(KEY, b"code").unwrap();
        let other = Key([8; 32]);
        fs::copy(cache.path(KEY), cache.path(other)).unwrap();
        assert!(matches!(cache.get(other), Found::Refused(_)));
    }

    #[test]
    fn what_others_may_write_is_refused() {
        let (_folder, cache) = cache();
        cache.put(KEY, b"code").unwrap();
        fs::set_permissions(cache.path(KEY), Permissions::from_mode(0o666)).unwrap();
        assert!(matches!(cache.get(KEY), Found::Refused(_)));
        fs::set_permissions(&cache.folder, Permissions::from_mode(0o777)).unwrap();
        assert!(Cache::open(&cache.folder).is_err());
    }

    #[test]
    fn a_link_is_refused() {
        let (folder, cache) = cache();
        cache.put(KEY, b"code").unwrap();
        let elsewhere = folder.path().join("elsewhere");
        fs::rename(cache.path(KEY), &elsewhere).unwrap();
        std::os::unix::fs::symlink(&elsewhere, cache.path(KEY)).unwrap();
        assert!(matches!(cache.get(KEY), Found::Refused(_)));
    }
}
