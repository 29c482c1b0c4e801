//! Accepting goes on whatever happens: when descriptors run out, and when peers come and go.

use crate::support::client::End;
use crate::support::guest::ECHO;
use crate::support::server::Server;

const PAUSED: &str = "accept paused; connections wait in the backlog until it works again";

/// More peers than descriptors: some are served, the others wait, and are served as those leave.
#[test]
fn a_server_without_descriptors_pauses_and_loses_nobody() {
    let server = Server::of(ECHO).with("max-connections", 1_000).descriptors(64).start();
    server.log().wait_for(
        "fewer descriptors than max-connections and max-outbound need; connections beyond them will wait (ulimit -n)",
        1,
    );
    let mut clients: Vec<_> = (0..100).map(|_| server.connect()).collect();
    let paused = &server.log().wait_for(PAUSED, 1)[0];
    assert_eq!((paused.text("kind"), paused.text("level")), ("exhausted", "ERROR"));
    assert_eq!(paused.text("error"), "Too many open files (os error 24)");

    for (number, client) in clients.iter_mut().enumerate() {
        client.echo(number.to_string());
        client.finish();
        assert_eq!(client.end(), End::Closed);
    }
    assert_eq!(server.log().all(PAUSED).len(), 1, "it is said once");
    let books = server.stop();
    assert_eq!(books.closed("completed"), 100);
    assert!(books.accept_failures > 0);
}

/// Peers that reset before they are accepted, or right after, are the weather of the internet.
#[test]
fn peers_that_leave_at_once_do_no_harm() {
    let server = Server::of(ECHO).with("max-connections", 2).start();
    for _ in 0..200 {
        server.connect().reset();
        drop(server.connect());
    }
    server.connect().echo("still here");
    server.wait_for("everybody has left", |books| books.active == 0);
    assert_eq!(server.log().all(PAUSED).len(), 0);
    server.stop();
}

#[test]
fn closed_connections_leave_no_descriptor() {
    let server = Server::of(ECHO).start();
    let serve = |count| (0..count).for_each(|_: u32| server.connect().echo("hello"));
    serve(10);
    server.closed(10);
    let before = server.descriptors();
    serve(100);
    server.closed(110);
    assert!(server.descriptors() <= before);
    server.stop();
}
