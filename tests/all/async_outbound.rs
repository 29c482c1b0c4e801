//! What guests reach by the sockets of WASI 0.3: as by those of 0.2.

use crate::support::eventually::{eventually, settled};
use crate::support::guest::Guest;
use crate::support::server::{Server, Setup};
use crate::support::upstream::{silent, udp, upper};

fn server(rules: &[&str]) -> Setup {
    let setup = Server::of(Guest::Built("async_outbound"));
    rules
        .iter()
        .fold(setup, |setup, rule| setup.with("allow-connect", rule))
}

#[test]
fn an_async_handler_asks_what_a_rule_grants() {
    let upstream = upper();
    let server = server(&[&format!("tcp://{upstream}")]).start();
    let mut client = server.connect();
    for _ in 0..20 {
        assert_eq!(client.ask(&format!("ask {upstream} hello")), "ok HELLO");
    }
    drop(client);
    assert_eq!(server.stop().closed("completed"), 1);
}

#[test]
fn an_async_handler_exchanges_datagrams_with_what_a_rule_grants() {
    let (peer, address) = udp();
    let server = server(&[&format!("udp://{address}")]).start();
    let mut client = server.connect();
    client.send(format!("exchange {address} hello\n"));
    let mut bytes = [0; 16];
    let (count, from) = peer.recv_from(&mut bytes).unwrap();
    assert_eq!(&bytes[..count], b"hello");
    peer.send_to(b"and back", from).unwrap();
    assert_eq!(client.receive_line(), "ok and back");
    drop(client);
    server.stop();
}

#[test]
fn what_no_rule_grants_is_refused_to_an_async_handler_too() {
    let (granted, (other, streams)) = (upper(), silent());
    let server = server(&[&format!("tcp://{granted}"), "localhost:*"]).start();
    let mut client = server.connect();
    let other_port = format!("127.0.0.2:{}", other.port());
    for command in [
        format!("ask {other_port} hello"),
        format!("exchange {other_port} hello"),
        "bind 127.0.0.1:0".to_owned(),
        "bind 0.0.0.0:4711".to_owned(),
        "listen".to_owned(),
    ] {
        assert_eq!(client.ask(&command), "error ErrorCode::AccessDenied", "{command}");
    }
    assert_eq!(client.ask("look-up example.com"), "error ErrorCode::AccessDenied");
    assert_eq!(client.ask("look-up localhost"), "ok 127.0.0.1 ::1");
    let refused = eventually("a refusal is logged", || {
        server.log().starting_with("refused to ").pop()
    });
    assert_eq!(
        refused.text("message"),
        format!("refused to connect to {other_port} over tcp; --allow-connect tcp://{other_port} grants it")
    );
    drop(client);
    assert_eq!(server.closed(1)[0].number("connects_refused"), 6);
    assert!(streams.try_recv().is_err(), "nothing reached it");
    server.stop();
}

/// A stream has the descriptor of its socket, and counts although the socket has been dropped.
#[test]
fn max_outbound_is_exact_for_streams_without_a_socket() {
    let (upstream, _streams) = silent();
    let server = server(&[&format!("tcp://{upstream}")])
        .with("max-outbound", 5)
        .alone()
        .start();
    let mut client = server.connect();
    let hoard = format!("hoard {upstream}");
    assert_eq!(client.ask(&hoard), "ok 5");
    let full = settled("the sockets are open", || server.descriptors());
    assert_eq!(client.ask(&hoard), "ok 5", "there is no room for another");
    assert_eq!(client.ask("release"), "ok ");
    // The host closes them when it next runs the guest's tasks, which is not before the guest answers.
    assert_eq!(settled("they are closed", || server.descriptors()), full - 5);
    assert_eq!(client.ask(&hoard), "ok 5", "what is closed makes room");
    assert_eq!(settled("the sockets are open", || server.descriptors()), full);
    drop(client);
    server.closed(1);
    assert_eq!(settled("all are closed", || server.descriptors()), full - 6);
    server.stop();
}
