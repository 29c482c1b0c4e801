//! Compiled components on disk: used when they can be trusted, and made anew otherwise.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::support::guest::{DISCARD, ECHO};
use crate::support::server::{Server, run_serve};

const REFUSED: &str = "an entry of the cache was refused and rebuilt";

#[test]
fn what_was_compiled_once_is_not_compiled_again() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("made/when/needed");
    assert_eq!(code_of(ECHO.path(), &cache), "Compiled(None)");
    assert_eq!(code_of(ECHO.path(), &cache), "Cached");
    assert_eq!(code_of(DISCARD.path(), &cache), "Compiled(None)");
    assert_eq!(
        code_of(ECHO.path(), &cache),
        "Cached",
        "another component is another entry"
    );
    assert_eq!(mode(&cache), 0o700);
    assert!(entries(&cache).iter().all(|entry| mode(entry) == 0o600));
}

#[test]
fn a_component_that_has_changed_is_compiled() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("cache");
    let handler = folder.path().join("handler.wasm");
    fs::copy(ECHO.path(), &handler).unwrap();
    assert_eq!(code_of(&handler, &cache), "Compiled(None)");
    fs::copy(DISCARD.path(), &handler).unwrap();
    assert_eq!(code_of(&handler, &cache), "Compiled(None)");
}

#[test]
fn a_corrupt_entry_is_rebuilt_and_that_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("cache");
    code_of(ECHO.path(), &cache);
    let entry = &entries(&cache)[0];
    let mut bytes = fs::read(entry).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(entry, bytes).unwrap();

    let server = start(ECHO.path(), &cache);
    let warning = &server.log().wait_for(REFUSED, 1)[0];
    assert_eq!(warning.text("why"), "it is corrupt, or of another format");
    server.connect().echo("it serves all the same");
    server.stop();
    assert_eq!(code_of(ECHO.path(), &cache), "Cached", "the entry was replaced");
}

/// Whoever can write an entry can run code in the server.
#[test]
fn an_entry_that_others_may_write_is_rebuilt() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("cache");
    code_of(ECHO.path(), &cache);
    fs::set_permissions(&entries(&cache)[0], fs::Permissions::from_mode(0o666)).unwrap();
    let server = start(ECHO.path(), &cache);
    server.log().wait_for(REFUSED, 1);
    server.stop();
}

#[test]
fn a_folder_that_others_may_write_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let run = run_serve(ECHO, &["--cache-dir", folder.path().to_str().unwrap()]);
    assert_eq!(run.code, Some(78), "{run:?}");
    assert!(run.errors.contains("others may write to it"), "{run:?}");
    assert!(entries(folder.path()).is_empty());
}

#[test]
fn without_a_cache_nothing_is_kept() {
    let server = Server::of(ECHO).no_cache().start();
    assert_eq!(
        server.log().wait_for("handler loaded", 1)[0].text("code"),
        "Compiled(None)"
    );
    server.stop();
}

/// Starts a server with this cache, and returns where its code came from.
fn code_of(handler: impl Into<PathBuf>, cache: &Path) -> String {
    let server = start(handler, cache);
    let loaded = server.log().wait_for("handler loaded", 1).remove(0);
    server.stop();
    loaded.text("code").to_owned()
}

fn start(handler: impl Into<PathBuf>, cache: &Path) -> Server {
    Server::at(handler).cache(cache).start()
}

fn entries(cache: &Path) -> Vec<PathBuf> {
    fs::read_dir(cache)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}
