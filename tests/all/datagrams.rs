//! Datagrams over UDP: each is served by a sandbox of its own, and what becomes of one concerns no other.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use socketserver::{Closed, Config, Connection, Observer, Phase};

use crate::support::client::{Client, End};
use crate::support::datagrams::Peer;
use crate::support::eventually::settled;
use crate::support::guest::{DATAGRAMS, ECHO, ECHO_DATAGRAMS, Guest};
use crate::support::server::{Server, Setup, run_serve};

const IPV4: &str = "udp://127.0.0.1:0";

#[test]
fn a_datagram_comes_back_over_ipv4_and_ipv6() {
    let server = Server::of(ECHO_DATAGRAMS).listen(IPV4).listen("udp://[::1]:0").start();
    for url in server.listeners() {
        let peer = Peer::of(url);
        assert_eq!(peer.ask("hello"), "hello");
        let closed = server
            .log()
            .wait_for_one("connection closed", |line| line.text("listener") == url);
        assert_eq!(closed.text("reason"), "completed");
        assert_eq!(closed.text("remote"), peer.address().to_string());
        assert_eq!((closed.number("received"), closed.number("sent")), (5, 5));
    }
    assert_eq!(server.stop().closed("completed"), 2);
}

/// An IPv4 peer has one spelling, whatever it comes in by.
#[test]
fn a_dual_stack_listener_shows_an_ipv4_peer_as_that() {
    let server = Server::of(DATAGRAMS).listen("udp://[::]:0").start();
    let port = port(&server);
    for (from, to) in [("127.0.0.1", "127.0.0.2"), ("::1", "[::1]")] {
        let peer = Peer::from(from, &format!("udp://{to}:{port}"));
        assert_eq!(peer.ask("addresses"), format!("{}\n{to}:{port}", peer.address()));
        assert_eq!(
            server
                .log()
                .wait_for("connection closed", 1)
                .last()
                .unwrap()
                .text("reason"),
            "completed"
        );
    }
    server.stop();
}

/// A peer takes an answer from another address for somebody else's.
#[test]
fn answers_come_from_the_address_that_was_asked() {
    let server = Server::of(DATAGRAMS).listen("udp://0.0.0.0:0").start();
    let port = port(&server);
    for to in ["127.0.0.1", "127.0.0.2", "127.1.2.3"] {
        // It compares the two itself.
        let peer = Peer::from("127.0.0.1", &format!("udp://{to}:{port}"));
        assert_eq!(peer.ask("addresses"), format!("{}\n{to}:{port}", peer.address()));
    }
    server.stop();
}

#[test]
fn an_empty_datagram_is_one_too() {
    let server = Server::of(ECHO_DATAGRAMS).listen(IPV4).start();
    let peer = Peer::of(server.address());
    assert_eq!(peer.ask(""), "");
    assert_eq!(peer.ask("and on"), "and on");
    let closed = server
        .log()
        .wait_for_one("connection closed", |line| line.number("received") == 0);
    assert_eq!((closed.text("reason"), closed.number("sent")), ("completed", 0));
    assert_eq!(server.stop().closed("completed"), 2);
}

#[test]
fn a_handler_may_answer_never_once_or_twice() {
    let server = Server::of(DATAGRAMS).listen(IPV4).start();
    let peer = Peer::of(server.address());
    peer.send("none at all");
    server.closed(1);
    assert!(peer.is_silent());
    peer.send("twice x");
    assert_eq!(
        (peer.receive(), peer.receive()),
        (b"twice x".to_vec(), b"twice x".to_vec())
    );
    server.closed(2);
    assert!(peer.is_silent());
    server.stop();
}

#[test]
fn what_is_longer_than_max_packet_size_is_cut_and_the_handler_told() {
    let length = |bytes: usize| format!("length {}", "x".repeat(bytes - "length ".len()));
    let server = Server::of(DATAGRAMS).listen(IPV4).start();
    let peer = Peer::of(server.address());
    assert_eq!(peer.ask(length(8192)), "8192");
    assert_eq!(peer.ask(length(8193)), "8192 truncated");
    assert_eq!(peer.ask(length(65_507)), "8192 truncated");
    server.stop();

    let server = Server::of(DATAGRAMS).listen(IPV4).with("max-packet-size", 10).start();
    let peer = Peer::of(server.address());
    assert_eq!(peer.ask(length(10)), "10");
    assert_eq!(peer.ask(length(11)), "10 truncated");
    server.stop();

    let server = Server::of(DATAGRAMS)
        .listen(IPV4)
        .with("max-packet-size", 65_535)
        .start();
    let peer = Peer::of(server.address());
    assert_eq!(peer.ask(length(65_507)), "65507");
    server.stop();
}

#[test]
fn an_answer_that_is_too_large_is_not_sent() {
    let server = Server::of(DATAGRAMS).listen(IPV4).start();
    let peer = Peer::of(server.address());
    // The length of an IP packet has 16 bits, and its header and that of UDP take 28 bytes.
    assert_eq!(peer.ask("big 65508"), "the message is too large");
    peer.send("big 65507");
    assert_eq!(peer.receive().len(), 65_507);
    assert_eq!(peer.receive(), b"ok");
    server.stop();
}

#[test]
fn a_handler_reaches_nobody_but_its_peer() {
    let server = Server::of(DATAGRAMS).listen(IPV4).start();
    let peer = Peer::of(server.address());
    let other = Peer::of(server.address());
    for elsewhere in [
        other.address().to_string(),
        "[::1]:9".to_owned(),
        "/run/socket".to_owned(),
    ] {
        assert_eq!(
            peer.ask(format!("elsewhere {elsewhere}")),
            "the operator has not granted this"
        );
    }
    assert!(other.is_silent());
    peer.send(format!("elsewhere {}", peer.address()));
    assert_eq!((peer.receive(), peer.receive()), (b"hello".to_vec(), b"ok".to_vec()));
    server.stop();
}

#[test]
fn each_datagram_has_a_sandbox_of_its_own() {
    let server = Server::of(DATAGRAMS).listen(IPV4).start();
    let peer = Peer::of(server.address());
    for _ in 0..20 {
        assert_eq!(peer.ask("count"), "1");
    }
    assert_eq!(server.stop().closed("completed"), 20);
}

#[test]
fn a_datagram_that_fails_ends_alone_and_with_its_reason() {
    let server = one_that_spins().start();
    let (peer, neighbour) = (Peer::of(server.address()), Peer::of(server.address()));
    for datagram in ["spin", "panic", "fail with these words"] {
        peer.send(datagram);
    }
    let mut answered = 0;
    while server
        .log()
        .all("connection closed")
        .iter()
        .all(|line| line.text("reason") != "cpu-time")
    {
        assert_eq!(neighbour.ask("echo still here"), "echo still here");
        answered += 1;
    }
    assert!(answered > 0);
    assert!(peer.is_silent());
    let closed = server.closed(3 + answered);
    let of = |reason| closed.iter().find(|line| line.text("reason") == reason).unwrap();
    assert_eq!(of("handler-error").text("error"), "with these words");
    assert!(of("trap").has("backtrace"));
    let books = server.stop();
    assert_eq!(
        (
            books.closed("trap"),
            books.closed("handler-error"),
            books.closed("cpu-time")
        ),
        (1, 1, 1)
    );
    assert_eq!(books.closed("completed"), answered as u64);
}

/// The kernel keeps as many as fit into its buffer, and counts the others; none is unaccounted for.
#[test]
fn datagrams_that_find_no_room_in_the_kernel_are_counted() {
    none_is_unaccounted_for(one_that_spins().with("max-connections", 1));
}

/// The first that a worker hears of is not taken for what somebody had counted before.
#[test]
fn datagrams_that_find_no_room_are_counted_by_workers_too() {
    none_is_unaccounted_for(one_that_spins().with("workers", 2).with("max-connections", 2));
}

fn none_is_unaccounted_for(setup: Setup) {
    let server = setup.start();
    let peer = Peer::of(server.address());
    peer.send("spin");
    server.wait_for("it spins", |books| books.active == 1);
    for _ in 0..2000 {
        peer.send("none");
    }
    server.wait_for("all that found room are handled", |books| {
        books.active == 0 && books.closed("cpu-time") == 1
    });
    settled("nothing is left in the kernel", || server.books().accepted);
    // The kernel says with the next one how many it dropped before.
    assert_eq!(peer.ask("echo next"), "echo next");
    let books = server.wait_for("the last is closed", |books| books.active == 0);
    let dropped = books.rejected("receive-buffer");
    assert_eq!(books.accepted + dropped, 2002, "{books:?}");
    assert!(dropped > 100 && books.accepted > 100, "{books:?}");
    let said: u64 = server
        .log()
        .all("datagrams dropped by the kernel")
        .iter()
        .map(|line| line.number("count"))
        .sum();
    assert_eq!(said, dropped);
    server.stop();
}

#[test]
fn a_source_that_has_as_many_as_it_may_is_rejected() {
    let server = one_that_spins()
        .with("max-connections-per-source", 1)
        .with("exempt-source", "none")
        .start();
    let peer = Peer::of(server.address());
    peer.send("spin");
    server.wait_for("it spins", |books| books.active == 1);
    peer.send("echo rejected");
    let rejected = &server.log().wait_for("connection rejected", 1)[0];
    assert_eq!(rejected.text("reason"), "max-connections-per-source");
    assert_eq!(rejected.text("remote"), peer.address().to_string());
    assert_eq!(
        Peer::from("127.0.0.2", server.address()).ask("echo served"),
        "echo served"
    );
    server.wait_for("it is stopped", |books| books.closed("cpu-time") == 1);
    assert_eq!(peer.ask("echo again"), "echo again");
    assert_eq!(server.stop().rejected("max-connections-per-source"), 1);
}

/// With a single thread, what is thrown away must leave time for what is served.
#[test]
fn a_flood_that_is_rejected_does_not_starve_the_others() {
    let server = one_that_spins()
        .with("max-connections-per-source", 1)
        .with("exempt-source", "none")
        .with("threads", 1)
        .log("warn")
        .start();
    Peer::of(server.address()).send("spin");
    // Its limit is reached only if it gets to run.
    let (one, other) = (Peer::of(server.address()), Peer::of(server.address()));
    let closed = one.flood("none", || other.flood("none", || server.closed(1)));
    assert_eq!(closed[0].text("reason"), "cpu-time");
    assert_eq!(server.stop_without_books(), [""; 0]);
}

#[test]
fn each_listener_takes_the_handler_of_its_kind() {
    let server = Server::of(Guest::Built("both"))
        .listen("tcp://127.0.0.1:0")
        .listen(IPV4)
        .start();
    let mut client = Client::connect(&server.listeners()[0]).unwrap();
    client.echo("hello");
    client.finish();
    assert_eq!(client.end(), End::Closed);
    assert_eq!(Peer::of(&server.listeners()[1]).ask("hello"), "datagram hello");
    assert_eq!(server.stop().closed("completed"), 2);
}

#[test]
fn a_component_without_the_handler_of_a_listener_is_refused() {
    for (guest, listen, has, wanted) in [
        (ECHO, IPV4, "stream-handler", "datagram-handler"),
        (
            ECHO,
            "unixgram:@socketserver-test",
            "stream-handler",
            "datagram-handler",
        ),
        (
            DATAGRAMS,
            "tcp://127.0.0.1:0",
            "datagram-handler",
            "stream-handler@0.1.0 or socketserver:core/async-stream-handler",
        ),
    ] {
        let refused = run_serve(guest, &["--listen", listen]);
        assert_eq!(refused.code, Some(65), "{refused:?}");
        assert_eq!(
            refused.errors.trim_end(),
            format!(
                "error: the component cannot serve {listen}: it exports socketserver:core/{has}@0.1.0, and \
                 socketserver:core/{wanted}@0.1.0 is wanted"
            )
        );
    }
}

/// The library's verbs, in this process.
#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_server_leaves_datagrams_in_the_kernel_until_it_resumes() {
    let events = Arc::new(Events::default());
    let mut config = Config::new(DATAGRAMS.path());
    config.listen = vec![IPV4.parse().unwrap()];
    config.limits.max_connections = 10;
    let server = socketserver::Server::bind(config, Arc::clone(&events) as Arc<dyn Observer>)
        .await
        .unwrap();
    let handle = server.handle();
    let address = handle.addresses()[0].to_string();

    let script = tokio::task::spawn_blocking(move || {
        let peer = Peer::of(&address);
        assert_eq!(peer.ask("echo first"), "echo first");
        handle.suspend();
        assert_eq!(handle.status().phase, Phase::Suspended);
        peer.send("echo second");
        assert!(peer.is_silent());
        handle.resume();
        assert_eq!(peer.receive(), b"echo second");
        handle.stop();
    });
    let stopped = tokio::time::timeout(Duration::from_secs(30), server.serve())
        .await
        .unwrap();
    script.await.unwrap();
    assert_eq!((stopped.killed, stopped.counts.accepted), (false, 2));
    // The first may be closed after the second.
    let received: u64 = events.0.lock().unwrap().iter().sum();
    assert_eq!(received, "echo first".len() as u64 + "echo second".len() as u64);
}

/// Remembers what was received.
#[derive(Default)]
struct Events(Mutex<Vec<u64>>);

impl Observer for Events {
    fn closed(&self, _connection: &Connection, closed: &Closed) {
        self.0.lock().unwrap().push(closed.received);
    }
}

/// A server that lets a guest spin for a moment.
fn one_that_spins() -> Setup {
    Server::of(DATAGRAMS).listen(IPV4).with("max-cpu-time", "500ms")
}

fn port(server: &Server) -> String {
    let (_, port) = server.address().rsplit_once(':').unwrap();
    port.to_owned()
}
