//! HTTP listeners under the load generators of others: no answer is wrong, no connection is stuck, and whoever is slow or says
//! nothing takes no place from whoever asks.
//!
//! The components are others' too, the smallest there are: what is tested is the host.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::support::foreign::{Source, build};
use crate::support::http_client::{Connection, Request};
use crate::support::log::Books;
use crate::support::server::{Server, Setup};
use crate::support::tool::Tool;

/// Answers everything with `Hello, WASI!`, by WASI 0.2.
fn hello_p2() -> Option<PathBuf> {
    build(Source::Crate {
        name: "wasip2",
        version: "2.0.1",
        licence: BINDINGS,
        example: "http-proxy-no_std",
        features: "",
    })
}

/// The same by WASI 0.3.
fn hello_p3() -> Option<PathBuf> {
    build(Source::Crate {
        name: "wasip3",
        version: "0.10.0",
        licence: BINDINGS,
        example: "http-proxy",
        features: "",
    })
}

const BINDINGS: &str = "Apache-2.0 WITH LLVM-exception OR Apache-2.0 OR MIT";

#[test]
fn wrk_sees_no_error() {
    let Some(wrk) = Tool::find("wrk", "wrk") else { return };
    for component in [hello_p2(), hello_p3()].into_iter().flatten() {
        let server = listening(component).start();
        let report = wrk.run(&["--threads=1", "--connections=64", "--duration=3s", &url(&server)]);
        assert!(
            !report.contains("Socket errors") && !report.contains("Non-2xx"),
            "{report}"
        );
        assert_ne!(number_before(&report, " requests in "), 0, "{report}");
        ends_in_order(server);
    }
}

#[test]
fn h2load_sees_no_error_with_http_1() {
    h2load(&["--h1", "--clients=32"]);
}

#[test]
fn h2load_sees_no_error_with_http_2() {
    h2load(&["--clients=32", "--max-concurrent-streams=10"]);
}

/// More streams than the server takes at once: the client is told how many that is, and keeps to it.
#[test]
fn h2load_sees_no_error_with_many_streams_on_one_connection() {
    h2load(&["--clients=1", "--max-concurrent-streams=200"]);
}

fn h2load(flags: &[&str]) {
    let Some(h2load) = Tool::find("h2load", "nghttp2-client") else {
        return;
    };
    for component in [hello_p2(), hello_p3()].into_iter().flatten() {
        let server = listening(component).start();
        let address = url(&server);
        let report = h2load.run(
            &[
                flags,
                &["--requests=4000", "--connection-inactivity-timeout=20", &address],
            ]
            .concat(),
        );
        let all = "requests: 4000 total, 4000 started, 4000 done, 4000 succeeded, 0 failed, 0 errored, 0 timeout";
        assert!(report.contains(all), "{report}");
        assert!(
            report.contains("status codes: 4000 2xx, 0 3xx, 0 4xx, 0 5xx"),
            "{report}"
        );
        ends_in_order(server);
    }
}

/// A head that comes line by line and never ends.
#[test]
fn slow_heads_are_cut_off_and_nobody_else_is() {
    let Some(books) = slowhttptest(&["-H", "-i", "1"]) else {
        return;
    };
    assert_eq!(books.closed("header-timeout"), SLOW, "{books:?}");
}

/// A body that comes byte by byte, for a handler that does not read it: it is answered at once.
#[test]
fn slow_bodies_keep_nobody_waiting() {
    slowhttptest(&["-B", "-i", "1", "-s", "8192"]);
}

/// A peer that asks, and takes the answer byte by byte through the smallest window.
#[test]
fn slow_readers_keep_nobody_waiting() {
    slowhttptest(&["-X", "-k", "3", "-n", "1", "-w", "1", "-y", "2", "-z", "1"]);
}

/// Runs the tool, whose own probe must be served all the time, and returns the books when all of it has ended.
fn slowhttptest(flags: &[&str]) -> Option<Books> {
    let slowhttptest = Tool::find("slowhttptest", "slowhttptest")?;
    let server = listening(hello_p2()?)
        .with("header-timeout", "3s")
        .with("body-idle-timeout", "3s")
        .with("keep-alive-timeout", "3s")
        .start();
    let (count, url) = (SLOW.to_string(), url(&server));
    let common = ["-c", &count, "-r", "500", "-l", "8", "-p", "2", "-u", &url];
    let report = slowhttptest.run(&[flags, &common].concat());
    assert!(report.contains("YES"), "its probe never came to an end: {report}");
    assert!(!report.contains("NO"), "its probe was not served: {report}");
    Some(ends_in_order(server))
}

/// So many slow peers at once.
const SLOW: u64 = 400;

#[test]
fn silent_clients_keep_nobody_waiting() {
    peers_keep_nobody_waiting("");
}

/// A head that has begun is no reason to keep a place either.
#[test]
fn clients_that_stop_in_a_head_keep_nobody_waiting() {
    peers_keep_nobody_waiting("GET / HTTP/1.1\r\nhost: local");
}

/// 2,000 of them, and room for 1,000: a new client is served long before the deadline that would end the others.
fn peers_keep_nobody_waiting(said: &str) {
    let Some(component) = hello_p2() else { return };
    let server = listening(component)
        .with("max-connections", 1000)
        .with("header-timeout", "60s")
        .start();
    let address = address(&server);
    let peers: Vec<_> = (0..2000).map(|_| Connection::open(address)).collect();
    for peer in &peers {
        // A peer that has made room for others by now has no one to talk to.
        let _ = peer.sender().try_send_raw(said.as_bytes());
    }
    for _ in 0..20 {
        let began = Instant::now();
        let response = Connection::open(address).ask(Request::get("/"));
        assert_eq!(response.body, b"Hello, WASI!");
        assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    }
    drop(peers);
    ends_in_order(server);
}

fn listening(component: PathBuf) -> Setup {
    Server::at(component).listen("http://127.0.0.1:0").alone()
}

fn url(server: &Server) -> String {
    format!("{}/", server.address())
}

fn address(server: &Server) -> SocketAddr {
    let address = server.address().strip_prefix("http://");
    address
        .and_then(|address| address.parse().ok())
        .expect("it listens for HTTP")
}

/// Nothing is left of the load: no connection, no request, and nothing that had to be killed.
fn ends_in_order(server: Server) -> Books {
    server.wait_for("all connections have ended", |books| books.active == 0);
    server.stop()
}

fn number_before(text: &str, what: &str) -> u64 {
    let before = text.split(what).next().unwrap_or_default();
    let digits = before.rsplit(|letter: char| !letter.is_ascii_digit()).next();
    digits.and_then(|digits| digits.parse().ok()).unwrap_or_default()
}
