//! Requests and responses as they should be.

use crate::support::client::End;
use crate::support::guest::{EACH_HTTP, HTTP};
use crate::support::http::{request, serve};

#[test]
fn a_request_is_answered() {
    for guest in EACH_HTTP {
        let server = serve(guest).start();
        let mut client = server.connect();
        let response = client.get("/");
        assert_eq!((response.status, response.text()), (200, "hello\n"));
        assert_eq!(response.header("content-type"), "text/plain");
        assert!(!response.header("date").is_empty() && !response.closes());
        let ended = &server.requests(1)[0];
        assert_eq!((ended.number("connection"), ended.number("request")), (1, 1));
        assert_eq!((ended.text("method"), ended.text("path")), ("GET", "/"));
        assert_eq!((ended.number("status"), ended.number("sent")), (200, 6));
        assert_eq!(ended.text("outcome"), "completed");
        drop(client);
        let books = server.stop();
        assert_eq!((books.requests_ended("completed"), books.closed("completed")), (1, 1));
    }
}

#[test]
fn a_connection_carries_any_number_of_requests() {
    for guest in EACH_HTTP {
        let server = serve(guest).start();
        let mut client = server.connect();
        for number in 1..=100 {
            assert_eq!(client.get("/").text(), "hello\n");
            assert_eq!(server.requests(number)[number - 1].number("request"), number as u64);
        }
        drop(client);
        assert_eq!(server.stop().accepted, 1);
    }
}

#[test]
fn requests_that_come_at_once_are_answered_in_their_order() {
    for guest in EACH_HTTP {
        let server = serve(guest).start();
        let mut client = server.connect();
        let paths: Vec<_> = (0..50).map(|number| format!("/describe/{number}")).collect();
        let all: String = paths.iter().map(|path| request("GET", path, "")).collect();
        client.send(all);
        for path in &paths {
            let response = client.response();
            assert_eq!(response.text().lines().nth(1), Some(path.as_str()));
        }
        drop(client);
        server.stop();
    }
}

#[test]
fn a_handler_sees_the_request() {
    for guest in EACH_HTTP {
        let server = serve(guest).start();
        let mut client = server.connect();
        client.send(
            "QUERY /describe/a%20b?c=d&e HTTP/1.1\r\nHost: example.com:8080\r\nX-One: 1\r\nx-one: 2\r\nConnection: \
             keep-alive\r\n\r\n",
        );
        let response = client.response();
        let lines: Vec<_> = response.text().lines().collect();
        assert_eq!(
            lines,
            [
                "QUERY",
                "/describe/a%20b?c=d&e",
                "example.com:8080",
                "Scheme::Http",
                "x-one: 1",
                "x-one: 2"
            ]
        );
        drop(client);
        server.stop();
    }
}

#[test]
fn an_absolute_target_says_whom_it_is_for() {
    let server = serve(HTTP).start();
    let mut client = server.connect();
    client.send("GET http://other.test/describe HTTP/1.1\r\nHost: test\r\n\r\n");
    let response = client.response();
    assert_eq!(response.text().lines().nth(2), Some("other.test"));
    drop(client);
    server.stop();
}

#[test]
fn what_has_no_body_has_none() {
    let server = serve(HTTP).start();
    let mut client = server.connect();
    client.send(request("HEAD", "/fixed/1000", ""));
    let head = client.response_head();
    assert_eq!((head.status, head.header("content-length")), (200, "1000"));
    for status in [204, 304] {
        let response = client.get(&format!("/status/{status}"));
        assert_eq!((response.status, response.text()), (status, ""));
        assert_eq!(response.header("transfer-encoding"), "");
    }
    assert_eq!(client.get("/").text(), "hello\n", "the connection goes on");
    drop(client);
    assert_eq!(server.stop().requests_ended("completed"), 4);
}

/// The head is answered before the handler is done, which sends a body that nobody gets.
#[test]
fn a_handler_that_goes_on_after_head_is_run_to_its_end() {
    for guest in EACH_HTTP {
        let server = serve(guest).start();
        let mut client = server.connect();
        client.send(request("HEAD", "/drip/3", ""));
        assert_eq!(client.response_head().status, 200);
        assert_eq!(client.get("/").text(), "hello\n");
        let ended = server.requests(2);
        assert!(
            ended.iter().all(|ended| ended.text("outcome") == "completed"),
            "{ended:?}"
        );
        drop(client);
        server.stop();
    }
}

#[test]
fn a_handler_may_go_on_after_its_response() {
    for guest in EACH_HTTP {
        let server = serve(guest).start();
        let mut client = server.connect();
        assert_eq!(client.get("/after/300").text(), "done\n");
        assert_eq!(server.log().all("guest output").len(), 0);
        drop(client);
        server
            .log()
            .wait_for_one("guest output", |line| line.text("text") == "and after");
        let ended = &server.requests(1)[0];
        assert_eq!(ended.text("outcome"), "completed");
        assert!(ended.seconds("duration") >= 0.3);
        server.stop();
    }
}

#[test]
fn http_1_0_is_answered_and_closed() {
    for guest in EACH_HTTP {
        let server = serve(guest).start();
        let mut client = server.connect();
        client.send("GET /describe HTTP/1.0\r\n\r\n");
        let (bytes, end) = client.receive_to_end();
        let text = String::from_utf8(bytes).unwrap();
        assert_eq!(end, End::Closed);
        assert!(
            text.starts_with("HTTP/1.0 200 OK\r\n") && text.contains("127.0.0.1:"),
            "{text}"
        );
        server.stop();
    }
}

#[test]
fn a_peer_that_asks_for_it_is_closed_to() {
    let server = serve(HTTP).start();
    let mut client = server.connect();
    client.send(request("GET", "/", "Connection: close\r\n"));
    let response = client.response();
    assert!(response.closes());
    assert_eq!(client.end(), End::Closed);
    server.stop();
}

#[test]
fn a_unix_socket_speaks_http() {
    let folder = tempfile::tempdir().unwrap();
    for url in [
        format!("http+unix://{}/http.sock", folder.path().display()),
        format!("http+unix:@socketserver-http-{}", std::process::id()),
    ] {
        let server = crate::support::server::Server::of(HTTP).listen(url.as_str()).start();
        assert_eq!(server.address(), url);
        // The abstract name is one for the test's client as well.
        let mut client = server.connect();
        assert_eq!(client.get("/").text(), "hello\n");
        drop(client);
        server.stop();
    }
}

#[test]
fn a_handler_reaches_nothing_else() {
    let server = serve(HTTP).start();
    let mut client = server.connect();
    assert_eq!(
        client.get("/reach").text(),
        "0 variables, 0 arguments, no file: true, 0 bytes of input\n"
    );
    drop(client);
    server.stop();
}

#[test]
fn what_a_handler_prints_has_the_numbers_of_its_request() {
    for guest in EACH_HTTP {
        let server = serve(guest).start();
        let mut client = server.connect();
        client.get("/");
        client.get("/print/words");
        let lines = server.log().wait_for("guest output", 2);
        let lines: Vec<_> = lines
            .iter()
            .map(|line| {
                (
                    line.number("connection"),
                    line.number("request"),
                    line.text("stream"),
                    line.text("text"),
                )
            })
            .collect();
        assert_eq!(
            lines,
            [(1, 2, "stdout", "words to stdout"), (1, 2, "stderr", "words to stderr")]
        );
        drop(client);
        server.stop();
    }
}
