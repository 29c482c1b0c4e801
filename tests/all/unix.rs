//! Unix listeners: their files, who may connect, and names without a file.

use std::fs;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::os::unix::net::UnixListener;
use std::path::Path;

use tempfile::TempDir;

use crate::support::client::{Client, End};
use crate::support::guest::{CONFORMANCE, ECHO};
use crate::support::server::{Server, run_serve};

#[test]
fn a_path_serves_like_a_port() {
    let (_folder, url) = place();
    let server = Server::of(ECHO).listen(&url).start();
    assert_eq!(server.address(), url);
    let mut client = server.connect();
    client.echo("hello");
    client.finish();
    assert_eq!(client.end(), End::Closed);
    server.stop();
}

#[test]
fn only_its_user_may_connect_unless_a_mode_says_more() {
    let (folder, url) = place();
    let open = folder.path().join("open");
    let server = Server::of(ECHO)
        .listen(&url)
        .listen(format!("unix://{}?mode=0666", open.display()))
        .start();
    assert_eq!(mode(&folder.path().join("socket")), 0o600);
    assert_eq!(mode(&open), 0o666);
    server.stop();
}

#[test]
fn the_file_is_gone_when_the_server_is() {
    let (folder, url) = place();
    let path = folder.path().join("socket");
    let server = Server::of(ECHO).listen(&url).start();
    assert!(fs::metadata(&path).unwrap().file_type().is_socket());
    server.stop();
    assert!(!path.exists());
}

/// A server that was killed leaves its file behind.
#[test]
fn a_file_that_nobody_answers_on_is_replaced() {
    let (folder, url) = place();
    drop(UnixListener::bind(folder.path().join("socket")).unwrap());
    let server = Server::of(ECHO).listen(&url).start();
    server.connect().echo("hello");
    server.stop();
}

#[test]
fn a_file_that_a_server_answers_on_is_refused() {
    let (_folder, url) = place();
    let server = Server::of(ECHO).listen(&url).start();
    let second = run_serve(ECHO, &["--listen", &url]);
    assert_eq!(second.code, Some(71), "{second:?}");
    assert!(second.errors.contains("something already listens there"), "{second:?}");
    server.connect().echo("still here");
    server.stop();
}

#[test]
fn a_file_that_is_no_socket_is_refused_and_kept() {
    let (folder, url) = place();
    fs::write(folder.path().join("socket"), "precious").unwrap();
    let run = run_serve(ECHO, &["--listen", &url]);
    assert_eq!(run.code, Some(71), "{run:?}");
    assert!(run.errors.contains("exists and is no socket"), "{run:?}");
    assert_eq!(fs::read(folder.path().join("socket")).unwrap(), b"precious");
}

#[test]
fn a_path_without_a_folder_is_refused() {
    let (folder, _) = place();
    let missing = folder.path().join("missing");
    let run = run_serve(ECHO, &["--listen", &format!("unix://{}/socket", missing.display())]);
    assert_eq!(run.code, Some(71), "{run:?}");
    assert!(run.errors.contains("missing does not exist"), "{run:?}");
}

#[test]
fn an_abstract_name_has_no_file() {
    let name = format!("unix:@socketserver-test-{}", std::process::id());
    let server = Server::of(CONFORMANCE).listen(&name).start();
    assert_eq!(server.address(), name);
    let mut client = server.connect();
    assert_eq!(
        client.ask("get-local-address"),
        format!("ok unix {}", name.trim_start_matches("unix:"))
    );
    drop(client);
    server.stop();
}

#[test]
fn handlers_see_the_path_and_a_peer_without_a_name() {
    let (folder, url) = place();
    let server = Server::of(CONFORMANCE).listen(&url).start();
    let mut client = server.connect();
    let path = folder.path().join("socket");
    assert_eq!(client.ask("get-local-address"), format!("ok unix {}", path.display()));
    assert_eq!(client.ask("get-remote-address"), "ok unix");
    drop(client);
    server.stop();
}

#[test]
fn a_peer_with_a_name_is_seen_by_it() {
    let (folder, url) = place();
    let server = Server::of(CONFORMANCE).listen(&url).start();
    let own = folder.path().join("peer");
    let mut client = Client::connect_from_path(&own, server.address()).unwrap();
    assert_eq!(client.ask("get-remote-address"), format!("ok unix {}", own.display()));
    drop(client);
    server.stop();
}

/// A path is spelled as in a URL, and the server spells it back so that it can be copied.
#[test]
fn a_path_may_hold_any_character() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("unix://{}/a%20b%3F%C3%A9", folder.path().display());
    let server = Server::of(ECHO).listen(&url).start();
    assert!(folder.path().join("a b?é").exists());
    server.connect().echo("hello");
    server.stop();
}

#[test]
fn several_listeners_serve_side_by_side() {
    let (_folder, url) = place();
    let server = Server::of(ECHO)
        .listen("tcp://127.0.0.1:0")
        .listen(&url)
        .listen("tcp://[::1]:0")
        .start();
    assert_eq!(server.listeners().len(), 3);
    for listener in server.listeners() {
        let mut client = Client::connect(listener).unwrap();
        client.echo(listener);
    }
    let opened = server.log().wait_for("connection opened", 3);
    for (opened, listener) in opened.iter().zip(server.listeners()) {
        assert_eq!(opened.text("listener"), listener);
    }
    server.stop();
}

/// A folder that goes away with the test, and the URL of a socket in it.
fn place() -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("unix://{}/socket", folder.path().display());
    (folder, url)
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}
