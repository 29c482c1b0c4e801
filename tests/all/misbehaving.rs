//! Guests that misbehave: each loses its own connection, for its own reason, and no other connection notices.

use std::time::{Duration, Instant};

use crate::support::client::{Client, End};
use crate::support::guest::{ANY, Guest};
use crate::support::log::Record;
use crate::support::server::Server;

#[test]
fn a_trap_aborts() {
    let closed = abort("trap");
    assert_eq!(closed.text("reason"), "trap");
    assert_eq!(
        closed.text("error"),
        "wasm trap: wasm `unreachable` instruction executed"
    );
    assert!(closed.text("backtrace").contains("handle"), "{closed:?}");
}

#[test]
fn a_panic_aborts_and_its_message_is_logged() {
    let server = Server::of(Guest::Built("panic")).start();
    let mut client = server.connect();
    client.send("go");
    assert_eq!(client.end(), End::Reset);
    assert_eq!(server.closed(1)[0].text("reason"), "trap");
    let output = server.log().wait_for("guest output", 1);
    let message = output
        .iter()
        .find(|line| line.text("text").contains("gave up on purpose"));
    let message = message.unwrap_or_else(|| panic!("{output:?}"));
    assert_eq!((message.number("connection"), message.text("stream")), (1, "stderr"));
    server.stop();
}

#[test]
fn an_exit_aborts() {
    let closed = abort("exit");
    assert_eq!(closed.text("reason"), "exit");
}

#[test]
fn a_stack_overflow_aborts() {
    let closed = abort("stack_overflow");
    assert_eq!(closed.text("reason"), "trap");
    assert_eq!(closed.text("error"), "wasm trap: call stack exhausted");
    assert!(closed.text("backtrace").len() < 4096, "a deep stack fills no log");
}

#[test]
fn an_error_closes_in_order_and_is_logged() {
    let server = Server::of(Guest::Built("fail")).start();
    assert_eq!(
        server.connect().receive_to_end(),
        (b"an answer\n".to_vec(), End::Closed)
    );
    let closed = &server.closed(1)[0];
    assert_eq!(closed.text("reason"), "handler-error");
    assert_eq!(closed.text("error"), "told you so");
    server.stop();
}

#[test]
fn a_leak_is_no_leak_of_the_host() {
    let server = Server::of(Guest::Built("leak")).alone().start();
    let serve = |_: u32| {
        let mut client = server.connect();
        client.echo("leak this");
        assert_eq!(client.end(), End::Closed);
    };
    (0..200).for_each(serve);
    server.closed(200);
    let (memory, descriptors) = (server.memory(), server.descriptors());
    (0..2_000).for_each(serve);
    server.closed(2_200);
    assert!(server.descriptors() <= descriptors);
    let grown = server.memory().saturating_sub(memory);
    assert!(grown < 8 << 20, "{grown} bytes are left of 2,000 connections");
    assert_eq!(server.stop().closed("completed"), 2_200);
}

/// An orderly close of a connection with unread bytes would reset it, and the peer would lose the end of the answer.
#[test]
fn an_answer_that_comes_early_arrives_whole() {
    let server = Server::of(Guest::Built("early_answer")).start();
    let mut client = server.connect();
    client.send("question\n");
    client.send(vec![b'x'; 100_000]);
    let (answer, end) = client.receive_to_end();
    assert_eq!((answer.len(), end), (256 << 10, End::Closed));
    drop(client);
    assert_eq!(server.stop().closed("completed"), 1);
}

/// A peer that never stops sending is not waited for longer than `linger`.
#[test]
fn a_peer_that_sends_on_is_left_behind() {
    let server = Server::of(Guest::Built("early_answer")).with("linger", "300ms").start();
    let mut client = server.connect();
    client.send("question\n");
    assert_eq!(client.receive(256 << 10).len(), 256 << 10);
    while client.try_send([b'x'; 1024]).is_ok() {}
    let closed = &server.closed(1)[0];
    assert_eq!(closed.text("reason"), "completed");
    assert!(closed.seconds("duration") >= 0.3, "{closed:?}");
    server.stop();
}

#[test]
fn both_directions_flow_at_once() {
    const TOTAL: usize = 8 << 20;
    let server = Server::of(Guest::Built("full_duplex")).start();
    let mut client = server.connect();
    let sender = client.split();
    let received = std::thread::scope(|scope| {
        scope.spawn(|| {
            sender.send(vec![b'x'; TOTAL]);
            sender.finish();
        });
        client.receive_to_end().0
    });
    let (bytes, line) = received.split_at(TOTAL);
    assert!(
        bytes
            .iter()
            .enumerate()
            .all(|(at, byte)| usize::from(*byte) == at % 251)
    );
    assert_eq!(line, format!("received {TOTAL}\n").as_bytes());
    server.stop();
}

#[test]
fn a_handler_hears_its_peer_after_its_own_end() {
    let server = Server::of(Guest::Built("half_close")).start();
    let mut client = server.connect();
    assert_eq!(client.receive_to_end(), (b"hello\n".to_vec(), End::Closed));
    client.send(vec![b'x'; 100_000]);
    client.finish();
    let output = server.log().wait_for("guest output", 1);
    assert_eq!(output[0].text("text"), "received 100000 bytes");
    server.stop();
}

#[test]
fn what_guests_print_is_bounded() {
    let server = Server::of(Guest::Built("print"))
        .with("max-guest-output", "16KiB")
        .with("max-lifetime", "2s")
        .start();
    assert_eq!(server.connect().end(), End::Reset);
    let closed = &server.closed(1)[0];
    assert_eq!(closed.text("reason"), "lifetime");
    assert!(closed.number("output_dropped") > 1 << 20, "{closed:?}");
    let output = server.log().all("guest output");
    let logged: usize = output.iter().map(|line| line.text("text").len()).sum();
    assert!(
        (8 << 10..64 << 10).contains(&logged),
        "{logged} bytes in 2 s at 16 KiB a second"
    );
    assert!(
        output
            .iter()
            .all(|line| line.text("text").len() <= 8 << 10 && line.number("connection") == 1)
    );
    server.stop();
}

/// A line without an end is not kept in memory until it has one.
#[test]
fn a_long_line_is_cut() {
    let server = Server::of(Guest::Built("print"))
        .with("max-guest-output", "1MiB")
        .with("max-lifetime", "1s")
        .start();
    server.connect().receive_to_end();
    server.closed(1);
    let output = server.log().all("guest output");
    let cut: Vec<_> = output.iter().filter(|line| line.has("cut")).collect();
    assert!(!cut.is_empty());
    let length = cut[0].text("text").len();
    assert!(
        cut.iter().all(|line| line.text("text").len() <= length),
        "all lines are cut at the same length"
    );
    server.stop();
}

#[test]
fn a_handler_that_sends_without_end_stops_with_its_peer() {
    let server = Server::of(Guest::Built("flood")).with("idle-timeout", "500ms").start();
    let client = server.connect();
    let closed = &server.closed(1)[0];
    assert_eq!(closed.text("reason"), "idle");
    assert!(closed.number("sent") < 64 << 20, "{closed:?}");
    drop(client);
    server.stop();
}

#[test]
fn no_fault_of_a_neighbour_is_noticed() {
    for (fault, reason) in [
        ("trap", "trap"),
        ("panic", "trap"),
        ("overflow", "trap"),
        ("exit", "exit"),
        ("grow", "memory"),
        ("spin", "cpu-time"),
        ("print", "cpu-time"),
        ("no such fault", "handler-error"),
    ] {
        let server = Server::of(ANY)
            .with("max-cpu-time", "300ms")
            .with("max-memory", "16MiB")
            .start();
        let mut neighbour = echoing(&server);
        let mut villains: Vec<_> = (0..8).map(|_| misbehaving(&server, fault)).collect();
        for villain in &mut villains {
            neighbour.echo("good morning");
            villain.receive_to_end();
        }
        neighbour.echo("good night");
        drop(neighbour);
        let books = server.stop();
        assert_eq!(books.closed(reason), 8, "{fault}: {books:?}");
        assert_eq!(books.closed("completed"), 1, "{fault}: {books:?}");
    }
}

/// A handler that only echoes has to wait for its turn, and no longer.
#[test]
fn four_spinners_do_not_hold_up_a_neighbour() {
    let server = Server::of(ANY).with("max-cpu-time", "60s").alone().start();
    let mut neighbour = echoing(&server);
    let spinners: Vec<_> = (0..4).map(|_| misbehaving(&server, "spin")).collect();
    server.wait_for("all of them run", |books| books.active == 5);

    let mut times: Vec<_> = (0..1_000_u32)
        .map(|number| {
            let sent = Instant::now();
            neighbour.echo(number.to_be_bytes());
            sent.elapsed()
        })
        .collect();
    times.sort_unstable();
    let (median, p99) = (times[500], times[990]);
    eprintln!(
        "with four spinners: median {median:?}, p99 {p99:?}, worst {:?}",
        times[999]
    );
    assert!(p99 < Duration::from_millis(50), "p99 {p99:?}");
    assert_eq!(server.books().active, 5, "the spinners still spin");
    drop((neighbour, spinners));
    server.kill();
}

/// Opening a connection is not held up either.
#[test]
fn four_spinners_do_not_hold_up_new_connections() {
    let server = Server::of(ANY).with("max-cpu-time", "60s").alone().start();
    let spinners: Vec<_> = (0..4).map(|_| misbehaving(&server, "spin")).collect();
    server.wait_for("all of them run", |books| books.active == 4);
    let mut times: Vec<_> = (0..200_u32)
        .map(|number| {
            let started = Instant::now();
            echoing(&server).echo(number.to_be_bytes());
            started.elapsed()
        })
        .collect();
    times.sort_unstable();
    assert!(times[198] < Duration::from_millis(100), "p99 {:?}", times[198]);
    drop(spinners);
    server.kill();
}

/// Lets a program abort its connection, and returns that one's line of the log.
fn abort(program: &'static str) -> Record {
    let server = Server::of(Guest::Built(program)).start();
    let mut client = server.connect();
    client.send("go");
    assert_eq!(client.end(), End::Reset);
    let closed = server.closed(1).remove(0);
    server.stop();
    closed
}

fn echoing(server: &Server) -> Client {
    misbehaving(server, "echo")
}

fn misbehaving(server: &Server, how: &str) -> Client {
    let client = server.connect();
    client.send(format!("{how}\n"));
    client
}
