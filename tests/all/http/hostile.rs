//! Peers that mean no good.

use std::time::{Duration, Instant};

use crate::support::client::{Client, End};
use crate::support::guest::HTTP;
use crate::support::http::{request, serve};

/// What is no HTTP is answered so and closed, and no handler sees any of it.
#[test]
fn what_is_no_http_is_refused() {
    let server = serve(HTTP).start();
    for (bytes, why) in [
        ("\x16\x03\x01\x02\0\x01\0\x01\u{fc}\x03\x03\r\n\r\n", "TLS"),
        ("GET /\r\n\r\n", "HTTP/0.9"),
        ("GET / HTTP/3.0\r\nHost: a\r\n\r\n", "an unknown version"),
        ("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", "two spaces"),
        ("G(T / HTTP/1.1\r\nHost: a\r\n\r\n", "a method that is no token"),
        ("GET / HTTP/1.1\r\nHost : a\r\n\r\n", "a space before the colon"),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nX-Folded: b\r\n c\r\n\r\n",
            "a folded line",
        ),
        (
            "GET / HTTP/1.1\r\nHost: a\r\n X: b\r\n\r\n",
            "a line that begins with a space",
        ),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n", "a zero byte"),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n", "a bare CR"),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
            "two lengths",
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 2\r\n\r\nab",
            "two lengths in one line",
        ),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\na", "a sign"),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x1\r\n\r\na",
            "a length that is no number",
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
            "a negative length",
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551616\r\n\r\n",
            "a length beyond all numbers",
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
            "no framing",
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n",
            "chunked is not last",
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n",
            "not quite chunked",
        ),
        (
            "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "chunked in HTTP/1.0",
        ),
    ] {
        let mut client = server.connect();
        let _ = client.try_send(bytes);
        let response = client.response();
        assert_eq!((response.status, response.text()), (400, ""), "{why}");
        client.finish();
        assert_eq!(client.end(), End::Closed, "{why}");
    }
    let books = server.stop();
    assert_eq!((books.closed("protocol"), books.requests), (books.accepted, 0));
}

#[test]
fn a_request_without_one_host_is_refused() {
    let server = serve(HTTP).start();
    for head in [
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: user@a\r\n\r\n",
        "GET http://a/ HTTP/1.1\r\n\r\n",
        "GET http://user@a/ HTTP/1.1\r\nHost: a\r\n\r\n",
    ] {
        let mut client = server.connect();
        client.send(head);
        assert_eq!(client.response().status, 400, "{head}");
    }
    let mut client = server.connect();
    client.send("CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n");
    assert_eq!(client.response().status, 501);
    drop(client);
    assert_eq!(server.stop().requests_ended("refused"), 7);
}

/// RFC 9112, section 6.1: a server that takes a request with both "MUST close the connection after responding". Nothing that
/// follows is a request, so there is nothing to smuggle.
#[test]
fn a_request_with_both_framings_is_the_last() {
    let server = serve(HTTP).start();
    for both in [
        "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
    ] {
        let mut client = server.connect();
        client.send(request("POST", "/count", both));
        client.send("0\r\n\r\n");
        client.send(request("GET", "/print/smuggled", ""));
        let response = client.response();
        assert_eq!((response.text(), response.closes()), ("0\n", true));
        let (rest, _) = client.receive_to_end();
        assert_eq!(rest, b"");
    }
    assert_eq!(server.log().all("guest output").len(), 0);
    assert_eq!(server.stop().requests, 2);
}

/// A line that ends with LF alone is one to hyper, as RFC 9112, section 2.2, allows: whatever is in front must see it so too,
/// or not at all, and a chunk is held to the letter.
#[test]
fn chunks_are_held_to_the_letter() {
    let server = serve(HTTP).start();
    for chunks in [
        "5\nhello\n0\n\n",
        "5 \r\nhello\r\n0 x\r\n\r\n",
        "-5\r\nhello\r\n0\r\n\r\n",
        "5\r\nhelloX\r\n0\r\n\r\n",
        "ffffffffffffffffff\r\nhello\r\n0\r\n\r\n",
    ] {
        let mut client = server.connect();
        client.send(request("POST", "/echo", "Transfer-Encoding: chunked\r\n"));
        client.send(chunks);
        client.send(request("GET", "/print/smuggled", ""));
        client.finish();
        let (bytes, _) = client.receive_to_end();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        assert!(!text.contains("printed"), "{chunks:?}: {text}");
    }
    assert_eq!(
        server
            .log()
            .all("guest output")
            .iter()
            .filter(|line| line.text("text").contains("smuggled"))
            .count(),
        0
    );
    server.stop();
}

#[test]
fn silent_peers_keep_nobody_from_being_served() {
    let server = serve(HTTP)
        .with("max-connections", 500)
        .with("header-timeout", "1h")
        .with("backlog", 4096)
        .log("warn")
        .alone()
        .start();
    let silent: Vec<Client> = (0..2000).map(|_| server.connect()).collect();
    let since = Instant::now();
    for _ in 0..20 {
        let mut client = server.connect();
        assert_eq!(client.get("/").text(), "hello\n");
    }
    assert!(since.elapsed() < Duration::from_secs(10), "{:?}", since.elapsed());
    drop(silent);
    assert_eq!(server.stop_without_books(), [""; 0]);
}

/// Who has waited longest goes first: not who has just come, and not who is being served.
#[test]
fn the_longest_silence_is_evicted_first() {
    let server = serve(HTTP).with("max-connections", 3).start();
    let mut oldest = server.connect();
    oldest.get("/");
    let mut served = server.connect();
    served.get("/");
    let mut newer = server.connect();
    newer.get("/");
    served.send(request("GET", "/sleep/1000", ""));
    server.wait_for("it is handled", |books| books.active_requests == 1);

    assert_eq!(server.connect().get("/").text(), "hello\n");
    assert_eq!(oldest.end(), End::Closed);
    assert!(newer.is_silent());
    assert_eq!(served.response().text(), "slept\n");
    drop((served, newer));
    let books = server.stop();
    assert_eq!(books.closed("evicted"), 1);
}

#[test]
fn peers_that_reset_at_any_moment_harm_nobody() {
    let server = serve(HTTP).start();
    let echo = request("POST", "/echo", "Content-Length: 1000\r\n") + &"x".repeat(500);
    for length in (0..echo.len()).step_by(37) {
        let client = server.connect();
        client.send(&echo[..length]);
        client.reset();
    }
    assert_eq!(server.connect().get("/").text(), "hello\n");
    server.wait_for("all have gone", |books| books.active == 0);
    server.stop();
}
