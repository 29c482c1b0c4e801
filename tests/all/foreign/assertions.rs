//! What every component must do, whoever serves it.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::catalog::{Component, Exchange};
use crate::support::client::noise;
use crate::support::eventually::settled;
use crate::support::http_client::{Body, Connection, Request, Response};

pub(super) fn each_exchange_on_a_connection_of_its_own(server: SocketAddr, component: &Component) {
    for exchange in component.exchanges {
        let mut connection = Connection::open(server);
        expect(exchange, &connection.ask(exchange.request));
    }
}

/// Three times each, so that no answer leaves anything behind for the next request.
pub(super) fn all_exchanges_on_one_connection(server: SocketAddr, component: &Component) {
    // A server may close after it has answered a request whose body the handler did not read: what it has of it is not worth
    // reading on. Those are not for this connection.
    let kept = component
        .exchanges
        .iter()
        .filter(|exchange| !exchange.leaves_its_body());
    let mut connection = Connection::open(server);
    for exchange in kept.cycle().take(3 * component.exchanges.len()) {
        expect(exchange, &connection.ask(exchange.request));
    }
}

pub(super) fn many_at_once(server: SocketAddr, component: &Component) {
    let mut connections: Vec<_> = (0..CLIENTS).map(|_| Connection::open(server)).collect();
    thread::scope(|scope| {
        for (number, connection) in connections.iter_mut().enumerate() {
            scope.spawn(move || {
                let exchange = &component.exchanges[number % component.exchanges.len()];
                expect(exchange, &connection.ask(exchange.request));
            });
        }
    });
}

/// RFC 9112, 9.6: who is asked to close answers that it will, and does.
pub(super) fn a_request_may_close_its_connection(server: SocketAddr, component: &Component) {
    let exchange = &component.exchanges[0];
    let mut connection = Connection::open(server);
    let headers = [exchange.request.headers, &[("connection", "close")]].concat();
    let response = connection.ask(Request {
        headers: &headers,
        ..exchange.request
    });
    expect(exchange, &response);
    assert_eq!(response.head.header("connection"), Some("close"));
    connection.end();
}

/// RFC 9110, 9.3.2: "the server MUST NOT send content in the response", whatever the handler writes. A body in its place would
/// be taken for the next answer.
pub(super) fn head_has_no_body(server: SocketAddr, component: &Component) {
    let Some(get) = component
        .exchanges
        .iter()
        .find(|exchange| exchange.request.method == "GET")
    else {
        return;
    };
    let mut connection = Connection::open(server);
    connection.ask(Request {
        method: "HEAD",
        ..get.request
    });
    expect(get, &connection.ask(get.request));
}

/// With its length, in large chunks, and in small ones.
pub(super) fn a_large_body_comes_back(server: SocketAddr, echo: &str) {
    let body = noise(LARGE);
    let small = &body[..LARGE / 64];
    for body in [
        Body::Sized(&body),
        Body::Chunked(&body, 1 << 20),
        Body::Chunked(small, 100),
    ] {
        let (Body::Sized(sent) | Body::Chunked(sent, _)) = body else {
            unreachable!("these are the two");
        };
        let response = Connection::open(server).ask(Request::post(echo, body));
        assert_eq!(response.head.status, 200);
        assert!(
            response.body == sent,
            "{} bytes of {} came back",
            response.body.len(),
            sent.len()
        );
    }
}

/// Each part comes back before the next one is sent, the first one with the head.
pub(super) fn a_body_is_streamed(server: SocketAddr, echo: &str) {
    let mut connection = Connection::open(server);
    let mut sender = connection.sender();
    sender.send(Request::post(echo, Body::Streamed));
    for (number, part) in noise(5 * PART).chunks(PART).enumerate() {
        sender.send_chunk(part);
        if number == 0 {
            assert_eq!(connection.receive_head().status, 200);
        }
        assert!(connection.receive_chunks(PART) == part, "part {number}");
    }
    sender.send_chunk(b"");
    assert_eq!(connection.try_receive_chunk().expect("the body ends in order"), None);
}

/// What does not fit between the two waits, and is not lost.
pub(super) fn a_slow_reader_gets_everything(server: SocketAddr, echo: &str) {
    let body = noise(LARGE);
    let sent = AtomicUsize::new(0);
    let mut connection = Connection::open(server);
    let mut sender = connection.sender();
    thread::scope(|scope| {
        scope.spawn(|| {
            sender.send(Request::post(echo, Body::Streamed));
            for chunk in body.chunks(1 << 16) {
                sender.send_chunk(chunk);
                sent.fetch_add(chunk.len(), Ordering::Relaxed);
            }
            sender.send_chunk(b"");
        });
        let taken = settled("the server takes no more", || sent.load(Ordering::Relaxed));
        assert!(taken < body.len(), "the server keeps {taken} bytes that nobody takes");
        assert_eq!(connection.receive_head().status, 200);
        let received = connection.receive_chunks(body.len());
        assert!(received == body, "{} bytes of {} came back", received.len(), body.len());
        assert_eq!(connection.try_receive_chunk().expect("the body ends in order"), None);
    });
}

impl Exchange {
    /// Whether it sends a body that does not come back.
    fn leaves_its_body(&self) -> bool {
        matches!(self.request.body, Body::Sized(body) | Body::Chunked(body, _) if body != self.body.as_bytes())
    }
}

fn expect(exchange: &Exchange, response: &Response) {
    let asked = &exchange.request;
    assert_eq!(response.head.status, exchange.status, "{asked:?}: {response:?}");
    assert_eq!(String::from_utf8_lossy(&response.body), exchange.body, "{asked:?}");
    for (name, value) in exchange.headers {
        assert_eq!(response.head.header(name), Some(*value), "{asked:?}: {response:?}");
    }
}

const CLIENTS: usize = 64;

const LARGE: usize = 16 << 20;

/// Of a body that is sent bit by bit.
const PART: usize = 1000;
