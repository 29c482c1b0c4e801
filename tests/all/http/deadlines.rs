//! Everything that is waited for has an end.

use std::time::{Duration, Instant};

use crate::support::client::End;
use crate::support::guest::{EACH_HTTP, HTTP};
use crate::support::http::{request, serve};

#[test]
fn a_head_has_to_come_in_time() {
    let server = serve(HTTP).with("header-timeout", "500ms").start();
    let mut silent = server.connect();
    let mut slow = server.connect();
    let since = Instant::now();
    slow.send("GET / HTTP/1.1\r\nHost: te");
    assert_eq!(silent.end(), End::Closed);
    let response = slow.response();
    assert_eq!((response.status, response.text(), response.closes()), (408, "", true));
    assert_eq!(slow.end(), End::Closed);
    assert!((500..5000).contains(&since.elapsed().as_millis()));
    let books = server.stop();
    assert_eq!((books.closed("header-timeout"), books.requests), (2, 0));
}

/// A byte now and then is no head.
#[test]
fn a_head_that_trickles_has_to_come_in_time() {
    let server = serve(HTTP).with("header-timeout", "500ms").start();
    let mut client = server.connect();
    let since = Instant::now();
    let head = request("GET", "/", &format!("X-Long: {}\r\n", "x".repeat(1000)));
    let mut bytes = head.bytes();
    crate::support::eventually::eventually("the server closes", || {
        let byte = bytes.next().expect("the server waits for all of it");
        client
            .try_send([byte])
            .is_err()
            .then_some(())
            .or_else(|| (!client.is_silent()).then_some(()))
    });
    assert!(since.elapsed() < Duration::from_secs(5));
    assert_eq!(client.response().status, 408);
    drop(client);
    assert_eq!(server.stop().closed("header-timeout"), 1);
}

#[test]
fn a_later_head_has_to_come_in_time_too() {
    let server = serve(HTTP)
        .with("header-timeout", "500ms")
        .with("keep-alive-timeout", "1h")
        .start();
    let mut client = server.connect();
    client.get("/");
    client.send("GET / HT");
    assert_eq!(client.response().status, 408);
    assert_eq!(client.end(), End::Closed);
    assert_eq!(server.stop().closed("header-timeout"), 1);
}

#[test]
fn a_connection_without_a_request_is_closed() {
    let server = serve(HTTP)
        .with("header-timeout", "1h")
        .with("keep-alive-timeout", "500ms")
        .start();
    let mut client = server.connect();
    client.get("/");
    let first = client.ends_after(Instant::now());
    assert!((400..5000).contains(&first.as_millis()), "{first:?}");

    let mut client = server.connect();
    for _ in 0..4 {
        // Each begins the time anew.
        client.get("/sleep/200");
    }
    drop(client);
    let books = server.stop();
    assert_eq!((books.closed("idle"), books.closed("completed")), (1, 1));
}

#[test]
fn a_body_that_does_not_come_is_not_waited_for() {
    for guest in EACH_HTTP {
        let server = serve(guest).with("body-idle-timeout", "500ms").start();
        let mut client = server.connect();
        client.send(request("POST", "/count", "Content-Length: 10\r\n"));
        client.send("hello");
        let response = client.response();
        assert_eq!((response.status, response.text()), (408, ""));
        assert_eq!(client.end(), End::Closed);
        let ended = &server.requests(1)[0];
        assert_eq!((ended.text("outcome"), ended.number("received")), ("idle", 5));
        server.stop();
    }
}

#[test]
fn a_body_that_moves_is_waited_for() {
    for guest in EACH_HTTP {
        let server = serve(guest).with("body-idle-timeout", "1s").start();
        let mut client = server.connect();
        client.send(request("POST", "/echo", "Transfer-Encoding: chunked\r\n"));
        let since = Instant::now();
        let mut sent = 0;
        crate::support::eventually::eventually("more than the time has passed", || {
            client.send("1\r\nx\r\n");
            sent += 1;
            (since.elapsed() > Duration::from_millis(1500)).then_some(())
        });
        client.send("0\r\n\r\n");
        assert_eq!(client.response().body.len(), sent);
        drop(client);
        server.stop();
    }
}

#[test]
fn a_response_that_is_not_taken_is_not_waited_for() {
    let server = serve(HTTP).with("body-idle-timeout", "500ms").start();
    let mut client = server.connect();
    client.send(request("GET", "/size/100000000", ""));
    assert_eq!(client.response_head().status, 200);
    let ended = &server.requests(1)[0];
    assert!(ended.number("sent") < 100_000_000);
    assert!(["aborted", "idle"].contains(&ended.text("outcome")), "{ended:?}");
    assert_eq!(server.closed(1)[0].text("reason"), "idle");
    let (_, end) = client.receive_to_end();
    assert_eq!(end, End::Reset);
    server.stop();
}

/// Also one that moves, and one whose handler waits for something else.
#[test]
fn a_request_has_its_time() {
    for guest in EACH_HTTP {
        let server = serve(guest)
            .with("request-timeout", "500ms")
            .with("body-idle-timeout", "1h")
            .start();
        let mut client = server.connect();
        let since = Instant::now();
        assert_eq!(client.get("/never").status, 504);
        assert!((500..5000).contains(&since.elapsed().as_millis()));

        client.send(request("GET", "/drip/1000", ""));
        assert!(client.try_response().is_err());
        let books = server.stop();
        assert_eq!(books.requests_ended("timed-out"), 2);
    }
}

/// However little the peer takes: its handler is not kept for longer than others.
#[test]
fn a_request_whose_response_is_taken_slowly_has_its_time() {
    let server = serve(HTTP)
        .with("request-timeout", "1s")
        .with("body-idle-timeout", "1h")
        .start();
    let mut client = server.connect();
    client.send(request("GET", "/size/100000000", ""));
    assert_eq!(client.response_head().status, 200);
    let ended = &server.requests(1)[0];
    assert_eq!(ended.text("outcome"), "timed-out");
    assert_eq!(server.closed(1)[0].text("reason"), "aborted");
    let (_, end) = client.receive_to_end();
    assert_eq!(end, End::Reset);
    server.stop();
}

/// What the kernel does not take at once is still sent: the peer takes it in small parts, for longer than a connection may be
/// without a request.
#[test]
fn a_connection_that_still_sends_is_not_without_a_request() {
    let server = serve(HTTP)
        .with("keep-alive-timeout", "300ms")
        .with("max-connections", 1)
        .start();
    let mut client = server.connect();
    let size = 8 << 20;
    client.send(request("GET", &format!("/fixed/{size}"), ""));
    assert_eq!(client.response_head().status, 200);
    // Another that would have it evicted.
    let other = server.connect();
    for _ in 0..size >> 20 {
        client.receive(1 << 20);
        client.wait_until_sender_is_stuck();
    }
    assert_eq!(client.end(), End::Closed);
    drop(other);
    assert_eq!(server.stop().requests_ended("completed"), 1);
}

/// A connection is no older than it may be, and what is under way then is finished.
#[test]
fn a_connection_has_its_lifetime() {
    let server = serve(HTTP).with("max-lifetime", "700ms").start();
    let mut idle = server.connect();
    let mut busy = server.connect();
    idle.get("/");
    let since = Instant::now();
    let response = busy.get("/sleep/1200");
    assert_eq!((response.text(), response.closes()), ("slept\n", true));
    assert_eq!(busy.end(), End::Closed);
    assert_eq!(idle.end(), End::Closed);
    assert!(since.elapsed() < Duration::from_secs(5));
    server.stop();
}
