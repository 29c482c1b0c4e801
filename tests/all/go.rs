//! What a runtime of its own brings to a component, in Go: a collector, goroutines, deadlines.

use std::path::PathBuf;

use crate::support::client::{End, noise};
use crate::support::log::Record;
use crate::support::server::Server;
use crate::support::source::component;

fn goroutines() -> Option<PathBuf> {
    component("tests/programs/goroutines/handler.go")
}

/// 256 MiB, each part of it in memory of its own, with 64 MiB to live in.
#[test]
fn memory_stays_flat_over_a_long_transfer() {
    let Some(handler) = goroutines() else { return };
    let server = Server::at(handler).with("max-memory", "64MiB").start();
    let mut client = server.connect();
    client.send("garbage\n");
    let bytes = noise(256 << 20);
    let (echoed, end) = client.exchange(&bytes);
    assert!(echoed == bytes && end == End::Closed, "{} bytes, {end:?}", echoed.len());
    let collected = |line: &Record| line.text("text") == "collected true";
    server.log().wait_for_one("guest output", collected);
    assert_eq!(server.stop().closed("completed"), 1);
}

#[test]
fn goroutines_run_while_another_reads() {
    let Some(handler) = goroutines() else { return };
    let server = Server::at(handler).start();
    let mut client = server.connect();
    client.send("tick\n");
    for number in ["0", "1", "2"] {
        assert_eq!(client.receive_line(), number);
    }
    client.echo("done\n");
    assert_eq!(
        client.ask("deadline"),
        "true",
        "the time passes for one goroutine as well"
    );
    drop(client);
    server.stop();
}

/// Neither direction waits for the other: the peer takes nothing before it has sent everything.
#[test]
fn a_goroutine_that_sends_does_not_stop_one_that_receives() {
    let Some(handler) = goroutines() else { return };
    let server = Server::at(handler).start();
    let mut client = server.connect();
    client.send("duplex\n");
    let bytes = noise(8 << 20);
    client.send(&bytes);
    client.finish();
    let (received, end) = client.receive_to_end();
    assert_eq!(end, End::Closed);
    assert_eq!(received.len(), bytes.len() + format!("{}\n", bytes.len()).len());
    server.stop();
}

#[test]
fn what_the_runtime_cannot_go_on_after_is_a_trap() {
    let Some(handler) = goroutines() else { return };
    let server = Server::at(handler).start();
    for (number, line, words) in [
        (1, "panic elsewhere\n", "panic: boom"),
        (2, "deadlock\n", "fatal error: all goroutines are asleep - deadlock!"),
    ] {
        let mut client = server.connect();
        client.send(line);
        assert_eq!(client.end(), End::Reset, "{line}");
        let closed = server.closed(number).pop().expect("it is closed");
        assert_eq!(closed.text("reason"), "trap", "{closed:?}");
        let said = |line: &Record| line.text("text").starts_with(words);
        server.log().wait_for_one("guest output", said);
    }
    assert_eq!(server.connect().ask("deadline"), "true", "nobody else notices");
    server.stop();
}
