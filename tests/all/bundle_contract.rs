//! Every method of `connections` and of `datagram-socket` under stock `wasmtime run`, where adapters define them.

use crate::support::client::{Client, End};
use crate::support::datagrams::Peer;
use crate::support::guest::{CONFORMANCE, DATAGRAMS};
use crate::support::stock::Stock;

/// What a handler calls, and what it is answered: as `contract.rs` has it for our host.
#[test]
fn the_contract_of_connections_is_kept() {
    let Some(stock) = Stock::run(CONFORMANCE.path()).start() else {
        return;
    };
    for (sent, answered) in [
        ("receive 10\nabc", "ok 3 abc\n"),
        ("receive 2; receive 10\nabc", "ok 2 ab\nok 1 c\n"),
        ("receive 0\n", "error invalid-argument\n"),
        ("wait\n", "error invalid-argument\n"),
        ("wait w\n", "ok w\n"),
        ("wait rw\n", "ok w\n"),
        ("wait r; wait rw; receive 1\nx", "ok r\nok rw\nok 1 x\n"),
        (
            "send 0; send 5; send-all 0; send-all 5\n",
            "ok 0\nxxxxxok 5\nok\nxxxxxok\n",
        ),
        (
            "shutdown receive; receive 1; wait r; shutdown receive; send-all 1; return\n",
            "ok\nok 0 \nok r\nok\nxok\n",
        ),
    ] {
        let mut client = stock.connect();
        client.send(sent);
        let answer = client.receive(answered.len());
        assert_eq!(String::from_utf8_lossy(&answer), answered, "{sent}");
    }
    let mut client = stock.connect();
    for (asked, answered) in [
        ("set-timeout 50", "ok"),
        ("receive 1", "error timeout"),
        ("wait r", "error timeout"),
        ("receive 1\nx", "ok 1 x"),
        ("set-timeout 0", "ok"),
        ("receive 1", "error timeout"),
        ("wait r", "error timeout"),
        ("send-all 3", "xxxok"),
        ("set-timeout none", "ok"),
        ("receive 1\nx", "ok 1 x"),
    ] {
        // What is to be received follows its command in one piece, without a line end of its own.
        client.send(asked);
        if !asked.contains('\n') {
            client.send("\n");
        }
        assert_eq!(client.receive_line(), answered, "{asked}");
    }
    drop(client);
    let mut client = stock.connect();
    client.send("receive 1; receive 1; wait r; receive 4294967295\n");
    client.finish();
    assert_eq!(
        client.receive_to_end(),
        (b"ok 0 \nok 0 \nok r\nok 0 \n".to_vec(), End::Closed)
    );
}

#[test]
fn receive_returns_at_most_64_kib() {
    let Some(stock) = Stock::run(CONFORMANCE.path()).start() else {
        return;
    };
    let mut client = stock.connect();
    client.send("pause 100; receive 4294967295; return\n");
    client.send(vec![b'x'; 200_000]);
    assert_eq!(client.receive_line(), "ok 65536");
    assert_eq!(client.end(), End::Closed, "unread bytes are no reason to reset");
}

#[test]
fn addresses_are_those_that_the_peer_sees() {
    let stock = Stock::run(CONFORMANCE.path())
        .argument("127.0.0.1:0")
        .argument("tcp://[::1]:0");
    let Some(stock) = stock.start() else { return };
    for url in stock.listeners() {
        let mut client = Client::connect(url).unwrap();
        assert_eq!(client.ask("get-remote-address"), format!("ok ip {}", client.address()));
        assert_eq!(client.ask("get-local-address").replace("ok ip ", "tcp://"), *url);
    }
}

#[test]
fn large_sends_wait_for_the_peer_and_give_up_in_time() {
    let Some(stock) = Stock::run(CONFORMANCE.path()).start() else {
        return;
    };
    let mut client = stock.connect();
    client.send("send-all 33554432\n");
    client.wait_until_sender_is_stuck();
    let answer = client.receive_line();
    assert_eq!((answer.len(), answer.ends_with("xok")), (33_554_432 + "ok".len(), true));
    drop(client);

    let mut client = stock.connect();
    client.ask("set-timeout 50");
    client.send("send-all 33554432; wait r\n");
    client.wait_until_sender_is_stuck();
    let answer = client.receive_line();
    let (sent, answer) = answer.split_at(answer.find(|c| c != 'x').unwrap());
    assert_eq!(answer, "error timeout");
    assert!(sent.len() < 33_554_432, "{}", sent.len());
}

#[test]
fn half_closes_pass_in_both_directions() {
    let Some(stock) = Stock::run(CONFORMANCE.path()).start() else {
        return;
    };
    let mut client = stock.connect();
    client.send("send-all 3; shutdown send; shutdown send; receive 3\n");
    assert_eq!(client.receive_to_end(), (b"xxxok\n".to_vec(), End::Closed));
    client.send("abc");
    client.finish();
    stock.complains("handler error: unsent: ok; ok; ok 3 abc");

    let client = stock.connect();
    client.send("pause 300; wait rw; receive 1; receive 1; shutdown send; send 1\n");
    client.reset();
    stock.complains("handler error: unsent: ok rw; error connection-reset; ok 0 ; ok; error connection-broken");
}

#[test]
fn a_dropped_a_leaked_and_a_failed_connection_are_closed() {
    let Some(stock) = Stock::run(CONFORMANCE.path()).start() else {
        return;
    };
    let mut client = stock.connect();
    client.send("drop; pause 200; return\n");
    assert_eq!(client.end(), End::Closed);
    let mut client = stock.connect();
    client.send("forget; return\n");
    assert_eq!(client.end(), End::Closed);
    let mut client = stock.connect();
    client.send("send-all 3; fail it did not work\n");
    assert_eq!(client.receive_to_end(), (b"xxxok\n".to_vec(), End::Closed));
    stock.complains("handler error: it did not work");
    assert_eq!(stock.connect().ask("wait w"), "ok w", "the loop goes on");
}

#[test]
fn the_contract_of_datagrams_is_kept() {
    let Some(stock) = Stock::run(DATAGRAMS.path()).start() else {
        return;
    };
    let peer = Peer::of(stock.address());
    assert_eq!(peer.ask("count"), "1");
    assert_eq!(peer.ask("echo hello"), "echo hello");
    peer.send("twice x");
    for _ in 0..2 {
        assert_eq!(String::from_utf8(peer.receive()).unwrap(), "twice x");
    }
    let local = stock.address().strip_prefix("udp://").unwrap();
    assert_eq!(peer.ask("addresses"), format!("{}\n{local}", peer.address()));
    assert_eq!(peer.ask("elsewhere 127.0.0.1:9"), "the operator has not granted this");
    assert_eq!(peer.ask("big 65508"), "the message is too large");
    assert_eq!(peer.ask(format!("length {}", "x".repeat(65_500))), "65507");
    peer.send("fail it did not work");
    stock.complains("handler error: it did not work");
    // Its memory is that of the whole process, and nothing that failed has ended it.
    assert_eq!(Peer::of(stock.address()).ask("count"), "9");
}
