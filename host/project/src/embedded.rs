//! The WIT, the SDKs and the templates, as they were when this was compiled.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy as _;

/// Each file by its path from the root of the project, `/` between the parts.
static FILES: &[(&str, &[u8])] = &include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// The files below `folder`, with their paths from there.
pub(crate) fn below(folder: &str) -> impl Iterator<Item = (&'static str, &'static [u8])> {
    FILES.iter().filter_map(move |(path, content)| {
        let rest = path.strip_prefix(folder)?.strip_prefix('/')?;
        Some((rest, *content))
    })
}

/// Unpacks everything into the user's cache folder, and returns the folder that then looks as the root of the project does:
/// `guest/sdk` and `wit` are in it.
///
/// What is there already is compared, and written only where it differs: compilers see no change, and nobody else's bytes
/// get into a component.
pub(crate) fn unpack() -> io::Result<PathBuf> {
    let cache = etcetera::choose_base_strategy().map_err(io::Error::other)?.cache_dir();
    let folder = cache
        .join("socketserver")
        .join(concat!("sdk-", env!("SOCKETSERVER_EMBEDDED_DIGEST")));
    fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
    unpack_to(&folder, FILES.iter().copied())?;
    Ok(folder)
}

/// Writes the files that differ, each whole or not at all, so that two builds may do it at once.
pub(crate) fn unpack_to(folder: &Path, files: impl Iterator<Item = (&'static str, &'static [u8])>) -> io::Result<()> {
    for (name, content) in files {
        let path = folder.join(name);
        if fs::read(&path).is_ok_and(|there| there == content) {
            continue;
        }
        let parent = path.parent().unwrap_or(folder);
        fs::create_dir_all(parent)?;
        let mut file = tempfile::NamedTempFile::new_in(parent)?;
        file.write_all(content)?;
        file.persist(&path)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wit_and_the_sdks_are_embedded() {
        assert!(below("wit").any(|(path, _)| path == "world.wit"));
        assert!(below("guest/sdk/rust").any(|(path, _)| path == "src/lib.rs"));
        assert!(below("wi").next().is_none(), "a folder's name is a whole name");
    }

    #[test]
    fn tests_are_not() {
        let tests: Vec<_> = below("guest")
            .map(|(path, _)| path)
            .filter(|path| path.split('/').any(|part| part == "tests") || path.ends_with("_test.go"))
            .collect();
        assert_eq!(tests, [""; 0]);
    }

    #[test]
    fn what_differs_is_written_and_what_does_not_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let files = || [("a/one", b"1".as_slice()), ("two", b"2")].into_iter();
        unpack_to(folder.path(), files()).unwrap();
        let before = fs::metadata(folder.path().join("two")).unwrap().modified().unwrap();
        fs::write(folder.path().join("a/one"), "changed").unwrap();
        unpack_to(folder.path(), files()).unwrap();
        assert_eq!(fs::read(folder.path().join("a/one")).unwrap(), b"1");
        assert_eq!(
            fs::metadata(folder.path().join("two")).unwrap().modified().unwrap(),
            before
        );
    }
}
