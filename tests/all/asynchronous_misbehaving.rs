//! Handlers of the async world that misbehave: each loses its own connection, as a blocking one would.

use std::time::{Duration, Instant};

use crate::support::client::{Client, End, noise};
use crate::support::guest::Guest;
use crate::support::log::Record;
use crate::support::server::{Server, Setup};

const MISBEHAVE: Guest = Guest::Built("async_misbehave");

#[test]
fn async_faults_abort_with_the_reasons_of_blocking_ones() {
    for (fault, reason) in [
        ("trap", "trap"),
        ("panic", "trap"),
        ("exit", "exit"),
        ("grow", "memory"),
        ("spin", "cpu-time"),
        // More handles than a guest may hold.
        ("streams", "trap"),
    ] {
        // After `handle` has returned as well, in a task that it has left.
        for fault in [fault.to_owned(), format!("later {fault}")] {
            if fault == "later streams" {
                continue;
            }
            let (closed, end) = run(misbehaving(), &fault);
            assert_eq!(
                (closed.text("reason"), end),
                (reason, End::Reset),
                "{fault}: {closed:?}"
            );
        }
    }
}

#[test]
fn the_message_of_an_async_panic_is_logged() {
    let server = Server::of(MISBEHAVE).start();
    ask(&server, "later panic").receive_to_end();
    server
        .log()
        .wait_for_one("guest output", |line| line.text("text").contains("asked to"));
    server.stop();
}

/// As a result of `handle`, or in the future that came with the stream.
#[test]
fn an_error_of_an_async_handler_closes_in_order_and_is_logged() {
    for fault in ["error told you so", "end-error told you so"] {
        let (closed, end) = run(Server::of(MISBEHAVE), fault);
        assert_eq!(end, End::Closed);
        assert_eq!(closed.text("reason"), "handler-error");
        assert_eq!(closed.text("error"), "told you so");
    }
}

#[test]
fn an_async_handler_that_does_nothing_is_idle() {
    // What it has kept can no longer be used by anything, or nobody takes what it sends.
    for fault in ["leak", "never-tell", "never-return", "never-read", "write-forever"] {
        let server = Server::of(MISBEHAVE).with("idle-timeout", "500ms").start();
        let client = ask(&server, fault);
        let closed = server.closed(1).remove(0);
        assert_eq!(closed.text("reason"), "idle", "{fault}: {closed:?}");
        drop(client);
        server.stop();
    }
}

#[test]
fn leaks_of_async_handlers_are_no_leaks_of_the_host() {
    let server = Server::of(MISBEHAVE).with("idle-timeout", "50ms").alone().start();
    let serve = |_: u32| {
        let clients: Vec<_> = (0..50).map(|_| ask(&server, "leak")).collect();
        for mut client in clients {
            assert_eq!(client.end(), End::Reset);
        }
    };
    (0..4).for_each(serve);
    server.closed(200);
    let (memory, descriptors) = (server.memory(), server.descriptors());
    (0..20).for_each(serve);
    server.closed(1_200);
    assert!(server.descriptors() <= descriptors);
    let grown = server.memory().saturating_sub(memory);
    assert!(grown < 8 << 20, "{grown} bytes are left of 1,000 connections");
    assert_eq!(server.stop().closed("idle"), 1_200);
}

/// A task that goes on belongs to its connection.
#[test]
fn an_async_handler_computes_after_it_has_returned() {
    let server = Server::of(MISBEHAVE).start();
    let mut client = ask(&server, "after-return");
    assert_eq!(client.receive_line(), "computed 49999995000000");
    assert_eq!(client.end(), End::Closed);
    assert_eq!(server.stop().closed("completed"), 1);
}

#[test]
fn an_async_handler_that_drops_what_it_receives_can_send() {
    let server = Server::of(MISBEHAVE).start();
    let mut client = ask(&server, "drop-received");
    client.send(vec![b'x'; 100_000]);
    assert_eq!(client.receive_to_end(), (b"dropped\n".to_vec(), End::Closed));
    assert_eq!(server.stop().closed("completed"), 1);
}

/// The half-close of RFC 9293, section 3.6, from this side.
#[test]
fn an_async_handler_hears_its_peer_after_its_own_end() {
    let server = Server::of(MISBEHAVE).start();
    let mut client = ask(&server, "early-end");
    assert_eq!(client.receive_to_end(), (b"ended\n".to_vec(), End::Closed));
    client.send(vec![b'x'; 100_000]);
    client.finish();
    let output = server
        .log()
        .wait_for_one("guest output", |line| line.text("text").contains("after its end"));
    assert_eq!(output.text("text"), "read 100000 bytes after its end");
    assert_eq!(server.closed(1)[0].text("reason"), "completed");
    server.stop();
}

/// Operations that are cancelled and begun anew, in the middle of whatever they do.
#[test]
fn an_impatient_async_handler_loses_no_byte_and_repeats_none() {
    let server = Server::of(Guest::Built("async_impatient")).start();
    let mut client = server.connect();
    let bytes = noise(4 << 20);
    let sender = client.split();
    let received = std::thread::scope(|scope| {
        let received = scope.spawn(|| client.receive_to_end().0);
        for (number, part) in bytes.chunks(200_000).enumerate() {
            // Its patience ends while the server answers something else.
            if number % 4 == 0 {
                server.books();
            }
            sender.send(part);
        }
        sender.finish();
        received.join().unwrap()
    });
    assert!(received == bytes, "{} bytes came back, or others", received.len());
    assert_eq!(server.stop().closed("completed"), 1);
}

#[test]
fn bytes_are_counted_in_each_direction_of_an_async_handler() {
    let server = Server::of(Guest::Built("async_count")).start();
    let mut client = server.connect();
    for _ in 0..64 {
        client.send(vec![b'x'; 1 << 20]);
    }
    client.finish();
    assert_eq!(client.receive_line(), (64 << 20).to_string());
    let mut client = server.connect();
    client.send("send 67108864\n");
    let bytes = client.receive(64 << 20);
    assert!(
        bytes
            .iter()
            .zip((0..251).cycle())
            .all(|(byte, expected)| *byte == expected)
    );
    assert_eq!(client.end(), End::Closed);
    server.stop();
}

/// The blocking one costs less.
#[test]
fn a_component_with_both_handlers_of_connections_is_served_by_the_blocking_one() {
    let server = Server::of(Guest::Built("async_both")).start();
    assert_eq!(server.connect().receive_line(), "stream-handler");
    server.stop();
}

#[test]
fn spinning_async_handlers_do_not_hold_up_a_neighbour() {
    let server = Server::of(MISBEHAVE).with("max-cpu-time", "60s").alone().start();
    let spinners: Vec<_> = ["spin", "later spin", "spin", "later spin"]
        .map(|fault| ask(&server, fault))
        .into();
    server.wait_for("all of them run", |books| books.active == 4);
    let mut times: Vec<_> = (0..200)
        .map(|_| {
            let sent = Instant::now();
            assert_eq!(ask(&server, "drop-received").receive_line(), "dropped");
            sent.elapsed()
        })
        .collect();
    times.sort_unstable();
    assert!(times[190] < Duration::from_millis(100), "p95 {:?}", times[190]);
    drop(spinners);
    server.kill();
}

fn misbehaving() -> Setup {
    Server::of(MISBEHAVE)
        .with("max-cpu-time", "300ms")
        .with("max-memory", "16MiB")
}

fn ask(server: &Server, fault: &str) -> Client {
    let client = server.connect();
    client.send(format!("{fault}\n"));
    client
}

/// How a connection with this fault was closed, by the log and for its peer.
fn run(setup: Setup, fault: &str) -> (Record, End) {
    let server = setup.start();
    let (_, end) = ask(&server, fault).receive_to_end();
    let closed = server.closed(1).remove(0);
    server.stop();
    (closed, end)
}
