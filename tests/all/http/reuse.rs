//! Instances that handle several requests, where the operator says so.

use std::time::{Duration, Instant};

use crate::support::eventually::eventually;
use crate::support::guest::{EACH_HTTP, HTTP};
use crate::support::http::{request, serve};
use crate::support::server::run_serve;

#[test]
fn an_instance_handles_as_many_requests_as_it_may() {
    for guest in EACH_HTTP {
        let server = serve(guest)
            .with("max-instance-reuse-count", 3)
            .with("idle-instance-timeout", "1h")
            .start();
        let mut client = server.connect();
        let left: Vec<_> = (0..7).map(|_| client.get("/leave").text().trim().to_owned()).collect();
        assert_eq!(left, ["0", "1", "2", "0", "1", "2", "0"]);
        // Another connection may get the same.
        assert_eq!(server.connect().get("/leave").text(), "1\n");
        drop(client);
        let since = Instant::now();
        server.stop();
        assert!(
            since.elapsed() < Duration::from_secs(5),
            "no idle instance is waited for"
        );
    }
}

#[test]
fn an_instance_that_fails_is_not_used_again() {
    for guest in EACH_HTTP {
        let server = serve(guest)
            .with("max-instance-reuse-count", 1000)
            .with("max-memory", "8MiB")
            .with("max-cpu-time", "100ms")
            .with("request-timeout", "1s")
            .with("idle-instance-timeout", "1h")
            .start();
        for path in ["/trap", "/panic", "/exit", "/grow", "/spin", "/never", "/late/panic"] {
            let mut client = server.connect();
            assert_eq!(client.get("/leave").text(), "0\n", "before {path}");
            assert_eq!(client.get("/leave").text(), "1\n", "before {path}");
            client.send(request("GET", path, ""));
            let _ = client.try_response();
        }
        let mut client = server.connect();
        assert_eq!(client.get("/leave").text(), "0\n");
        drop(client);
        server.stop();
    }
}

/// Two that are under way at once have two.
#[test]
fn an_instance_handles_one_request_at_a_time() {
    for guest in EACH_HTTP {
        let server = serve(guest)
            .with("max-instance-reuse-count", 1000)
            .with("max-concurrent-requests", 4)
            .start();
        let mut clients: Vec<_> = (0..4).map(|_| server.connect()).collect();
        for client in &clients {
            client.send(request("GET", "/sleep/300", ""));
        }
        let since = Instant::now();
        for client in &mut clients {
            assert_eq!(client.response().text(), "slept\n");
        }
        assert!(since.elapsed() < Duration::from_secs(2));
        for client in &mut clients {
            for _ in 0..50 {
                client.get("/leave");
            }
        }
        drop(clients);
        server.stop();
    }
}

#[test]
fn an_instance_waits_no_longer_than_it_may() {
    let server = serve(HTTP)
        .with("max-instance-reuse-count", 1000)
        .with("idle-instance-timeout", "200ms")
        .start();
    let mut client = server.connect();
    assert_eq!(client.get("/leave").text(), "0\n");
    let since = Instant::now();
    eventually("the time has passed", || {
        (since.elapsed() > Duration::from_millis(600)).then_some(())
    });
    assert_eq!(client.get("/leave").text(), "0\n");
    drop(client);
    server.stop();
}

#[test]
fn what_an_instance_prints_later_has_the_numbers_of_the_later_request() {
    let server = serve(HTTP).with("max-instance-reuse-count", 1000).start();
    let mut client = server.connect();
    client.get("/print/one");
    client.get("/print/two");
    let lines = server.log().wait_for("guest output", 4);
    let numbers: Vec<_> = lines
        .iter()
        .map(|line| (line.number("request"), line.text("text")))
        .collect();
    assert_eq!(
        numbers,
        [
            (1, "one to stdout"),
            (1, "one to stderr"),
            (2, "two to stdout"),
            (2, "two to stderr")
        ]
    );
    drop(client);
    server.stop();
}

#[test]
fn several_requests_at_once_in_one_instance_are_refused_with_the_reason() {
    let run = run_serve(
        HTTP,
        &[
            "--listen=http://127.0.0.1:0",
            "--max-instance-concurrent-reuse-count=16",
        ],
    );
    assert_eq!(run.code, Some(64));
    assert!(run.errors.contains("one request at a time"), "{run:?}");
}
