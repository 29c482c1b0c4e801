//! A server that is told to stop finishes what is under way, and takes nothing more on.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::support::client::End;
use crate::support::guest::{EACH_HTTP, HTTP};
use crate::support::http::{request, serve};
use crate::support::server::TOLD_TO_STOP;

#[test]
fn a_response_that_is_under_way_is_finished_and_is_the_last() {
    for guest in EACH_HTTP {
        let server = serve(guest).start();
        let mut client = server.connect();
        client.get("/");
        client.send(request("GET", "/sleep/700", ""));
        server.wait_for("it is handled", |books| books.active_requests == 1);
        server.signal(Signal::TERM);
        server.log().wait_for(TOLD_TO_STOP, 1);
        let response = client.response();
        assert_eq!((response.text(), response.closes()), ("slept\n", true));
        assert_eq!(client.end(), End::Closed);
        let ended = server.ended();
        assert_eq!(ended.code, Some(0));
        assert_eq!(ended.books.requests_ended("completed"), 2);
    }
}

#[test]
fn idle_connections_are_closed_at_once() {
    let server = serve(HTTP).with("drain-grace", "1h").start();
    let mut kept = server.connect();
    kept.get("/");
    let mut fresh = server.connect();
    server.wait_for("both are there", |books| books.active == 2);
    let since = Instant::now();
    server.signal(Signal::TERM);
    assert_eq!((kept.end(), fresh.end()), (End::Closed, End::Closed));
    assert_eq!(server.ended().code, Some(0));
    assert!(since.elapsed() < Duration::from_secs(5));
}

/// It has broken no rule of HTTP, and nothing that it sends is waited for.
#[test]
fn a_connection_without_a_byte_is_closed_in_order() {
    let server = serve(HTTP).start();
    let mut client = server.connect();
    server.wait_for("it is there", |books| books.active == 1);
    let since = Instant::now();
    server.signal(Signal::TERM);
    assert_eq!(client.end(), End::Closed);
    assert_eq!(server.ended().books.closed("completed"), 1);
    assert!(since.elapsed() < Duration::from_secs(1), "{:?}", since.elapsed());
}

#[test]
fn what_is_under_way_after_the_grace_is_killed() {
    for guest in EACH_HTTP {
        let server = serve(guest).with("drain-grace", "500ms").start();
        let mut client = server.connect();
        client.send(request("GET", "/never", ""));
        let mut begun = server.connect();
        begun.send(request("GET", "/late/never", ""));
        assert_eq!(begun.response_head().status, 200);
        server.wait_for("both are handled", |books| books.active_requests == 2);
        server.signal(Signal::TERM);
        assert_eq!(client.end(), End::Reset);
        let ended = server.ended();
        assert_eq!(ended.code, Some(75));
        assert_eq!(
            (ended.books.requests_ended("killed"), ended.books.closed("killed")),
            (2, 2)
        );
    }
}

#[test]
fn what_a_handler_does_after_its_response_is_finished_too() {
    for guest in EACH_HTTP {
        let server = serve(guest).start();
        let mut client = server.connect();
        assert_eq!(client.get("/after/500").text(), "done\n");
        drop(client);
        server.signal(Signal::TERM);
        let ended = server.ended();
        assert_eq!(ended.code, Some(0));
        let said = ended.log.all("guest output");
        assert!(said.iter().any(|line| line.text("text") == "and after"), "{said:?}");
    }
}
