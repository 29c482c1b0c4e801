//! Handlers of the async world: the same bytes, limits and endings as in the blocking one, and two directions at once.

use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::streams::leaves_nothing_of_connections_at_once;
use crate::support::client::{Client, End, noise};
use crate::support::guest::{ECHO_ASYNC, Guest};
use crate::support::server::{Server, TOLD_TO_STOP};

const TICKER: Guest = Guest::Built("ticker");

/// Returns what it receives without touching it.
const PASS: Guest = Guest::Built("async_pass");

#[test]
fn an_async_echo_comes_back() {
    for guest in [ECHO_ASYNC, PASS] {
        let server = Server::of(guest).start();
        assert!(server.log().wait_for("handler loaded", 1)[0].flag("concurrency"));
        let mut client = server.connect();
        client.echo("hello\n");
        client.echo([0, 255, 10, 13]);
        client.finish();
        assert_eq!(client.end(), End::Closed);
        let closed = &server.closed(1)[0];
        assert_eq!((closed.number("received"), closed.number("sent")), (10, 10));
        assert_eq!(server.stop().closed("completed"), 1);
    }
}

#[test]
fn an_async_echo_comes_back_over_every_transport_of_connections() {
    for guest in [ECHO_ASYNC, PASS] {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::of(guest)
            .listen("tcp://[::1]:0")
            .listen(format!("unix://{}", folder.path().join("echo").display()))
            .start();
        for listener in server.listeners() {
            let mut client = Client::connect(listener).unwrap();
            client.echo(listener);
            client.finish();
            assert_eq!(client.end(), End::Closed);
        }
        assert_eq!(server.stop().closed("completed"), 2);
    }
}

#[test]
fn many_bytes_come_back_unchanged_from_an_async_handler() {
    for guest in [ECHO_ASYNC, PASS] {
        let server = Server::of(guest).start();
        let mut client = server.connect();
        let bytes = noise(16 << 20);
        let (received, _) = client.exchange(&bytes);
        assert!(received == bytes, "{} bytes came back, or others", received.len());
        server.stop();
    }
}

/// More than fits into any number of 32 bits, and into any memory that the guest or the host may have.
#[test]
fn five_gigabytes_go_through_one_connection_without_growth() {
    const TOTAL: u64 = 5 << 30;
    const CHUNK: usize = 256 << 10;
    let server = Server::of(ECHO_ASYNC).with("max-cpu-time", "none").alone().start();
    let mut client = server.connect();
    let sender = client.split();
    let mut buffer = vec![0; CHUNK];
    let mut received = 0_u64;
    let mut after_the_first = None;
    thread::scope(|scope| {
        scope.spawn(|| {
            let chunk = [7; CHUNK];
            (0..TOTAL / CHUNK as u64).for_each(|_| sender.send(chunk));
            sender.finish();
        });
        loop {
            let count = client.receive_some(&mut buffer);
            if count == 0 {
                break;
            }
            received += count as u64;
            if received > 1 << 30 && after_the_first.is_none() {
                after_the_first = Some(server.memory());
            }
        }
    });
    assert_eq!(received, TOTAL);
    let grown = server.memory().saturating_sub(after_the_first.unwrap());
    assert!(grown < 4 << 20, "{grown} bytes more after 5 GiB than after one");
    let closed = &server.closed(1)[0];
    assert_eq!((closed.number("received"), closed.number("sent")), (TOTAL, TOTAL));
    server.stop();
}

/// Its timer and its peer at once: neither waits for the other.
#[test]
fn an_async_handler_talks_both_ways_at_once() {
    let server = Server::of(TICKER).start();
    let mut client = server.connect();
    assert_eq!(client.ask("hello"), "heard hello");
    assert_eq!(client.ask("every 20ms"), "every 20ms");
    assert_eq!(client.receive_line(), "tick 1");
    assert_eq!(client.receive_line(), "tick 2");
    client.send("are you there?\n");
    // A tick may come first, and the answer does not wait for a second one.
    let mut lines = [client.receive_line(), client.receive_line()];
    lines.sort();
    assert_eq!(lines, ["heard are you there?", "tick 3"]);
    client.finish();
    assert_eq!(client.receive_to_end().1, End::Closed);
    assert_eq!(server.stop().closed("completed"), 1);
}

#[test]
fn a_thousand_async_connections_at_once() {
    leaves_nothing_of_connections_at_once(ECHO_ASYNC, 1_000);
}

/// The host enforces times, which this world has no word for.
#[test]
fn a_silent_async_connection_is_idle_and_an_old_one_is_over() {
    let server = Server::of(ECHO_ASYNC)
        .with("idle-timeout", "500ms")
        .with("max-lifetime", "1s")
        .start();
    assert_eq!(server.connect().end(), End::Reset);
    let mut busy = server.connect();
    let since = Instant::now();
    while busy.try_ask("hello").is_some() {
        assert!(since.elapsed() < Duration::from_secs(10), "a lifetime of one second");
    }
    let closed = server.closed(2);
    assert_eq!(closed[0].text("reason"), "idle");
    assert_eq!(closed[1].text("reason"), "lifetime");
    server.stop();
}

#[test]
fn open_async_connections_finish_when_the_server_drains_and_are_killed_after() {
    let server = Server::of(ECHO_ASYNC).with("drain-grace", "500ms").start();
    let (mut quick, mut slow) = (server.connect(), server.connect());
    quick.echo("hello");
    slow.echo("hello");
    server.signal(Signal::TERM);
    server.log().wait_for(TOLD_TO_STOP, 1);
    quick.echo("still there?");
    quick.finish();
    assert_eq!(quick.end(), End::Closed);
    assert_eq!(slow.end(), End::Reset);
    let ended = server.ended();
    assert_eq!(ended.code, Some(75));
    assert_eq!((ended.books.closed("completed"), ended.books.closed("killed")), (1, 1));
}

#[test]
fn a_peer_that_resets_an_async_connection_is_blamed() {
    let server = Server::of(ECHO_ASYNC).start();
    let mut client = server.connect();
    client.echo("hello");
    client.reset();
    assert_eq!(server.closed(1)[0].text("reason"), "reset");
    server.stop();
}

/// Backpressure, in both directions: nobody keeps what the other side does not take.
#[test]
fn a_peer_that_does_not_read_stops_an_async_handler() {
    for guest in [ECHO_ASYNC, PASS] {
        let server = Server::of(guest).alone().start();
        let mut warm = server.connect();
        warm.echo([1; 4096]);
        drop(warm);
        server.closed(1);
        let before = server.memory();
        let client = server.connect();
        let taken = client.send_until_full();
        assert!(taken > 0);
        let grown = server.memory().saturating_sub(before);
        assert!(grown < 8 << 20, "{grown} bytes for {taken} that the peer does not read");
        drop(client);
        server.stop();
    }
}
