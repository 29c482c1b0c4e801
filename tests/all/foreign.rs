//! Components of `wasi:http` that others wrote, as they are, under stock `wasmtime serve` and here: the same must come back.
//!
//! Each is described in `catalog`. What is asserted of all of them is in `assertions`, and what only one of them can show
//! is here.

mod assertions;
mod catalog;
mod runtime;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use self::catalog::Component;
use self::runtime::Runtime;
use crate::support::foreign::build;
use crate::support::http_client::{Body, Connection, Request};

impl Runtime {
    fn answers_as_described(self, component: &Component) {
        let Some(path) = build(component.source) else { return };
        assert_eq!(runtime::exports(&path), [component.export]);
        let peers = if component.has_sockets { NOBODY } else { &[] };
        let Some(server) = self.serve_with(&path, &[], peers) else {
            return;
        };
        let address = server.address();
        assertions::each_exchange_on_a_connection_of_its_own(address, component);
        assertions::all_exchanges_on_one_connection(address, component);
        assertions::many_at_once(address, component);
        assertions::a_request_may_close_its_connection(address, component);
        assertions::head_has_no_body(address, component);
        if let Some(echo) = component.echo {
            assertions::a_large_body_comes_back(address, echo);
            assertions::a_body_is_streamed(address, echo);
            assertions::a_slow_reader_gets_everything(address, echo);
        }
        server.stop();
    }

    /// The body that comes at intervals is not kept until it is whole.
    fn a_body_comes_as_it_is_written(self) {
        let Some(path) = build(catalog::WSTD.source) else {
            return;
        };
        let Some(server) = self.serve(&path) else { return };
        let mut connection = Connection::open(server.address());
        connection.sender().send(Request::get("/stream-body"));
        assert_eq!(connection.receive_head().status, 200);
        let began = std::time::Instant::now();
        let mut chunks = Vec::new();
        while let Some(chunk) = connection.try_receive_chunk().expect("the server sends") {
            assert!(chunk.starts_with(b"stream started "), "{}", chunk.escape_ascii());
            chunks.push(began.elapsed());
        }
        let [first, .., last] = chunks.as_slice() else {
            panic!("one chunk for five writes: {chunks:?}");
        };
        // Four pauses of a tenth of a second lie between them; half of that would do.
        assert!(last.saturating_sub(*first).as_millis() >= 200, "{chunks:?}");
        drop(connection);
        server.stop();
    }

    fn a_handler_that_fails_before_its_response_is_an_error_of_the_server(self) {
        let Some(path) = build(catalog::WSTD.source) else {
            return;
        };
        let Some(server) = self.serve(&path) else { return };
        let response = Connection::open(server.address()).ask(Request::get("/response-fail"));
        assert_eq!(response.head.status, 500);
        assert_eq!(
            Connection::open(server.address()).ask(Request::get("/")).head.status,
            200
        );
        server.stop();
    }

    /// What was begun must not look whole.
    fn a_handler_that_fails_in_its_body_aborts_it(self) {
        let Some(path) = build(catalog::WSTD.source) else {
            return;
        };
        let Some(server) = self.serve(&path) else { return };
        let mut connection = Connection::open(server.address());
        connection.sender().send(Request::get("/response-body-fail"));
        if let Ok(response) = connection.try_receive("GET") {
            assert_eq!(response.head.status, 500, "the body is whole: {response:?}");
        }
        assert_eq!(
            Connection::open(server.address()).ask(Request::get("/")).head.status,
            200
        );
        server.stop();
    }

    /// One component is the client of another, both under the same runtime.
    fn a_proxy_passes_requests_on(self) {
        let (Some(origin), Some(proxy)) = (build(catalog::WSTD.source), build(catalog::WSTD_PROXY.source)) else {
            return;
        };
        let Some(origin) = self.serve(&origin) else { return };
        let variable = format!("TARGET_URL=http://{}", origin.address());
        let Some(proxy) = self.serve_with(&proxy, &[&variable], &[origin.address()]) else {
            return;
        };
        let mut connection = Connection::open(proxy.address());
        // The example keeps the host of the request and joins the rest of the path to the address without a slash.
        let body = crate::support::client::noise(300_000);
        for body in [Body::Sized(&body), Body::Chunked(&body, 50_000)] {
            let response = connection.ask(Request::post("/proxy//echo", body));
            assert_eq!(response.head.status, 200);
            let (Body::Sized(sent) | Body::Chunked(sent, _)) = body else {
                unreachable!("these are the two");
            };
            assert!(response.body == sent, "{} bytes of {}", response.body.len(), sent.len());
        }
        let response = connection.ask(Request {
            headers: &[("x-one", "1")],
            ..Request::get("/proxy//echo-headers")
        });
        assert_eq!(response.head.header("x-one"), Some("1"));
        drop(connection);
        proxy.stop();
        origin.stop();
    }

    /// Two requests of the handler's own are under way at once, and their bodies are read as they come.
    fn python_is_a_client_too(self, component: &Component) {
        let (Some(origin), Some(path)) = (build(catalog::WSTD.source), build(component.source)) else {
            return;
        };
        let Some(origin) = self.serve(&origin) else { return };
        let Some(server) = self.serve_with(&path, &[], &[origin.address()]) else {
            return;
        };
        let urls = ["/", "/wait-body"].map(|path| format!("http://{}{path}", origin.address()));
        let response = Connection::open(server.address()).ask(Request {
            headers: &[("url", &urls[0]), ("url", &urls[1])],
            ..Request::get("/hash-all")
        });
        assert_eq!(response.head.status, 200);
        assert_eq!(response.head.header("content-type"), Some("text/plain"));
        let text = String::from_utf8(response.body).expect("hexadecimal digits");
        assert!(text.contains(&format!("{}: {HELLO_SHA_256}\n", urls[0])), "{text}");
        assert_eq!(text.lines().count(), 2, "{text}");
        server.stop();
        origin.stop();
    }
}

/// Of `Hello, wasi:http/proxy world!` and the end of the line.
const HELLO_SHA_256: &str = "f788acb25f8e448cd457c6b26665f4b5dc9f04348eb9f26a11d83c009bef6280";

/// Nothing listens at the discard port (RFC 863) of a machine without inetd, and nobody connects to it here.
const NOBODY: &[SocketAddr] = &[SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9)];

macro_rules! under {
    ($module:ident, $runtime:expr) => {
        mod $module {
            use super::catalog;
            use super::runtime::Runtime;

            const RUNTIME: Runtime = $runtime;

            under!(RUNTIME.answers_as_described:
                wasi_0_2_0 WASI_0_2_0, wasi_0_2_4 WASI_0_2_4, wasip2 WASIP2, wasip3 WASIP3, wasip3_compat WASIP3_COMPAT,
                wstd WSTD, wstd_proxy WSTD_PROXY, wstd_axum WSTD_AXUM, python PYTHON, python_p3 PYTHON_P3, hono HONO);

            under!(RUNTIME.python_is_a_client_too: python_client PYTHON, python_p3_client PYTHON_P3);

            under!(RUNTIME:
                a_body_comes_as_it_is_written,
                a_handler_that_fails_before_its_response_is_an_error_of_the_server,
                a_handler_that_fails_in_its_body_aborts_it,
                a_proxy_passes_requests_on);
        }
    };
    ($constant:ident.$method:ident: $($test:ident $component:ident),+) => {
        $(
            #[test]
            fn $test() {
                $constant.$method(&catalog::$component);
            }
        )+
    };
    ($constant:ident: $($test:ident),+) => {
        $(
            #[test]
            fn $test() {
                $constant.$test();
            }
        )+
    };
}

under!(ours, Runtime::Ours);
under!(stock, Runtime::Stock);
