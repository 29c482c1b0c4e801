//! Bodies in both directions.

use std::thread;

use crate::support::client::{End, noise};
use crate::support::guest::{EACH_HTTP, HTTP, HTTP_ASYNC};
use crate::support::http::{chunked, request, serve};

#[test]
fn a_body_comes_back_whatever_its_framing() {
    for guest in EACH_HTTP {
        let server = serve(guest).start();
        let mut client = server.connect();
        for size in [0, 1, 1000, 100_000, 8 << 20] {
            let body = noise(size);
            let sender = client.split();
            let head = request("POST", "/echo", &format!("Content-Length: {size}\r\n"));
            let response = thread::scope(|scope| {
                scope.spawn(|| {
                    sender.send(head);
                    sender.send(&body);
                });
                client.response()
            });
            assert!(
                response.status == 200 && response.body == body,
                "{size} bytes of a known length"
            );

            let head = request("POST", "/echo", "Transfer-Encoding: chunked\r\n");
            let response = thread::scope(|scope| {
                scope.spawn(|| {
                    sender.send(head);
                    sender.send(chunked(body.chunks(10_000), ""));
                });
                client.response()
            });
            assert!(
                response.status == 200 && response.body == body,
                "{size} bytes in chunks"
            );
        }
        drop(client);
        let books = server.stop();
        assert_eq!(books.requests_ended("completed"), 10);
    }
}

/// The handler answers a part before the peer has sent the rest.
#[test]
fn both_directions_move_at_once() {
    for guest in EACH_HTTP {
        let server = serve(guest).start();
        let mut client = server.connect();
        client.send(request("POST", "/echo", "Transfer-Encoding: chunked\r\n"));
        client.send("4\r\none\n\r\n");
        assert_eq!(client.response_head().status, 200);
        assert_eq!(client.receive(9), b"4\r\none\n\r\n");
        client.send("4\r\ntwo\n\r\n");
        assert_eq!(client.receive(9), b"4\r\ntwo\n\r\n");
        client.send("0\r\n\r\n");
        assert_eq!(client.receive(5), b"0\r\n\r\n");
        drop(client);
        server.stop();
    }
}

#[test]
fn a_large_upload_takes_no_memory() {
    for guest in EACH_HTTP {
        let server = serve(guest).with("max-request-body", "1GiB").alone().start();
        let mut client = server.connect();
        client.post("/count", b"warm");
        let before = server.memory();
        let size = 256 << 20;
        client.send(request("POST", "/count", &format!("Content-Length: {size}\r\n")));
        let chunk = noise(1 << 20);
        let mut most = 0;
        for _ in 0..size >> 20 {
            client.send(&chunk);
            most = most.max(server.memory());
        }
        assert_eq!(client.response().text(), format!("{size}\n"));
        assert!(most - before < 16 << 20, "{} bytes were kept", most - before);
        drop(client);
        server.stop();
    }
}

/// The server holds no more than the sockets do for a peer that does not read.
#[test]
fn a_slow_reader_takes_no_memory_and_gets_everything() {
    let server = serve(HTTP).alone().start();
    let mut client = server.connect();
    client.get("/size/1000");
    let before = server.memory();
    let size = 64 << 20;
    client.send(request("GET", &format!("/fixed/{size}"), ""));
    assert_eq!(client.response_head().status, 200);
    let mut most = 0;
    for _ in 0..64 {
        client.receive(1 << 20);
        most = most.max(server.memory());
    }
    assert!(most - before < 16 << 20, "{} bytes were kept", most - before);
    drop(client);
    assert_eq!(server.stop().requests_ended("completed"), 2);
}

#[test]
fn a_peer_that_closes_its_direction_is_answered() {
    for guest in EACH_HTTP {
        let server = serve(guest).start();
        let mut client = server.connect();
        client.send(request("GET", "/sleep/100", ""));
        client.finish();
        assert_eq!(client.response().text(), "slept\n");
        assert_eq!(client.end(), End::Closed);

        let mut client = server.connect();
        client.send(request("POST", "/count", "Content-Length: 5\r\n"));
        client.send("hello");
        client.finish();
        assert_eq!(client.response().text(), "5\n");
        server.stop();
    }
}

#[test]
fn a_body_that_ends_too_early_is_an_error_to_the_handler() {
    let server = serve(HTTP).start();
    let mut client = server.connect();
    client.send(request("POST", "/echo", "Content-Length: 10\r\n"));
    client.send("hello");
    client.finish();
    let _ = client.receive_to_end();
    let outcome = server.requests(1)[0].text("outcome").to_owned();
    assert!(["trap", "aborted"].contains(&outcome.as_str()), "{outcome}");
    server.stop();
}

#[test]
fn trailers_go_both_ways() {
    let server = serve(HTTP).start();
    let mut client = server.connect();
    client.send(request(
        "POST",
        "/trailers",
        "Transfer-Encoding: chunked\r\nTE: trailers\r\nTrailer: x-sum\r\n",
    ));
    client.send(chunked([&b"hello"[..]], "x-sum: 532\r\nx-more: 1\r\n"));
    let response = client.response();
    let mut lines: Vec<_> = response.text().lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["x-more: 1", "x-sum: 532"]);
    assert_eq!(response.trailers, [("x-count".to_owned(), "2".to_owned())]);
    drop(client);
    server.stop();
}

#[test]
fn who_expects_to_be_told_is_told_when_the_body_is_wanted() {
    for guest in EACH_HTTP {
        let server = serve(guest).start();
        let mut client = server.connect();
        let head = |path| request("POST", path, "Content-Length: 5\r\nExpect: 100-continue\r\n");
        client.send(head("/count"));
        assert_eq!(client.response_head().status, 100);
        client.send("hello");
        assert_eq!(client.response().text(), "5\n");
        client.send(head("/"));
        assert_eq!(
            client.response().status,
            200,
            "a handler that wants no body has none asked for"
        );
        drop(client);
        server.stop();
    }
}

/// `HEAD`, and 304: the length is that of what would be sent.
#[test]
fn a_response_without_a_body_may_say_its_length() {
    let server = serve(HTTP).start();
    let mut client = server.connect();
    for (method, path, status) in [("HEAD", "/length/200", 200), ("GET", "/length/304", 304)] {
        for _ in 0..20 {
            client.send(request(method, path, ""));
            let response = client.response_head();
            assert_eq!(response.status, status);
            // hyper leaves it out of a 304, as a server may (RFC 9110, section 15.4.5).
            let length = if status == 200 { "10" } else { "" };
            assert_eq!(response.header("content-length"), length, "{method}");
        }
    }
    drop(client);
    assert_eq!(server.stop().requests_ended("completed"), 40);
}

#[test]
fn a_handler_goes_on_after_a_response_that_has_no_byte() {
    let server = serve(HTTP).start();
    let mut client = server.connect();
    let response = client.get("/empty/300");
    assert_eq!((response.status, response.text()), (200, ""));
    assert_eq!(client.get("/").text(), "hello\n", "the connection does not wait for it");
    assert_eq!(server.log().wait_for("guest output", 1)[0].text("text"), "and after");
    drop(client);
    assert_eq!(server.stop().requests_ended("completed"), 2);
}

/// Whatever its handler still does, which has a place of its own among those that are handled.
#[test]
fn a_connection_that_is_closed_has_no_socket() {
    for guest in EACH_HTTP {
        let server = serve(guest).start();
        let before = server.descriptors();
        let mut client = server.connect();
        assert_eq!(client.get("/after/2000").text(), "done\n");
        client.finish();
        assert_eq!(client.end(), End::Closed);
        let books = server.wait_for("the connection is closed", |books| books.active == 0);
        assert_eq!(books.active_requests, 1);
        assert_eq!(server.descriptors(), before);
        assert_eq!(server.stop().requests_ended("completed"), 1);
    }
}

/// Whatever of a body nobody has read is not taken for the next request.
#[test]
fn an_unread_body_is_no_request() {
    for guest in EACH_HTTP {
        let server = serve(guest).start();
        let mut client = server.connect();
        let smuggled = request("GET", "/print/smuggled", "");
        client.send(request("POST", "/", &format!("Content-Length: {}\r\n", smuggled.len())));
        client.send(smuggled);
        assert_eq!(client.response().text(), "hello\n");
        drop(client);
        assert_eq!(server.stop().requests, 1);
    }
}

#[test]
fn a_peer_that_goes_takes_its_handler_along() {
    for guest in EACH_HTTP {
        let server = serve(guest).start();
        let mut client = server.connect();
        client.send(request("GET", "/drip/1000", ""));
        assert_eq!(client.response_head().status, 200);
        client.reset();
        let ended = &server.requests(1)[0];
        assert_eq!(ended.text("outcome"), "aborted");
        assert!(ended.seconds("duration") < 10.0);
        assert_eq!(server.closed(1)[0].text("reason"), "reset");
        server.stop();
    }
}

/// What the host would copy, it does not: the peer's own body is the response, with its trailers.
#[test]
fn a_body_that_is_given_back_as_it_is_comes_back() {
    let server = serve(HTTP_ASYNC).with("max-request-body", "10MiB").start();
    let mut client = server.connect();
    for size in [0, 1000, 8 << 20] {
        let body = noise(size);
        let sender = client.split();
        let head = request("POST", "/pass", &format!("Content-Length: {size}\r\n"));
        let response = thread::scope(|scope| {
            scope.spawn(|| {
                sender.send(head);
                sender.send(&body);
            });
            client.response()
        });
        assert!(response.status == 200 && response.body == body, "{size} bytes");
    }
    // The limits hold for it as well.
    client.send(request("POST", "/pass", "Transfer-Encoding: chunked\r\n"));
    client.send("2\r\nab\r\n");
    assert_eq!(client.response_head().status, 200);
    assert_eq!(client.receive(7), b"2\r\nab\r\n");
    client.reset();
    assert_eq!(server.requests(4)[3].text("outcome"), "aborted");
    server.stop();
}
