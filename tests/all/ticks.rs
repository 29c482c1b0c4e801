//! Ticks: a server whose connections all wait has none, and one whose guests compute has as many as their neighbours need.

use crate::support::client::End;
use crate::support::eventually::settled;
use crate::support::guest::{ECHO, Guest};
use crate::support::server::Server;

#[test]
fn connections_that_wait_wake_nobody() {
    let server = Server::of(ECHO).start();
    let mut clients: Vec<_> = (0..3).map(|_| server.connect()).collect();
    for client in &mut clients {
        client.echo("here");
    }
    settled("no thread of the server wakes", || server.wakeups());
    for client in &mut clients {
        client.echo("still here");
    }
    drop(clients);
    server.stop();
}

/// The ticks that its first turn needs come although there were none when it began.
#[test]
fn a_guest_that_begins_to_compute_after_a_silence_is_stopped() {
    let server = Server::of(Guest::Built("burn")).with("max-cpu-time", "100ms").start();
    let mut client = server.connect();
    assert_eq!(client.ask("1"), "ok");
    settled("no thread of the server wakes", || server.wakeups());
    client.send("60000\n");
    assert_eq!(client.end(), End::Reset);
    assert_eq!(server.closed(1)[0].text("reason"), "cpu-time");
    server.stop();
}
