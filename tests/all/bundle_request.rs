//! What a handler is told of the HTTP request that its connection is, in each language: bundled for stock `wasmtime serve`, and
//! that there is none elsewhere.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::client::{Client, End};
use crate::support::guest::Guest;
use crate::support::server::{Server, run};
use crate::support::source::component;
use crate::support::stock::Stock;

const IMPORT: &str = "socketserver:core/http-requests@0.1.0";

/// A request with a body of three bytes, and two fields of one name, of which one is no UTF-8.
const REQUEST: &[u8] = b"POST /a/path?query=1 HTTP/1.0\r\nHost: example.org:81\r\nContent-Length: 3\r\nX-Own: a b\r\n\
    X-Own: \xe9\xff\r\nX-Empty:\r\nConnection: close\r\n\r\nabc";

fn answer(mut client: Client, request: &[u8]) -> String {
    client.send(request);
    let (response, end) = client.receive_to_end();
    assert_eq!(end, End::Closed);
    String::from_utf8_lossy(&response).into_owned()
}

/// By HTTP/1.0, whose responses are in no chunks.
fn is_told(handler: Option<PathBuf>) {
    let Some(stock) = handler.and_then(|handler| Stock::serve(handler).start()) else {
        return;
    };
    let response = answer(stock.connect(), REQUEST);
    assert!(
        response.starts_with("HTTP/1.0 200 OK\r\n")
            && response.contains("\r\ncontent-type: application/octet-stream\r\n"),
        "{response}"
    );
    for line in [
        "POST /a/path?query=1\n",
        "authority example.org:81\n",
        "scheme http\n",
        "x-own: a b\nx-own: \\xe9\\xff\n",
        "x-empty: \n",
        "received 3\n",
    ] {
        assert!(response.contains(line), "{line:?} in {response}");
    }
    // Nothing of the first is left for the next, which has another path, and no fields of its own.
    let again = answer(stock.connect(), b"GET / HTTP/1.0\r\nHost: a\r\n\r\n");
    assert!(
        again.contains("GET /\n") && again.contains("received 0\n") && !again.contains("x-own"),
        "{again}"
    );
    // More than one page of the sandbox's memory.
    let long = "x".repeat(1000);
    let fields: String = (0..80)
        .map(|number| format!("X-{number}: {long}{number}\r\n"))
        .collect();
    let many = format!("GET /many HTTP/1.0\r\nHost: a\r\nConnection: close\r\n{fields}\r\n");
    let told = answer(stock.connect(), many.as_bytes());
    for number in 0..80 {
        assert!(
            told.contains(&format!("{long}{number}\n")),
            "field {number} of {} bytes",
            told.len()
        );
    }
}

/// A connection that is no request has none, under this server and under stock `wasmtime run`.
fn is_told_of_none(handler: Option<PathBuf>) {
    let Some(handler) = handler else { return };
    let server = Server::at(handler.clone()).start();
    assert_eq!(
        server.connect().receive_to_end(),
        (b"no request\n".to_vec(), End::Closed)
    );
    assert_eq!(server.stop().closed("completed"), 1);
    let Some(stock) = Stock::run(handler).start() else {
        return;
    };
    for _ in 0..2 {
        assert_eq!(stock.connect().receive_to_end().0, b"no request\n");
    }
}

fn imports(component: &Path) -> Vec<String> {
    let report = run(["inspect".as_ref(), component.as_os_str(), "--output=json".as_ref()]).succeed();
    let report: Value = serde_json::from_str(&report).unwrap();
    let imports = report["imports"].as_array().unwrap().iter();
    imports
        .map(|import| import["name"].as_str().unwrap().to_owned())
        .collect()
}

/// Who asks for the request imports it, and nothing else that the echo handler does not; who does not ask imports nothing more.
fn is_imported_by_those_who_ask(asks: Option<PathBuf>, echo: Option<PathBuf>) {
    let (Some(asks), Some(echo)) = (asks, echo) else { return };
    let [asks, echo] = [asks, echo].map(|component| imports(&component));
    assert!(!echo.iter().any(|name| name == IMPORT), "{echo:?}");
    assert!(asks.iter().any(|name| name == IMPORT), "{asks:?}");
    let more: Vec<_> = asks.iter().filter(|name| !echo.contains(name)).collect();
    assert_eq!(more, [IMPORT], "{asks:?}");
}

/// The component of `tests/programs/http_request` in this language; Rust has its own.
fn asks(extension: &str) -> Option<PathBuf> {
    match extension {
        "rs" => Some(Guest::Built("http_request").path()),
        _ => component(&format!("tests/programs/http_request/handler.{extension}")),
    }
}

macro_rules! each {
    ($($language:ident $extension:literal),+) => {
        $(mod $language {
            #[test]
            fn a_handler_is_told_of_its_request() {
                super::is_told(super::asks($extension));
            }

            #[test]
            fn a_connection_that_is_no_request_has_none() {
                super::is_told_of_none(super::asks($extension));
            }

            #[test]
            fn the_request_is_imported_by_those_who_ask() {
                let echo = super::component(concat!("guest/handlers/echo/handler.", $extension));
                super::is_imported_by_those_who_ask(super::asks($extension), echo);
            }
        })+
    };
}

each!(c "c", cpp "cpp", go "go", javascript "js", python "py", rust "rs", typescript "ts", zig "zig");

/// WASI 0.3, in the languages whose SDKs have asynchronous handlers of their own: those for C++ and Zig are layers over that for C.
#[test]
fn an_async_handler_is_told_of_its_request() {
    for extension in ["c", "js", "py"] {
        let handler = component(&format!("tests/programs/http_request/asynchronous.{extension}"));
        let Some(handler) = handler else { continue };
        let server = Server::at(handler.clone()).start();
        assert_eq!(
            server.connect().receive_to_end(),
            (b"no request\n".to_vec(), End::Closed),
            "{extension}"
        );
        server.stop();
        let Some(stock) = Stock::serve(handler).start() else {
            return;
        };
        // One instance handles both.
        for path in ["/a?query=1", "/b"] {
            let response = answer(
                stock.connect(),
                format!("GET {path} HTTP/1.0\r\nHost: a\r\n\r\n").as_bytes(),
            );
            assert!(
                response.contains(&format!("\r\n\r\nGET {path}\n")),
                "{extension}: {response}"
            );
        }
    }
}
