//! Unix datagrams: the names of both sides, and a peer that does not receive.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::os::unix::net::UnixDatagram;

use rustix::process::Signal;
use tempfile::TempDir;

use crate::support::datagrams::UnixPeer;
use crate::support::guest::{DATAGRAMS, ECHO_DATAGRAMS};
use crate::support::server::{Server, TOLD_TO_STOP, run_serve};

#[test]
fn peers_are_answered_at_their_path_or_name() {
    let (folder, url) = place();
    let name = format!("unixgram:@socketserver-test-{}", std::process::id());
    let server = Server::of(DATAGRAMS).listen(&url).listen(&name).start();
    assert_eq!(server.listeners(), [url, name]);
    for (number, listener) in server.listeners().iter().enumerate() {
        let local = listener.trim_start_matches("unixgram:").trim_start_matches("//");
        let path = folder.path().join(format!("peer-{number}"));
        let peer = UnixPeer::at_path(&path, listener);
        assert_eq!(peer.ask("addresses"), format!("{}\n{local}", path.display()));
        let name = format!("socketserver-test-{}-peer-{number}", std::process::id());
        let peer = UnixPeer::with_name(&name, listener);
        assert_eq!(peer.ask("addresses"), format!("@{name}\n{local}"));
    }
    assert_eq!(server.stop().closed("completed"), 4);
}

/// There is nowhere to send an answer to.
#[test]
fn a_peer_without_a_name_is_served_but_not_answered() {
    let (_folder, url) = place();
    let server = Server::of(DATAGRAMS).listen(&url).start();
    let peer = UnixPeer::nameless(&url);
    peer.send("none");
    // What a handler leaves to be sent at its end is given up in silence, as for a peer that has gone.
    peer.send("echo hello");
    peer.send("twice hello");
    let closed = server.closed(3);
    let of = |datagram: &str| {
        let length = datagram.len() as u64;
        closed.iter().find(|line| line.number("received") == length).unwrap()
    };
    assert_eq!(of("none").text("reason"), "completed");
    assert_eq!(of("echo hello").text("reason"), "completed");
    let failed = of("twice hello");
    assert_eq!(
        (failed.text("reason"), failed.text("error")),
        ("handler-error", "invalid argument")
    );
    server.stop();
}

/// It would share one with every other.
#[test]
fn a_peer_without_a_name_has_no_session() {
    let (folder, url) = place();
    let server = Server::of(DATAGRAMS)
        .listen(&url)
        .with("datagram-session", "1h")
        .start();
    let nameless = UnixPeer::nameless(&url);
    nameless.send("none");
    nameless.send("none");
    server.closed(2);
    let [one, other] = ["one", "other"].map(|name| UnixPeer::at_path(&folder.path().join(name), &url));
    assert_eq!((one.ask("count"), one.ask("count")), ("1".to_owned(), "2".to_owned()));
    assert_eq!(other.ask("count"), "1");
    assert_eq!(server.books().active, 2);
    assert_eq!(server.stop().closed("completed"), 4);
}

#[test]
fn a_peer_that_has_gone_is_an_error_of_its_datagram() {
    let (folder, url) = place();
    let server = Server::of(DATAGRAMS)
        .listen(&url)
        .with("max-connections", 1)
        .with("max-cpu-time", "300ms")
        .start();
    let path = folder.path().join("peer");
    let busy = UnixPeer::nameless(&url);
    busy.send("spin");
    server.wait_for("it spins", |books| books.active == 1);
    let peer = UnixPeer::at_path(&path, &url);
    peer.send("twice hello");
    drop(peer);
    fs::remove_file(&path).unwrap();
    let failed = &server.closed(2)[1];
    // The peer has broken off, in the words for connections.
    assert_eq!(failed.text("reason"), "reset", "{failed:?}");
    server.stop();
}

#[test]
fn long_datagrams_are_cut_and_empty_ones_are_served() {
    let (folder, url) = place();
    let server = Server::of(DATAGRAMS).listen(&url).start();
    let peer = UnixPeer::at_path(&folder.path().join("peer"), &url);
    assert_eq!(peer.ask(format!("length {}", "x".repeat(100_000))), "8192 truncated");
    peer.send("");
    let closed = server
        .log()
        .wait_for_one("connection closed", |line| line.number("received") == 0);
    assert_eq!(closed.text("error"), "there is no command ``");
    server.stop();
}

/// The handlers wait in `send-to`; the answers still go out when the server drains.
#[test]
fn a_peer_that_does_not_receive_is_waited_for_even_by_a_drain() {
    let (folder, url) = place();
    let server = Server::of(ECHO_DATAGRAMS)
        .listen(&url)
        .with("drain-grace", "1h")
        .start();
    let peer = UnixPeer::at_path(&folder.path().join("peer"), &url);
    let more_than_room = room() + 5;
    for _ in 0..more_than_room {
        peer.send("hello");
    }
    let books = server.wait_for("all are being handled", |books| books.accepted == more_than_room);
    assert!(books.active > 0, "{books:?}");
    server.signal(Signal::TERM);
    server.log().wait_for(TOLD_TO_STOP, 1);
    for _ in 0..more_than_room {
        assert_eq!(peer.receive(), "hello");
    }
    let ended = server.ended();
    assert_eq!((ended.code, ended.books.closed("completed")), (Some(0), more_than_room));
}

/// The kernel wakes a sender when the peer takes one of its own datagrams, and here none is.
#[test]
fn a_peer_whose_queue_others_have_filled_is_answered_when_it_is_not_full_any_more() {
    let (folder, url) = place();
    let server = Server::of(ECHO_DATAGRAMS).listen(&url).start();
    let path = folder.path().join("peer");
    let peer = UnixPeer::at_path(&path, &url);
    let filled = UnixPeer::nameless(&url).fill(&path);
    peer.send("hello");
    server.wait_for("the handler waits", |books| books.active == 1);
    for _ in 0..filled {
        assert_eq!(peer.receive(), "filled");
    }
    assert_eq!(peer.receive(), "hello");
    server.stop();
}

#[test]
fn a_peer_that_never_receives_is_given_up() {
    let (folder, url) = place();
    let server = Server::of(ECHO_DATAGRAMS)
        .listen(&url)
        .with("idle-timeout", "300ms")
        .start();
    let peer = UnixPeer::at_path(&folder.path().join("peer"), &url);
    let sent = room() + 1;
    for _ in 0..sent {
        peer.send("hello");
    }
    let idle = server
        .log()
        .wait_for_one("connection closed", |line| line.text("reason") == "idle");
    assert_eq!((idle.number("received"), idle.number("sent")), (5, 0));
    assert_eq!(server.stop().accepted, sent);
}

#[test]
fn only_its_user_may_send_unless_a_mode_says_more_and_the_file_goes_with_the_server() {
    let (folder, url) = place();
    let open = folder.path().join("open");
    let server = Server::of(ECHO_DATAGRAMS)
        .listen(&url)
        .listen(format!("unixgram://{}?mode=0666", open.display()))
        .start();
    let path = folder.path().join("socket");
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert!(fs::metadata(&path).unwrap().file_type().is_socket());
    assert_eq!((mode(&path), mode(&open)), (0o600, 0o666));
    server.stop();
    assert!(!path.exists() && !open.exists());
    let error = UnixPeer::nameless(&url).try_send("anybody?").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[test]
fn a_file_that_nobody_receives_at_is_replaced_and_no_other() {
    let (folder, url) = place();
    drop(UnixDatagram::bind(folder.path().join("socket")).unwrap());
    let server = Server::of(ECHO_DATAGRAMS).listen(&url).start();
    let peer = UnixPeer::at_path(&folder.path().join("peer"), &url);
    assert_eq!(peer.ask("hello"), "hello");
    let second = run_serve(ECHO_DATAGRAMS, &["--listen", &url]);
    assert_eq!(second.code, Some(71), "{second:?}");
    assert!(second.errors.contains("something already listens there"), "{second:?}");
    assert_eq!(peer.ask("still here"), "still here");
    assert!(peer.is_silent());
    server.stop();
}

/// How many datagrams of one sender a Unix socket holds: the limit itself is let through.
fn room() -> u64 {
    let limit = fs::read_to_string("/proc/sys/net/unix/max_dgram_qlen").unwrap();
    limit.trim_end().parse::<u64>().unwrap() + 1
}

fn place() -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("unixgram://{}/socket", folder.path().display());
    (folder, url)
}
