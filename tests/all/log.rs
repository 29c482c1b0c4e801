//! The log: one line for each connection that opens and one for each that closes, for people or for programs.

use crate::support::client::End;
use crate::support::eventually::eventually;
use crate::support::guest::{CONFORMANCE, ECHO, Guest};
use crate::support::server::{Server, run_serve};

#[test]
fn a_connection_has_two_lines_with_all_that_is_known_of_it() {
    let server = Server::of(ECHO).start();
    let mut client = server.connect();
    client.echo("hello");
    client.finish();
    assert_eq!(client.end(), End::Closed);
    let closed = server.closed(1).remove(0);
    let opened = server.log().wait_for("connection opened", 1).remove(0);
    for line in [&opened, &closed] {
        assert_eq!((line.text("level"), line.text("target")), ("INFO", "socketserver"));
        assert_eq!(line.number("connection"), 1);
        assert_eq!(line.text("listener"), server.address());
        assert_eq!(line.text("remote"), client.address().to_string());
    }
    assert_eq!((closed.number("received"), closed.number("sent")), (5, 5));
    assert_eq!(closed.text("reason"), "completed");
    assert!((0.0..10.0).contains(&closed.seconds("duration")));
    assert!((0.0..10.0).contains(&closed.seconds("cpu_time")));
    for empty in ["error", "backtrace", "output_dropped"] {
        assert!(!closed.has(empty), "{empty} has nothing to say: {closed:?}");
    }
    server.stop();
}

#[test]
fn connections_are_numbered_from_one() {
    let server = Server::of(ECHO).start();
    for _ in 0..3 {
        server.connect().echo("hello");
    }
    let numbers: Vec<_> = server
        .log()
        .wait_for("connection opened", 3)
        .iter()
        .map(|line| line.number("connection"))
        .collect();
    assert_eq!(numbers, [1, 2, 3]);
    server.stop();
}

#[test]
fn lines_for_people_say_the_same() {
    let server = Server::of(ECHO).log_text().start();
    server.connect().echo("hello");
    let line = eventually("the line is there", || {
        let lines = server.log().texts();
        lines.into_iter().find(|line| line.contains("connection closed"))
    });
    for part in [
        " INFO ",
        "socketserver: ",
        "connection=1",
        "remote=127.0.0.1:",
        "received=5 sent=5",
        "reason=\"completed\"",
    ] {
        assert!(line.contains(part), "{part}: {line}");
    }
    assert!(!line.contains('\u{1b}'), "colours are for terminals: {line:?}");
    server.stop_without_books();
}

#[test]
fn without_being_asked_the_log_is_quiet() {
    let server = Server::of(ECHO).log("warn").log_text().start();
    server.connect().echo("hello");
    assert_eq!(server.stop_without_books(), [""; 0]);
}

#[test]
fn what_needs_somebody_is_a_warning() {
    let server = Server::of(Guest::Built("fail")).log("warn").start();
    server.connect().receive_to_end();
    assert_eq!(server.closed(1)[0].text("level"), "WARN");
    server.stop_without_books();
}

#[test]
fn what_guests_print_has_the_number_of_their_connection() {
    let server = Server::of(CONFORMANCE).start();
    for text in ["one", "two"] {
        server.connect().ask(&format!("print {text} \u{1b}[31m and é"));
    }
    let lines = server.log().wait_for("guest output", 2);
    for (line, (number, text)) in lines.iter().zip([(1, "one"), (2, "two")]) {
        assert_eq!(
            (line.text("level"), line.text("target")),
            ("INFO", "socketserver::guest")
        );
        assert_eq!(line.number("connection"), number);
        assert_eq!(line.text("stream"), "stdout");
        assert_eq!(line.text("text"), format!("{text} \u{1b}[31m and é"));
    }
    server.stop();
}

/// A guest must not be able to write to the operator's terminal, or forge lines.
#[test]
fn in_lines_for_people_the_text_of_a_guest_is_escaped() {
    let server = Server::of(CONFORMANCE).log_text().start();
    let mut client = server.connect();
    client.ask("print \u{1b}[31mred\r2026 ERROR forged");
    drop(client);
    let lines = server.stop_without_books();
    let line = lines.iter().find(|line| line.contains("guest output")).unwrap();
    assert!(!line.contains('\u{1b}') && !line.contains('\r'), "{line:?}");
}

#[test]
fn a_filter_can_leave_guests_out() {
    let server = Server::of(CONFORMANCE).log("info,socketserver::guest=off").start();
    let mut client = server.connect();
    client.ask("print secret");
    drop(client);
    server.closed(1);
    assert_eq!(server.log().all("guest output").len(), 0);
    server.stop();
}

#[test]
fn a_server_that_cannot_start_logs_nothing() {
    let run = run_serve(ECHO, &["--max-connections=0", "--log=info", "--log-format=json"]);
    assert!(
        run.errors.starts_with("error: ") && run.errors.lines().count() == 1,
        "{run:?}"
    );
}
