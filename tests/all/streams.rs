//! Bytes through the server: all of them, in order, in both directions, and no more than the peer takes.

use std::thread;

use crate::support::client::{End, noise};
use crate::support::eventually::settled;
use crate::support::guest::{CHARGEN, DISCARD, ECHO, Guest};
use crate::support::server::Server;

#[test]
fn an_echo_comes_back() {
    let server = Server::of(ECHO).start();
    let mut client = server.connect();
    client.echo("hello\n");
    client.echo([0, 255, 10, 13]);
    client.finish();
    assert_eq!(client.end(), End::Closed);
    assert_eq!(server.stop().closed("completed"), 1);
}

/// The half-close of RFC 9293, section 3.6: a peer that has sent everything still receives everything.
#[test]
fn a_peer_that_has_finished_sending_receives_the_rest() {
    let server = Server::of(ECHO).start();
    let mut client = server.connect();
    client.send("all of this");
    client.finish();
    assert_eq!(client.receive_to_end(), (b"all of this".to_vec(), End::Closed));
    server.stop();
}

#[test]
fn many_bytes_come_back_unchanged() {
    let server = Server::of(ECHO).start();
    let mut client = server.connect();
    let bytes = noise(16 << 20);
    let (received, _) = client.exchange(&bytes);
    assert!(received == bytes, "{} bytes came back, or others", received.len());
    let closed = server.closed(1);
    assert_eq!(
        (closed[0].number("received"), closed[0].number("sent")),
        (16 << 20, 16 << 20)
    );
    server.stop();
}

/// Backpressure: what the peer does not take stays in the handler, so that the host keeps nothing.
#[test]
fn a_peer_that_does_not_read_stops_the_handler() {
    let server = Server::of(CHARGEN).alone().start();
    let mut warm = server.connect();
    warm.receive(1 << 20);
    drop(warm);
    server.closed(1);
    let before = server.memory();

    let clients: Vec<_> = (0..8).map(|_| server.connect()).collect();
    let memory = settled("the handlers stop", || server.memory() >> 20) << 20;
    let grown = memory.saturating_sub(before);
    assert!(grown < 8 << 20, "{grown} bytes for 8 peers that do not read");

    for mut client in clients {
        client.receive(1 << 20);
    }
    server.wait_for("every connection is closed", |books| books.active == 0);
    server.stop();
}

/// Backpressure in the other direction.
#[test]
fn a_handler_that_does_not_read_stops_its_peer() {
    let server = Server::of(Guest::Built("never_read")).alone().start();
    let before = server.memory();
    let client = server.connect();
    let taken = client.send_until_full();
    assert!(taken > 0);
    let grown = server.memory().saturating_sub(before);
    assert!(
        grown < 8 << 20,
        "{grown} bytes for {taken} that the handler does not read"
    );
    assert_eq!(server.kill().closed("killed"), 1);
}

#[test]
fn ten_thousand_connections_one_after_another() {
    let server = Server::of(ECHO).alone().start();
    let echo = |number: u32| {
        let mut client = server.connect();
        client.echo(number.to_be_bytes());
        client.finish();
        assert_eq!(client.end(), End::Closed);
    };
    (0..1_000).for_each(echo);
    server.closed(1_000);
    let before = server.memory();
    (1_000..11_000).for_each(echo);
    server.closed(11_000);
    let grown = server.memory().saturating_sub(before);
    assert!(grown < 8 << 20, "{grown} bytes are left of 10,000 connections");
    assert_eq!(server.stop().closed("completed"), 11_000);
}

#[test]
fn two_thousand_connections_at_the_same_time() {
    leaves_nothing_of_connections_at_once(ECHO, 2_000);
}

/// As many connections as the server may have, three times, and its memory.
pub(crate) fn leaves_nothing_of_connections_at_once(guest: Guest, count: u64) {
    let server = Server::of(guest).with("max-connections", count).alone().start();
    let mut closed = 0;
    let mut round = || {
        let mut clients: Vec<_> = (0..count).map(|_| server.connect()).collect();
        server.wait_for("all are open", |books| books.active == count);
        for (client, number) in clients.iter_mut().zip(0_u64..) {
            client.send(number.to_be_bytes());
        }
        for (client, number) in clients.iter_mut().zip(0_u64..) {
            assert_eq!(client.receive(8), number.to_be_bytes());
        }
        closed += clients.len();
        drop(clients);
        server.closed(closed);
        server.memory()
    };
    let before = round();
    let after = round().min(round());
    let grown = after.saturating_sub(before);
    assert!(
        grown < 16 << 20,
        "{grown} bytes are left of {count} connections at once"
    );
    assert_eq!(server.stop().closed("completed"), 3 * count);
}

#[test]
fn connections_do_not_mix_their_bytes() {
    let server = Server::of(ECHO).start();
    thread::scope(|scope| {
        for byte in b'a'..b'i' {
            let mut client = server.connect();
            scope.spawn(move || {
                for length in 1..500 {
                    client.echo(vec![byte; length]);
                }
            });
        }
    });
    assert_eq!(server.stop().closed("completed"), 8);
}

#[test]
fn a_peer_that_resets_is_noticed() {
    let server = Server::of(ECHO).start();
    let mut client = server.connect();
    client.echo("x");
    client.reset();
    assert_eq!(server.closed(1)[0].text("reason"), "reset");
    server.stop();
}

#[test]
fn what_is_discarded_is_counted() {
    let server = Server::of(DISCARD).start();
    let mut client = server.connect();
    client.send(noise(1 << 20));
    client.finish();
    assert_eq!(client.end(), End::Closed);
    assert_eq!(server.closed(1)[0].number("received"), 1 << 20);
    server.stop();
}
