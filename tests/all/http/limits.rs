//! The limits of HTTP: each holds exactly, and leaves everybody else alone.

use std::time::Instant;

use crate::support::client::End;
use crate::support::eventually::settled;
use crate::support::guest::{EACH_HTTP, HTTP};
use crate::support::http::{chunked, request, serve};
use crate::support::server::run_serve;

#[test]
fn a_request_body_is_no_longer_than_it_may_be() {
    for guest in EACH_HTTP {
        let server = serve(guest).with("max-request-body", "1000").start();
        let mut client = server.connect();
        assert_eq!(client.post("/count", &[b'x'; 1000]).text(), "1000\n");

        client.send(request("POST", "/count", "Content-Length: 1001\r\n"));
        let response = client.response();
        assert_eq!((response.status, response.text()), (413, ""));
        drop(client);

        let mut client = server.connect();
        client.send(request("POST", "/count", "Transfer-Encoding: chunked\r\n"));
        client.send(chunked([&[b'x'; 600][..], &[b'x'; 600]], ""));
        assert_eq!(client.response().status, 413);
        drop(client);
        let books = server.stop();
        assert_eq!(
            (books.requests_ended("completed"), books.requests_ended("request-size")),
            (1, 2)
        );
    }
}

/// A peer that has begun to send what is too much is told so, and not cut off.
#[test]
fn a_peer_that_sends_too_much_hears_of_it() {
    for guest in EACH_HTTP {
        let server = serve(guest).with("max-request-body", "1000").start();
        let mut client = server.connect();
        client.send(request("POST", "/count", "Content-Length: 100000000\r\n"));
        client.send(vec![b'x'; 1 << 20]);
        let response = client.response();
        assert_eq!((response.status, response.closes()), (413, true));
        assert_eq!(client.end(), End::Closed);
        server.stop();
    }
}

/// The server's memory, for bodies that are never sent.
#[test]
fn what_a_handler_can_have_the_host_hold_is_bounded() {
    let server = serve(HTTP).alone().start();
    let before = server.memory();
    let told = server.connect().get("/hoard").text().to_owned();
    assert!(told.starts_with("1000 requests"), "{told}");
    let bytes: u64 = told.split(' ').nth(2).unwrap().parse().unwrap();
    assert!(bytes <= 64 << 20, "{told}");
    assert!(
        server.memory() < before + (100 << 20),
        "{} bytes",
        server.memory() - before
    );
    server.stop();
}

/// The peer chooses the words, and the operator's disk has room for some of them.
#[test]
fn a_log_has_no_more_of_a_request_than_it_has_room_for() {
    let server = serve(HTTP).start();
    let mut client = server.connect();
    let (method, path) = ("M".repeat(5000), format!("/{}", "p".repeat(5000)));
    client.send(request(&method, &path, ""));
    client.response();
    let ended = &server.requests(1)[0];
    assert_eq!((ended.text("method").len(), ended.text("path").len()), (1024, 1024));
    drop(client);
    server.stop();
}

#[test]
fn a_response_body_is_no_longer_than_it_may_be() {
    let server = serve(HTTP).with("max-response-body", "200000").start();
    let mut client = server.connect();
    assert_eq!(client.get("/size/200000").body.len(), 200_000);
    assert_eq!(client.get("/fixed/200001").status, 500, "it says its length");
    client.send(request("GET", "/size/10000000", ""));
    assert!(client.try_response().unwrap_err().len() <= 200_000);
    let books = server.stop();
    assert_eq!(books.requests_ended("response-size"), 2);
}

#[test]
fn a_head_is_no_longer_than_it_may_be() {
    let server = serve(HTTP).with("max-request-head", "8KiB").start();
    let mut client = server.connect();
    let header = |size: usize| format!("X-Long: {}\r\n", "x".repeat(size));
    client.send(request("GET", "/", &header(7000)));
    assert_eq!(client.response().status, 200);
    client.send(request("GET", "/", &header(20_000)));
    assert_eq!(client.response().status, 431);
    assert_eq!(client.end(), End::Closed);

    let mut client = server.connect();
    client.send(request("GET", "/", &"X-Many: 1\r\n".repeat(200)));
    assert_eq!(client.response().status, 431);
    drop(client);
    let books = server.stop();
    assert_eq!((books.closed("protocol"), books.requests), (2, 1));
}

#[test]
fn a_target_is_no_longer_than_it_may_be() {
    let server = serve(HTTP).with("max-request-head", "1MiB").start();
    let mut client = server.connect();
    client.send(request("GET", &format!("/{}", "x".repeat(70_000)), ""));
    assert_eq!(client.response().status, 414);
    drop(client);
    assert_eq!(server.stop().closed("protocol"), 1);
}

#[test]
fn requests_at_once_are_no_more_than_they_may_be() {
    let server = serve(HTTP)
        .with("max-concurrent-requests", 2)
        .with("queue-timeout", "500ms")
        .start();
    let mut clients = [server.connect(), server.connect()];
    for client in &clients {
        client.send(request("GET", "/sleep/3000", ""));
    }
    server.wait_for("two are handled", |books| books.active_requests == 2);
    let since = Instant::now();
    let mut third = server.connect();
    let response = third.get("/");
    assert_eq!((response.status, response.text()), (503, ""));
    assert!((500..2500).contains(&since.elapsed().as_millis()));
    for client in &mut clients {
        assert_eq!(client.response().text(), "slept\n");
    }
    assert_eq!(third.get("/").text(), "hello\n");
    drop((clients, third));
    let books = server.stop();
    assert_eq!(
        (books.requests_ended("completed"), books.requests_ended("refused")),
        (3, 1)
    );
}

#[test]
fn a_request_that_waits_for_a_sandbox_gets_one() {
    let server = serve(HTTP).with("max-concurrent-requests", 1).start();
    let mut clients: Vec<_> = (0..5).map(|_| server.connect()).collect();
    for client in &clients {
        client.send(request("GET", "/sleep/50", ""));
    }
    for client in &mut clients {
        assert_eq!(client.response().text(), "slept\n");
    }
    drop(clients);
    server.stop();
}

/// The pool has as many instances as there may be requests, and an instance for each.
#[test]
fn as_many_requests_as_may_be_are_handled_at_once() {
    for guest in EACH_HTTP {
        let server = serve(guest).with("max-concurrent-requests", 50).start();
        let mut clients: Vec<_> = (0..50).map(|_| server.connect()).collect();
        for client in &clients {
            client.send(request("GET", "/sleep/1000", ""));
        }
        server.wait_for("all are handled", |books| books.active_requests == 50);
        for client in &mut clients {
            assert_eq!(client.response().text(), "slept\n");
        }
        drop(clients);
        server.stop();
    }
}

#[test]
fn a_connection_carries_no_more_requests_than_it_may() {
    let server = serve(HTTP).with("max-connection-requests", 3).start();
    let mut client = server.connect();
    assert!(!client.get("/").closes() && !client.get("/").closes());
    assert!(client.get("/").closes());
    assert_eq!(client.end(), End::Closed);
    assert_eq!(server.stop().requests, 3);
}

#[test]
fn the_limits_of_connections_hold_for_http() {
    let server = serve(HTTP)
        .with("max-connections-per-source", 1)
        .with("exempt-source", "none")
        .start();
    let mut first = server.connect();
    first.get("/");
    assert!(server.rejects());
    drop(first);
    server.wait_for("the first is gone", |books| books.active == 0);
    server.connect().get("/");
    server.stop();
}

#[test]
fn a_busy_connection_is_not_evicted() {
    let server = serve(HTTP).with("max-connections", 1).start();
    let mut busy = server.connect();
    busy.send(request("GET", "/sleep/700", ""));
    server.wait_for("it is handled", |books| books.active_requests == 1);
    let mut waiting = server.connect();
    waiting.send(request("GET", "/", ""));
    assert_eq!(settled("nobody else is accepted", || server.books().accepted), 1);
    assert_eq!(busy.response().text(), "slept\n");
    assert_eq!(waiting.response().text(), "hello\n");
    drop((busy, waiting));
    let books = server.stop();
    assert_eq!(books.closed("evicted"), 1, "then it has nothing to do: {books:?}");
}

#[test]
fn settings_out_of_their_bounds_are_refused() {
    for (flag, words) in [
        ("--max-concurrent-requests=0", "max-concurrent-requests cannot be 0"),
        ("--max-streams=0", "max-streams cannot be 0"),
        ("--max-connection-requests=0", "max-connection-requests cannot be 0"),
        ("--max-request-head=1KiB", "a size from 8KiB to 1MiB"),
        ("--header-timeout=0s", "header-timeout cannot be 0s"),
    ] {
        let run = run_serve(HTTP, &["--listen=http://127.0.0.1:0", flag]);
        assert_eq!(run.code, Some(78), "{run:?}");
        assert!(run.errors.contains(words), "{run:?}");
    }
}
