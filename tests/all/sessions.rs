//! Sessions: the datagrams of one remote address share a sandbox, until they stop.

use rustix::process::Signal;

use crate::support::datagrams::Peer;
use crate::support::eventually::eventually;
use crate::support::guest::DATAGRAMS;
use crate::support::server::{Server, Setup};

#[test]
fn a_session_keeps_its_sandbox_and_shares_it_with_nobody() {
    let server = sessions("1h").start();
    let (first, second) = (Peer::of(server.address()), Peer::of(server.address()));
    for count in 1..=3 {
        assert_eq!(first.ask("count"), count.to_string());
    }
    assert_eq!(second.ask("count"), "1");
    assert_eq!(first.ask("count"), "4");
    assert_eq!(server.books().active, 2);
    assert_eq!(server.stop().closed("completed"), 2);
}

#[test]
fn a_session_ends_when_its_remote_is_silent() {
    let server = sessions("300ms").start();
    let peer = Peer::of(server.address());
    assert_eq!((peer.ask("count"), peer.ask("count")), ("1".to_owned(), "2".to_owned()));
    let closed = &server.closed(1)[0];
    assert_eq!(closed.text("reason"), "completed");
    assert_eq!((closed.number("received"), closed.number("sent")), (10, 2));
    assert!(closed.seconds("duration") >= 0.3);
    assert_eq!(peer.ask("count"), "1");
    server.stop();
}

#[test]
fn a_datagram_that_fails_ends_its_session_and_the_next_begins_another() {
    let server = sessions("1h").with("max-cpu-time", "300ms").start();
    let (peer, neighbour) = (Peer::of(server.address()), Peer::of(server.address()));
    assert_eq!(neighbour.ask("count"), "1");
    for (number, (datagram, reason)) in [("fail x", "handler-error"), ("panic", "trap"), ("spin", "cpu-time")]
        .into_iter()
        .enumerate()
    {
        assert_eq!(peer.ask("count"), "1");
        peer.send(datagram);
        assert_eq!(server.closed(number + 1)[number].text("reason"), reason);
    }
    assert_eq!(peer.ask("count"), "1");
    assert_eq!(neighbour.ask("count"), "2");
    server.stop();
}

/// An idle session holds up nobody.
#[test]
fn a_drain_ends_sessions_at_once() {
    let server = sessions("1h").with("drain-grace", "1h").start();
    let peers: Vec<_> = (0..10).map(|_| Peer::of(server.address())).collect();
    peers.iter().for_each(|peer| assert_eq!(peer.ask("count"), "1"));
    server.signal(Signal::TERM);
    let ended = server.ended();
    assert_eq!((ended.code, ended.books.closed("completed")), (Some(0), 10));
}

/// A session holds 64 datagrams that wait for their turn; it takes them with it when it fails.
#[test]
fn what_finds_the_queue_of_a_session_full_is_counted() {
    let server = sessions("1h").with("max-cpu-time", "1s").start();
    let peer = Peer::of(server.address());
    peer.send("spin");
    server.wait_for("it spins", |books| books.active == 1);
    for _ in 0..100 {
        peer.send("none");
    }
    server.wait_for("the queue overflows", |books| {
        books.rejected("session-queue") == 100 - 64
    });
    assert_eq!(server.closed(1)[0].text("reason"), "cpu-time");
    server.wait_for("the queue is lost", |books| books.rejected("session-queue") == 100);
    assert_eq!(peer.ask("count"), "1");
    assert_eq!(server.stop().accepted, 2);
}

/// Waiting for a sandbox would hold up the sessions that have theirs.
#[test]
fn a_full_server_rejects_new_sessions_and_goes_on_with_those_it_has() {
    let server = sessions("1h").with("max-connections", 1).start();
    let (first, second) = (Peer::of(server.address()), Peer::of(server.address()));
    assert_eq!(first.ask("count"), "1");
    second.send("count");
    let rejected = &server.log().wait_for("connection rejected", 1)[0];
    assert_eq!(rejected.text("reason"), "max-connections");
    assert_eq!(rejected.text("remote"), second.address().to_string());
    assert_eq!(first.ask("count"), "2");
    first.send("panic");
    server.closed(1);
    // The permit is given back a moment after the line is logged.
    server.wait_for("nothing is open", |books| books.active == 0);
    eventually("the second is served", || {
        second.send("echo served");
        server.log().all("connection opened").get(1).cloned()
    });
    assert_eq!(second.receive(), b"echo served");
    assert!(server.stop().rejected("max-connections") >= 1);
}

#[test]
fn a_source_has_as_many_sessions_as_it_may() {
    let server = sessions("1h")
        .with("max-connections-per-source", 1)
        .with("exempt-source", "none")
        .start();
    let (first, second) = (Peer::of(server.address()), Peer::of(server.address()));
    assert_eq!(first.ask("count"), "1");
    second.send("count");
    let rejected = &server.log().wait_for("connection rejected", 1)[0];
    assert_eq!(rejected.text("reason"), "max-connections-per-source");
    assert_eq!(first.ask("count"), "2");
    server.stop();
}

/// One whose remote always has the next datagram waiting would live for ever.
#[test]
fn a_session_ends_with_its_lifetime_however_busy_it_is() {
    let server = sessions("1h").with("max-lifetime", "500ms").start();
    let peer = Peer::of(server.address());
    let closed = peer.flood("none", || server.closed(1));
    assert!(
        ["completed", "lifetime"].contains(&closed[0].text("reason")),
        "{closed:?}"
    );
    let books = server.stop();
    assert_eq!(books.accepted, books.closed_in_all());
}

fn sessions(silence: &str) -> Setup {
    Server::of(DATAGRAMS)
        .listen("udp://127.0.0.1:0")
        .with("datagram-session", silence)
}
