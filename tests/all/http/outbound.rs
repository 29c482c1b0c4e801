//! Requests of handlers' own: to where a rule grants it, and nowhere else.

use std::io::Write as _;

use crate::support::guest::{HTTP, HTTP_RELAY};
use crate::support::http::{request, serve};
use crate::support::upstream;

#[test]
fn a_handler_asks_whom_a_rule_grants() {
    let upstream = serve(HTTP).start();
    let address = upstream.address().strip_prefix("http://").unwrap().to_owned();
    let server = serve(HTTP).with("allow-connect", &address).start();
    let mut client = server.connect();
    assert_eq!(client.get(&format!("/fetch/{address}/leave")).text(), "200 true 0\n");
    assert_eq!(
        client.get(&format!("/fetch/{address}/status/404")).text(),
        "404 true as you say\n"
    );
    let large = client.get(&format!("/fetch/{address}/size/1000000"));
    assert_eq!(large.body.len(), "200 true ".len() + 1_000_000);
    let broken = client.get(&format!("/fetch/{address}/late/panic"));
    assert_eq!(broken.text(), "200 false a part\n");
    let port = address.rsplit_once(':').unwrap().1;
    let named = serve(HTTP).with("allow-connect", format!("localhost:{port}")).start();
    assert_eq!(
        named.connect().get(&format!("/fetch/localhost:{port}/")).text(),
        "200 true hello\n"
    );
    drop(client);
    named.stop();
    server.stop();
    upstream.stop();
}

#[test]
fn what_no_rule_grants_is_denied_and_the_log_says_what_would() {
    let upstream = serve(HTTP).start();
    let address = upstream.address().strip_prefix("http://").unwrap().to_owned();
    for rule in [None, Some("10.0.0.1:80"), Some("*:*"), Some("localhost:1")] {
        let setup = serve(HTTP);
        let server = match rule {
            Some(rule) => setup.with("allow-connect", rule),
            None => setup,
        }
        .start();
        let mut client = server.connect();
        let answer = client.get(&format!("/fetch/{address}/"));
        assert_eq!(answer.text(), "ErrorCode::HttpRequestDenied\n", "{rule:?}");
        assert_eq!(server.requests(1)[0].number("connects_refused"), 1);
        let refused = &server.log().starting_with("refused to connect")[0];
        assert!(
            refused.message().contains(&format!("--allow-connect tcp://{address}")),
            "{refused:?}"
        );
        assert_eq!(
            client.get("/fetch/example.test/").text().trim(),
            match rule {
                Some("*:*") => "ErrorCode::DnsError(DnsErrorPayload { rcode: None, info-code: None })",
                _ => "ErrorCode::HttpRequestDenied",
            }
        );
        drop(client);
        server.stop();
    }
    assert_eq!(upstream.stop().accepted, 0);
}

#[test]
fn an_upstream_that_fails_is_an_error_to_the_handler() {
    let (silent, _streams) = upstream::silent();
    let upper = upstream::upper();
    let server = serve(HTTP)
        .with("allow-connect", "127.0.0.1:*")
        .with("request-timeout", "1s")
        .start();
    let mut client = server.connect();
    assert_eq!(
        client.get("/fetch/127.0.0.1:1/").text(),
        "ErrorCode::ConnectionRefused\n"
    );
    assert_eq!(
        client.get(&format!("/fetch/{upper}/")).text(),
        "ErrorCode::HttpProtocolError\n"
    );
    assert_eq!(client.get(&format!("/fetch/{silent}/")).status, 504);
    drop(client);
    server.stop();
}

/// The guest has returned by then, and has no task: what it gave as the body is a stream between the host and the host.
#[test]
fn a_body_that_comes_from_a_socket_is_sent_to_its_end() {
    let upstream = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = upstream.local_addr().unwrap();
    let server = serve(HTTP_RELAY)
        .with("allow-connect", format!("tcp://{address}"))
        .start();
    let mut client = server.connect();
    client.send(request("GET", &format!("/{address}"), ""));
    let (mut stream, _) = upstream.accept().unwrap();
    for part in ["one ", "two ", "three"] {
        stream.write_all(part.as_bytes()).unwrap();
        if part == "one " {
            assert_eq!(client.response_head().status, 200);
        }
        let chunk = format!("{:x}\r\n{part}\r\n", part.len());
        assert_eq!(client.receive(chunk.len()), chunk.as_bytes());
    }
    drop(stream);
    assert_eq!(client.receive(5), b"0\r\n\r\n");
    drop(client);
    assert_eq!(server.stop().requests_ended("completed"), 1);
}
