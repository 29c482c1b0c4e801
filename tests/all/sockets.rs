//! Options of sockets, seen from outside.

use crate::support::client::{Client, End};
use crate::support::datagrams::Peer;
use crate::support::guest::{ECHO, ECHO_DATAGRAMS, Guest};
use crate::support::server::{Server, run_serve};
use crate::support::tool::Tool;

/// The kernel spreads what comes over the servers.
#[test]
fn servers_that_ask_for_it_share_a_port() {
    let shared = |url: &str| Server::of(ECHO_DATAGRAMS).listen(url).with("reuse-port", true).start();
    let first = shared("udp://127.0.0.1:0");
    let url = first.address().to_owned();
    let second = shared(&url);
    // By the ports of both sides: that all 64 fall to one server happens once in 2^63 times.
    for _ in 0..64 {
        assert_eq!(Peer::of(&url).ask("hello"), "hello");
    }
    let (first, second) = (first.stop(), second.stop());
    assert_eq!(first.accepted + second.accepted, 64);
    assert!(first.accepted > 0 && second.accepted > 0, "{first:?} {second:?}");
}

#[test]
fn connections_are_shared_too() {
    let shared = |url: &str| Server::of(ECHO).listen(url).with("reuse-port", true).start();
    let first = shared("tcp://127.0.0.1:0");
    let url = first.address().to_owned();
    let second = shared(&url);
    for _ in 0..64 {
        let mut client = Client::connect(&url).unwrap();
        client.echo("hello");
        client.finish();
        assert_eq!(client.end(), End::Closed);
    }
    let (first, second) = (first.stop(), second.stop());
    assert_eq!(first.accepted + second.accepted, 64);
    assert!(first.accepted > 0 && second.accepted > 0, "{first:?} {second:?}");
}

/// One of them would get nothing, and nobody would know.
#[test]
fn a_port_is_shared_only_if_both_ask_for_it() {
    for (guest, listen) in [(ECHO, "tcp://127.0.0.1:0"), (ECHO_DATAGRAMS, "udp://127.0.0.1:0")] {
        for (first, second) in [(false, false), (false, true), (true, false)] {
            let server = Server::of(guest).listen(listen).with("reuse-port", first).start();
            let flag = format!("--reuse-port={second}");
            let refused = run_serve(guest, &["--listen", server.address(), &flag]);
            assert_eq!(refused.code, Some(71), "{listen} {first} {second}: {refused:?}");
            assert!(
                refused.errors.contains("something already listens there"),
                "{refused:?}"
            );
            server.stop();
        }
    }
}

/// The side that closes first keeps the address of the connection for a minute (RFC 9293, TIME-WAIT).
#[test]
fn an_address_where_connections_linger_can_be_bound_again_unless_a_flag_says_no() {
    let server = Server::of(Guest::Built("daytime")).start();
    let url = server.address().to_owned();
    assert_eq!(server.connect().receive_to_end().1, End::Closed);
    server.closed(1);
    server.stop();
    let refused = run_serve(ECHO, &["--listen", &url, "--reuse-address=false"]);
    assert_eq!(refused.code, Some(71), "{refused:?}");
    let server = Server::of(ECHO).listen(&url).start();
    server.connect().echo("hello");
    server.stop();
}

#[test]
fn keep_alive_is_what_the_flag_says() {
    let Some(ss) = Tool::find("ss", "iproute2") else {
        return;
    };
    for (keep_alive, shown) in [("none", false), ("1h", true)] {
        let server = Server::of(ECHO).with("keep-alive", keep_alive).start();
        let mut client = server.connect();
        client.echo("hello");
        let (_, port) = server.address().rsplit_once(':').unwrap();
        let connection = ss.run(&["-Htno", "sport", "=", &format!(":{port}")]);
        assert!(connection.contains("ESTAB"), "{connection}");
        assert_eq!(connection.contains("timer:(keepalive,"), shown, "{connection}");
        drop(client);
        server.stop();
    }
}
