//! Bundles under stock `wasmtime serve`: bodies, responses, failures, and handlers that speak HTTP/1.1 themselves.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use crate::support::client::noise;
use crate::support::guest::{ECHO, ECHO_ASYNC, Guest};
use crate::support::source::component;
use crate::support::stock::Stock;
use crate::support::tool::Tool;

const ASYNC_PASS: Guest = Guest::Built("async_pass");
const HTTP: Guest = Guest::Built("http");
const TELL: Guest = Guest::Built("http_request");

/// Sends a request that says that it is the last, and receives the response as it is.
fn ask(stock: &Stock, request: &str) -> String {
    let mut client = stock.connect();
    client.send(request);
    String::from_utf8_lossy(&client.receive_to_end().0).into_owned()
}

/// The head of a request without a body.
fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: example.org:81\r\nX-Own: a b\r\nConnection: close\r\n\r\n")
}

#[test]
fn large_uploads_come_back_whole() {
    let Some(curl) = Tool::find("curl", "curl") else { return };
    for echo in [ECHO, ECHO_ASYNC, ASYNC_PASS] {
        let Some(stock) = Stock::serve(echo.path()).start() else {
            return;
        };
        let folder = tempfile::tempdir().unwrap();
        let [sent, received] = ["sent", "received"].map(|name| folder.path().join(name));
        fs::write(&sent, noise(32 << 20)).unwrap();
        // With a length, and in chunks.
        for flags in [&[][..], &["-H", "Transfer-Encoding: chunked"]] {
            let [from, to] = [&sent, &received].map(|path| path.to_str().unwrap());
            curl.run(&[&["-sS", "--fail", "-T", from, "-o", to], flags, &[stock.address()]].concat());
            assert!(same(&sent, &received), "{echo:?} {flags:?}");
        }
    }
}

#[test]
fn a_reader_that_is_slow_gets_everything() {
    let Some(stock) = Stock::serve(ECHO.path()).start() else {
        return;
    };
    let bytes = noise(8 << 20);
    let mut client = stock.connect();
    let sender = client.split();
    thread::scope(|scope| {
        scope.spawn(|| {
            let head = format!("POST / HTTP/1.0\r\nHost: a\r\nContent-Length: {}\r\n\r\n", bytes.len());
            sender.send(head);
            sender.send(&bytes);
        });
        client.wait_until_sender_is_stuck();
        let (response, _) = client.receive_to_end();
        assert!(response.ends_with(&bytes), "{} bytes", response.len());
    });
}

/// Both directions go on at once: the response has begun before the request is complete.
#[test]
fn a_response_begins_before_its_request_has_ended() {
    for echo in [ECHO, ECHO_ASYNC] {
        let Some(stock) = Stock::serve(echo.path()).start() else {
            return;
        };
        let mut client = stock.connect();
        client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\none");
        while client.receive_line() != "\r" {}
        assert_eq!(client.receive_line(), "3\r");
        assert_eq!(client.receive_line(), "one\r");
        client.send("two");
        assert_eq!(client.receive_line(), "3\r");
        assert_eq!(client.receive_line(), "two\r");
    }
}

/// wasmtime takes a client that closes its sending side for one that has gone. That costs this client its response, and
/// nobody else anything.
#[test]
fn a_client_that_half_closes_harms_nobody_else() {
    let Some(stock) = Stock::serve(ECHO.path()).start() else {
        return;
    };
    for _ in 0..20 {
        let mut client = stock.connect();
        client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n");
        client.finish();
        client.receive_to_end();
    }
    assert!(ask(&stock, &get("/")).starts_with("HTTP/1.1 200 OK\r\n"));
}

#[test]
fn clients_that_go_are_no_reason_to_stop() {
    let Some(stock) = Stock::serve(ECHO.path()).start() else {
        return;
    };
    for number in 0..30 {
        let client = stock.connect();
        client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n");
        client.send(vec![b'x'; number * 1000]);
        if number % 2 == 0 {
            client.reset();
        }
    }
    let response = ask(&stock, &get("/"));
    assert!(response.starts_with("HTTP/1.1 200 OK\r\n"), "{response}");
}

#[test]
fn a_handler_that_fails_is_a_500_or_a_body_that_is_cut() {
    let Some(stock) = Stock::serve(TELL.path()).start() else {
        return;
    };
    let response = ask(&stock, &get("/fail"));
    assert!(response.starts_with("HTTP/1.1 500 "), "{response}");
    stock.complains("handler error: refused by choice");
    // The runtime may cut it off before it has written the beginning.
    let response = ask(&stock, &get("/fail-late"));
    assert!(!response.starts_with("HTTP/1.1 500 "), "{response}");
    assert!(
        !response.ends_with("0\r\n\r\n"),
        "the client sees that it is not whole: {response}"
    );
    let response = ask(&stock, &get("/trap"));
    assert!(response.starts_with("HTTP/1.1 500 "), "{response}");
    let response = ask(&stock, &get("/trap-late"));
    assert!(
        response.starts_with("HTTP/1.1 200 ") && response.contains("a part"),
        "{response}"
    );
    assert!(
        response.ends_with("0\r\n\r\n"),
        "should it be cut now, then bundles need not warn of it: {response}"
    );
    assert!(
        ask(&stock, &get("/again")).contains("GET /again\n"),
        "the next request has an instance of its own"
    );
}

#[test]
fn nothing_is_left_for_the_next_request() {
    let Some(misbehave) = component("tests/programs/misbehave/handler.c") else {
        return;
    };
    let Some(stock) = Stock::serve(misbehave).start() else {
        return;
    };
    let post = |word: &str| {
        ask(
            &stock,
            &format!(
                "POST / HTTP/1.0\r\nHost: a\r\nContent-Length: {}\r\n\r\n{word}\n",
                word.len() + 1
            ),
        )
    };
    for _ in 0..5 {
        assert!(post("count").ends_with("\r\n\r\n1\n"));
    }
    let leaked = post("leak");
    assert!(
        leaked.starts_with("HTTP/1.0 200 ") && leaked.ends_with("\r\n\r\n"),
        "{leaked}"
    );
}

fn http_handlers() -> impl Iterator<Item = PathBuf> {
    [Some(HTTP.path()), component("guest/handlers/http/handler.c")]
        .into_iter()
        .flatten()
}

#[test]
fn a_handler_that_speaks_http_answers_with_its_own_head() {
    let Some(curl) = Tool::find("curl", "curl") else { return };
    for http in http_handlers() {
        let Some(stock) = Stock::serve(http).bundle_flag("--http-wire").start() else {
            return;
        };
        let url = stock.address();
        let page = curl.run(&["-sS", "--fail", "-D-", &format!("{url}/robots.txt")]);
        assert!(page.starts_with("HTTP/1.1 200 OK"), "{page}");
        assert!(
            page.contains("content-length: 23\n") && page.contains("content-type: text/plain"),
            "{page}"
        );
        assert!(page.ends_with("\n\nUser-agent: *\nAllow: /\n"), "{page}");
        let head = curl.run(&["-sS", "--fail", "--head", url]);
        assert!(
            head.starts_with("HTTP/1.1 200") && head.contains("content-length: "),
            "{head}"
        );
        let status = |arguments: &[&str]| {
            let common = ["-sS", "-o", "/dev/null", "-w", "%{http_code}"];
            curl.run(&[&common[..], arguments].concat()).trim_end().to_owned()
        };
        assert_eq!(status(&[&format!("{url}/no-such-page")]), "404");
        assert_eq!(status(&["-d", "x=1", url]), "405");
        assert_eq!(status(&["-d", "x=1", "-H", "Transfer-Encoding: chunked", url]), "405");
        assert_eq!(status(&["-X", "get", url]), "501");
        // Two pages in one run use one connection.
        assert_eq!(
            curl.run(&[
                "-sS",
                "-w",
                "%{num_connects} ",
                "-o",
                "/dev/null",
                "-o",
                "/dev/null",
                url,
                url
            ]),
            "1 0 \n"
        );
    }
}

#[test]
fn a_page_that_the_client_has_is_not_sent_again() {
    let Some(stock) = Stock::serve(HTTP.path()).bundle_flag("--http-wire").start() else {
        return;
    };
    let response = ask(&stock, &get("/"));
    let etag = response.lines().find_map(|line| line.strip_prefix("etag: ")).unwrap();
    let again = ask(
        &stock,
        &get("/").replace("X-Own: a b", &format!("If-None-Match: {etag}")),
    );
    assert!(again.starts_with("HTTP/1.1 304 "), "{again}");
    assert!(again.ends_with("\r\n\r\n"), "{again}");
}

#[test]
fn an_async_handler_that_speaks_http_answers_with_its_own_head() {
    let http = Guest::Built("async_http_wire").path();
    let Some(stock) = Stock::serve(http).bundle_flag("--http-wire").start() else {
        return;
    };
    let response = ask(&stock, &get("/a"));
    assert!(
        response.starts_with("HTTP/1.1 201 Created\r\n") && response.contains("\r\nx-own: yes\r\n"),
        "{response}"
    );
    for line in [
        "GET /a HTTP/1.1\r\n",
        // wasmtime 48 tells it in WASI 0.2 alone.
        "Host: \r\n",
        "Connection: close\r\n",
        "0 bytes\n",
    ] {
        assert!(response.contains(line), "{line:?} in {response}");
    }
    let sized = get("/")
        .replace("GET", "POST")
        .replace("X-Own", "Content-Length: 5\r\nX-Own")
        + "hello";
    assert!(ask(&stock, &sized).contains("5 bytes\n"));
    // A chunk is its size, its bytes, and two line ends.
    let chunked = get("/")
        .replace("GET", "POST")
        .replace("X-Own", "Transfer-Encoding: chunked\r\nX-Own");
    let response = ask(&stock, &(chunked + "5\r\nhello\r\n0\r\n\r\n"));
    assert!(
        response.contains("Transfer-Encoding: chunked\r\n") && response.contains("15 bytes\n"),
        "{response}"
    );
    let response = ask(&stock, &get("/fail"));
    assert!(response.starts_with("HTTP/1.1 500 "), "{response}");
    stock.complains("handler error: ");
    let response = ask(&stock, &get("/cut"));
    assert!(!response.ends_with("0\r\n\r\n"), "{response}");
    stock.complains("the end of the stream before its last chunk");
}

/// Echo sends the request back, which is no response.
#[test]
fn what_is_no_response_is_a_502() {
    for echo in [ECHO, ECHO_ASYNC, ASYNC_PASS] {
        let Some(stock) = Stock::serve(echo.path()).bundle_flag("--http-wire").start() else {
            return;
        };
        let response = ask(&stock, &get("/"));
        assert!(response.starts_with("HTTP/1.1 502 "), "{response}");
        stock.complains("the handler has sent what is no response of HTTP/1.1: ");
        // What it is given is a request, so a body that is one response is a response.
        let chunked = get("/").replace("X-Own", "Transfer-Encoding: chunked\r\nX-Own") + "0\r\n\r\n";
        assert!(ask(&stock, &chunked).starts_with("HTTP/1.1 502 "));
    }
}

/// In async there is one instance for several requests, unless wasmtime is told otherwise.
#[test]
fn async_requests_share_an_instance_unless_told_otherwise() {
    let Some(stock) = Stock::serve(Guest::Built("async_calls").path()).start() else {
        return;
    };
    let Some(fresh) = Stock::serve(Guest::Built("async_calls").path())
        .flag("--max-instance-reuse-count=1")
        .start()
    else {
        return;
    };
    let bodies = |stock: &Stock| -> Vec<String> {
        let post = "POST / HTTP/1.0\r\nHost: a\r\nContent-Length: 1\r\n\r\n\n";
        let responses = (0..3).map(|_| ask(stock, post));
        responses
            .map(|response| response.rsplit("\r\n\r\n").next().unwrap().trim().to_owned())
            .collect()
    };
    let shared = bodies(&stock);
    assert!(shared.windows(2).any(|pair| pair[0] != pair[1]), "{shared:?}");
    let separate = bodies(&fresh);
    assert!(separate.windows(2).all(|pair| pair[0] == pair[1]), "{separate:?}");
}

fn same(one: &Path, other: &Path) -> bool {
    fs::read(one).unwrap() == fs::read(other).unwrap()
}

/// One instance serves several at once, as stock wasmtime has it for WASI 0.3, and each is told of when others have come.
#[test]
fn an_async_handler_is_told_of_its_own_request_and_of_no_other() {
    let http = Guest::Built("async_http_wire").path();
    let Some(stock) = Stock::serve(http).bundle_flag("--http-wire").start() else {
        return;
    };
    let begin = |number| {
        let client = stock.connect();
        let head = get(&format!("/{number}"));
        // Its body, of which nothing is known, is waited for.
        client.send(
            head.replace("GET", "POST")
                .replace("X-Own", "Transfer-Encoding: chunked\r\nX-Own"),
        );
        client
    };
    let mut clients: Vec<_> = (0..40).map(begin).collect();
    ask(&stock, &get("/last"));
    for (number, client) in clients.iter_mut().enumerate() {
        client.send("5\r\nhello\r\n0\r\n\r\n");
        let response = client.receive_to_end().0;
        let response = String::from_utf8(response).unwrap();
        assert!(
            response.contains(&format!("x-told: /{number}\r\n")),
            "{number}: {response}"
        );
    }
}
