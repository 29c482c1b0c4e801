//! Handlers that fail: the peer is told, or sees that something is missing, and nobody else notices.

use crate::support::guest::{EACH_HTTP, Guest, HTTP};
use crate::support::http::{request, serve};

/// What a handler does, and what its peer and the log see of it.
const FAILURES: [(&str, u16, &str, &str); 7] = [
    ("/trap", 500, "trap", "unreachable"),
    ("/panic", 500, "trap", "unreachable"),
    ("/exit", 500, "exit", ""),
    ("/grow", 500, "memory", "max-memory"),
    ("/spin", 500, "cpu-time", "max-cpu-time"),
    ("/never", 504, "timed-out", ""),
    ("/decline", 502, "handler-error", "connection refused"),
];

#[test]
fn a_handler_that_fails_before_its_response_is_answered_for() {
    for (guest, (path, status, outcome, words)) in [(HTTP, ("/silent", 500, "handler-error", "without a response"))]
        .into_iter()
        .chain(
            EACH_HTTP
                .into_iter()
                .flat_map(|guest| FAILURES.map(|failure| (guest, failure))),
        )
    {
        let server = serve(guest)
            .with("max-memory", "8MiB")
            .with("max-cpu-time", "100ms")
            .with("request-timeout", "1s")
            .start();
        let mut client = server.connect();
        let response = client.get(path);
        assert_eq!((response.status, response.text()), (status, ""), "{path}");
        let ended = &server.requests(1)[0];
        assert_eq!(
            (ended.text("outcome"), ended.number("status")),
            (outcome, status.into()),
            "{path}"
        );
        assert!(ended.text("error").contains(words), "{path}: {ended:?}");
        assert_eq!(client.get("/").text(), "hello\n", "the connection goes on after {path}");
        drop(client);
        let books = server.stop();
        assert_eq!(
            (books.requests_ended(outcome), books.requests_ended("completed")),
            (1, 1)
        );
    }
}

/// Whether anything of it was sent by then or not.
#[test]
fn a_body_that_is_shorter_than_it_says_is_no_response() {
    let server = serve(HTTP).start();
    for number in 1..=20 {
        let mut client = server.connect();
        client.send(request("GET", "/short", ""));
        match client.try_response() {
            Ok(response) => assert_eq!((response.status, response.text()), (500, "")),
            Err(part) => assert!(b"five\n".starts_with(&part)),
        }
        let ended = &server.requests(number)[number - 1];
        assert_eq!(ended.text("outcome"), "handler-error");
        assert!(ended.text("error").contains("not as long as"), "{ended:?}");
    }
    server.stop();
}

/// Too little, too much, and never finished: whatever the handler does, no byte of it is taken for the next response.
#[test]
fn a_body_that_is_left_unfinished_is_no_response_unless_it_is_whole() {
    let server = serve(HTTP).start();
    for (count, is_whole) in [(5, false), (10, true), (15, false), (0, false)] {
        for _ in 0..20 {
            let mut client = server.connect();
            client.send(request("GET", &format!("/leak/{count}"), ""));
            client.send(request("GET", "/status/201", ""));
            match client.try_response() {
                Ok(first) => {
                    let expected = if is_whole { (200, "0123456789") } else { (500, "") };
                    assert_eq!((first.status, first.text()), expected, "of {count} bytes");
                    assert_eq!(client.response().status, 201, "after {count} bytes");
                }
                Err(part) => assert!(!is_whole && b"0123456789".starts_with(&part[..]), "of {count} bytes"),
            }
        }
    }
    server.stop();
}

#[test]
fn the_log_says_where_a_handler_trapped() {
    let server = serve(HTTP).start();
    server.connect().get("/panic");
    let ended = &server.requests(1)[0];
    assert!(ended.text("backtrace").contains("rust_panic"), "{ended:?}");
    let output = server.log().wait_for("guest output", 1);
    assert!(
        output
            .iter()
            .any(|line| line.text("text").contains("gave up on purpose"))
    );
    server.stop();
}

fn broken_off(guest: Guest, path: &str, outcome: &str) {
    let server = serve(guest)
        .with("max-memory", "8MiB")
        .with("max-cpu-time", "100ms")
        .with("request-timeout", "1s")
        .start();
    let mut client = server.connect();
    client.send(request("GET", path, ""));
    assert_eq!(client.try_response().unwrap_err(), b"a part\n", "{path}");
    let ended = server.requests(1)[0].clone();
    assert_eq!((ended.text("outcome"), ended.number("status")), (outcome, 200));
    assert_eq!(server.closed(1)[0].text("reason"), "aborted");
    assert_eq!(server.connect().get("/").text(), "hello\n");
    server.stop();
}

#[test]
fn a_response_whose_handler_fails_is_broken_off() {
    for guest in EACH_HTTP {
        broken_off(guest, "/late/panic", "trap");
        broken_off(guest, "/late/exit", "exit");
        broken_off(guest, "/late/grow", "memory");
        broken_off(guest, "/late/spin", "cpu-time");
        broken_off(guest, "/late/never", "timed-out");
    }
}
