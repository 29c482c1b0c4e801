//! Bytes through the server: all of them, in order, in both directions, and no more than the peer takes.

use std::thread;

use crate::support::client::End;
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
    let sender = client.split();
    let received = thread::scope(|scope| {
        scope.spawn(|| {
            sender.send(&bytes);
            sender.finish();
        });
        client.receive_to_end().0
    });
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
    let server = Server::of(ECHO).with("max-connections", 2_000).alone().start();
    let round = |number: usize| {
        let mut clients: Vec<_> = (0..2_000_u64).map(|_| server.connect()).collect();
        server.wait_for("all are open", |books| books.active == 2_000);
        for (client, number) in clients.iter_mut().zip(0_u64..) {
            client.send(number.to_be_bytes());
        }
        for (client, number) in clients.iter_mut().zip(0_u64..) {
            assert_eq!(client.receive(8), number.to_be_bytes());
        }
        drop(clients);
        server.closed(number * 2_000);
        server.memory()
    };
    let before = round(1);
    let after = round(2).min(round(3));
    let grown = after.saturating_sub(before);
    assert!(grown < 16 << 20, "{grown} bytes are left of 2,000 connections at once");
    assert_eq!(server.stop().closed("completed"), 6_000);
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

/// Bytes without a pattern, by Knuth's linear congruence.
fn noise(count: usize) -> Vec<u8> {
    let mut state = 0_u64;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        state.to_be_bytes()[0]
    };
    (0..count).map(|_| next()).collect()
}
