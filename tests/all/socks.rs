//! The proxy that relays TCP: a handler that connects outwards, both ways at once.

use std::net::SocketAddr;

use crate::support::client::{Client, End, noise};
use crate::support::guest::{ECHO, Guest};
use crate::support::server::Server;
use crate::support::tool::Tool;
use crate::support::upstream::silent;

/// The reply codes of RFC 1928, section 6.
const SUCCEEDED: u8 = 0;
const NOT_ALLOWED: u8 = 2;
const REFUSED: u8 = 5;
const NO_SUCH_COMMAND: u8 = 7;

fn proxy(rules: &[&str]) -> Server {
    let setup = Server::of(Guest::Built("socks"));
    rules
        .iter()
        .fold(setup, |setup, rule| setup.with("allow-connect", rule))
        .start()
}

/// The address of a server of ours.
fn target(server: &Server) -> SocketAddr {
    server.address().strip_prefix("tcp://").unwrap().parse().unwrap()
}

/// What a client of SOCKS5 says to be connected, and the code of the reply.
fn ask(client: &mut Client, command: u8, to: SocketAddr) -> u8 {
    client.send([5, 1, 0]);
    assert_eq!(client.receive(2), [5, 0]);
    let SocketAddr::V4(to) = to else { panic!("{to}") };
    client.send([&[5, command, 0, 1][..], &to.ip().octets(), &to.port().to_be_bytes()].concat());
    let reply = client.receive(10);
    assert_eq!(reply[0], 5);
    reply[1]
}

#[test]
fn a_relay_passes_on_both_directions_at_once_and_the_end_of_each() {
    let echo = Server::of(ECHO).start();
    let proxy = proxy(&[&target(&echo).to_string()]);
    let mut client = proxy.connect();
    assert_eq!(ask(&mut client, 1, target(&echo)), SUCCEEDED);
    let bytes = noise(16 << 20);
    let (received, end) = client.exchange(&bytes);
    assert_eq!(end, End::Closed);
    assert!(received == bytes, "{} bytes came back, or others", received.len());
    assert_eq!(proxy.stop().closed("completed"), 1);
    assert_eq!(echo.stop().closed("completed"), 1);
}

#[test]
fn curl_reaches_through_the_relay_what_a_rule_grants() {
    let Some(curl) = Tool::find("curl", "curl") else {
        return;
    };
    let http = Server::of(Guest::Built("http")).start();
    let port = target(&http).port();
    let proxy = proxy(&["localhost:*", &format!("127.0.0.1:{port}")]);
    let through = target(&proxy).to_string();
    // The proxy looks up the name of the one, and curl that of the other.
    for (flag, host) in [("--socks5-hostname", "localhost"), ("--socks5", "127.0.0.1")] {
        let url = format!("http://{host}:{port}/");
        let page = curl.run(&["-sS", "--fail", flag, &through, &url]);
        assert!(page.to_lowercase().contains("<html"), "{page}");
    }
    proxy.stop();
    http.stop();
}

#[test]
fn a_relay_tells_its_peer_why_not() {
    let (other, streams) = silent();
    let proxy = proxy(&["127.0.0.1:1", &format!("127.0.0.2:{}", other.port())]);
    for (command, to, code) in [
        (1, other, NOT_ALLOWED),
        (1, SocketAddr::from(([127, 0, 0, 1], 1)), REFUSED),
        (2, other, NO_SUCH_COMMAND),
    ] {
        let mut client = proxy.connect();
        assert_eq!(ask(&mut client, command, to), code);
        assert_eq!(client.end(), End::Closed);
    }
    let refused = proxy.log().starting_with("refused to ");
    assert_eq!(
        refused[0].text("message"),
        format!("refused to connect to {other} over tcp; --allow-connect tcp://{other} grants it")
    );
    assert!(streams.try_recv().is_err(), "nothing reached it");
    proxy.stop();
}

/// When one side is lost, nothing of the other is left.
#[test]
fn a_relay_ends_with_either_side() {
    let (upstream, streams) = silent();
    let proxy = proxy(&[&upstream.to_string()]);
    let mut client = proxy.connect();
    assert_eq!(ask(&mut client, 1, upstream), SUCCEEDED);
    drop(streams.recv().unwrap());
    assert_eq!(client.receive_to_end().1, End::Closed);
    drop(client);
    let mut client = proxy.connect();
    assert_eq!(ask(&mut client, 1, upstream), SUCCEEDED);
    let upstream = streams.recv().unwrap();
    client.reset();
    proxy.closed(2);
    drop(upstream);
    proxy.stop();
}
