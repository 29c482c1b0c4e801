//! The limits: each holds exactly, ends a connection for its own reason, and leaves the others alone.

use crate::support::client::{Client, End};
use crate::support::eventually::settled;
use crate::support::guest::{CONFORMANCE, ECHO, Guest};
use crate::support::log::Record;
use crate::support::server::Server;

#[test]
fn a_full_server_leaves_further_peers_in_the_backlog() {
    let server = Server::of(ECHO).with("max-connections", 1).start();
    let mut first = server.connect();
    first.echo("first");
    let mut second = server.connect();
    second.send("second");
    server.log().wait_for("server full; connections wait in the backlog", 1);
    assert_eq!(server.books().accepted, 1);
    assert!(second.is_silent());

    first.finish();
    assert_eq!(first.end(), End::Closed);
    assert_eq!(second.receive(6), b"second");
    drop(second);
    assert_eq!(server.stop().closed("completed"), 2);
}

/// The kernel holds as many connections as it is told, and no peer is turned away meanwhile.
#[test]
fn peers_in_the_backlog_are_served_in_their_order() {
    let server = Server::of(ECHO).with("max-connections", 1).with("backlog", 20).start();
    let mut clients: Vec<_> = (0..20).map(|_| server.connect()).collect();
    for client in &mut clients {
        client.send("hello");
        client.finish();
    }
    for client in &mut clients {
        assert_eq!(client.receive_to_end(), (b"hello".to_vec(), End::Closed));
    }
    let accepted: Vec<_> = server
        .closed(20)
        .iter()
        .map(|closed| closed.text("remote").to_owned())
        .collect();
    let asked: Vec<_> = clients.iter().map(|client| client.address().to_string()).collect();
    assert_eq!(accepted, asked);
    let full = server.log().all("server full; connections wait in the backlog");
    assert_eq!(full.len(), 1, "being full is said once, and not for each connection");
    server.stop();
}

#[test]
fn max_connections_holds_over_all_listeners() {
    let server = Server::of(ECHO)
        .with("max-connections", 2)
        .listen("tcp://127.0.0.1:0")
        .listen("tcp://127.0.0.1:0")
        .start();
    let [one, two] = [0, 1].map(|listener: usize| server.listeners()[listener].clone());
    let mut open = [&one, &two].map(|listener| Client::connect(listener).unwrap());
    open.iter_mut().for_each(|client| client.echo("hello"));
    let waiting = [&one, &two].map(|listener| Client::connect(listener).unwrap());
    server.log().wait_for("server full; connections wait in the backlog", 1);
    assert_eq!(settled("no more are accepted", || server.books().accepted), 2);
    drop(open);
    for mut client in waiting {
        client.echo("hello");
    }
    server.stop();
}

/// A listener that waits for peers holds nothing that another could use.
#[test]
fn the_last_connection_goes_to_whichever_listener_is_asked() {
    let server = Server::of(ECHO)
        .with("max-connections", 1)
        .listen("tcp://127.0.0.1:0")
        .listen("tcp://127.0.0.1:0")
        .start();
    for listener in [0, 1, 1, 0, 1, 0] {
        let mut client = Client::connect(&server.listeners()[listener]).unwrap();
        client.echo("hello");
    }
    assert_eq!(server.stop().accepted, 6);
}

#[test]
fn a_source_over_its_limit_is_rejected_and_others_are_not() {
    let server = Server::of(ECHO)
        .with("max-connections-per-source", 2)
        .with("exempt-source", "none")
        .start();
    let mut open = [server.connect(), server.connect()];
    open.iter_mut().for_each(|client| client.echo("hello"));

    assert!(server.rejects());
    let mut other = Client::connect_from("127.0.0.2", server.address()).unwrap();
    other.echo("hello");

    let [rejected] = &server.log().wait_for("connection rejected", 1)[..] else {
        panic!("one connection was rejected");
    };
    assert_eq!(rejected.text("reason"), "max-connections-per-source");
    assert!(rejected.text("remote").starts_with("127.0.0.1:"), "{rejected:?}");
    assert_eq!(rejected.text("listener"), server.address());

    let [first, second] = open;
    drop(first);
    server.wait_for("the first is closed", |books| books.active == 2);
    server.connect().echo("there is room again");
    drop((second, other));
    let books = server.stop();
    assert_eq!((books.accepted, books.rejected("max-connections-per-source")), (4, 1));
}

#[test]
fn exempt_sources_are_not_limited() {
    let server = Server::of(ECHO)
        .with("max-connections-per-source", 1)
        .with("exempt-source", "127.0.0.2/32")
        .start();
    let exempt = || Client::connect_from("127.0.0.2", server.address()).unwrap();
    let mut open = [exempt(), exempt(), exempt(), server.connect()];
    open.iter_mut().for_each(|client| client.echo("hello"));
    assert!(server.rejects());
    drop(open);
    server.stop();
}

#[test]
fn a_unix_user_is_a_source() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::of(ECHO)
        .with("max-connections-per-source", 1)
        .with("exempt-source", "none")
        .listen(format!("unix://{}/socket", folder.path().display()))
        .start();
    let mut open = server.connect();
    open.echo("hello");
    server.connect().receive_to_end();
    drop(open);
    assert_eq!(server.stop().rejected("max-connections-per-source"), 1);
}

#[test]
fn a_silent_connection_is_idle() {
    let server = Server::of(ECHO).with("idle-timeout", "500ms").start();
    let mut client = server.connect();
    client.echo("hello");
    assert_eq!(client.end(), End::Reset);
    lasted(&server.closed(1)[0], "idle", 0.5);
    server.stop();
}

/// Bytes in either direction count, so a peer that only listens is not idle while it is sent something.
#[test]
fn a_connection_that_moves_bytes_is_not_idle() {
    let server = Server::of(CONFORMANCE).with("idle-timeout", "500ms").start();
    let mut client = server.connect();
    for _ in 0..10 {
        client.ask("sleep 100");
    }
    client.finish();
    let closed = &server.closed(1)[0];
    assert_eq!(closed.text("reason"), "completed");
    assert!(closed.seconds("duration") >= 1.0);
    server.stop();
}

/// The deadline works from outside: this guest never looks at its connection.
#[test]
fn a_handler_that_sleeps_is_idle_too() {
    let server = Server::of(Guest::Built("never_return"))
        .with("idle-timeout", "500ms")
        .start();
    let mut client = server.connect();
    client.finish();
    assert_eq!(client.end(), End::Reset);
    lasted(&server.closed(1)[0], "idle", 0.5);
    server.stop();
}

#[test]
fn a_lifetime_ends_a_connection_whatever_it_does() {
    let server = Server::of(CONFORMANCE).with("max-lifetime", "1s").start();
    let mut client = server.connect();
    client.send("sleep 100\n".repeat(1000));
    let (_, end) = client.receive_to_end();
    assert_eq!(end, End::Reset);
    lasted(&server.closed(1)[0], "lifetime", 1.0);
    server.stop();
}

/// The deadline holds while a guest computes, when it yields to it.
#[test]
fn a_lifetime_ends_a_handler_that_spins() {
    let server = Server::of(Guest::Built("spin"))
        .with("max-cpu-time", "none")
        .with("max-lifetime", "500ms")
        .start();
    assert_eq!(server.connect().end(), End::Reset);
    lasted(&server.closed(1)[0], "lifetime", 0.5);
    server.stop();
}

#[test]
fn processor_time_ends_a_handler_that_spins() {
    let server = Server::of(Guest::Built("spin")).with("max-cpu-time", "500ms").start();
    assert_eq!(server.connect().end(), End::Reset);
    let closed = &server.closed(1)[0];
    lasted(closed, "cpu-time", 0.5);
    assert!((0.5..0.6).contains(&closed.seconds("cpu_time")), "{closed:?}");
    assert_eq!(
        closed.text("error"),
        "the guest used more processor time than max-cpu-time allows"
    );
    server.stop();
}

/// Only what is computed is charged, however the time is spread.
#[test]
fn waiting_costs_no_processor_time() {
    let server = Server::of(CONFORMANCE).with("max-cpu-time", "300ms").alone().start();
    let mut client = server.connect();
    for _ in 0..10 {
        client.ask("sleep 100");
    }
    client.finish();
    let closed = &server.closed(1)[0];
    assert_eq!(closed.text("reason"), "completed");
    assert!(closed.seconds("cpu_time") < 0.2, "{closed:?}");
    server.stop();
}

/// Nothing counts the time while there is no guest, and the first that comes is not the one to pay for it.
#[test]
fn the_silence_before_a_connection_is_not_charged() {
    let server = Server::of(Guest::Built("burn"))
        .with("max-cpu-time", "200ms")
        .alone()
        .start();
    for _ in 0..3 {
        assert_eq!(settled("the server is quiet", || server.books().accepted), 0);
    }
    let mut client = server.connect();
    assert_eq!(client.ask("20"), "ok");
    drop(client);
    let closed = &server.closed(1)[0];
    assert_eq!(closed.text("reason"), "completed");
    assert!(closed.seconds("cpu_time") < 0.15, "{closed:?}");
    server.stop();
}

#[test]
fn computing_is_charged_in_small_pieces_too() {
    let server = Server::of(Guest::Built("burn"))
        .with("max-cpu-time", "500ms")
        .alone()
        .start();
    let mut client = server.connect();
    let mut rounds = 0;
    while client.try_ask("20").is_some() {
        rounds += 1;
        assert!(rounds < 100, "the guest computes without being charged");
    }
    assert!(rounds >= 20, "{rounds} rounds of 20 ms");
    assert_eq!(server.closed(1)[0].text("reason"), "cpu-time");
    server.stop();
}

#[test]
fn memory_beyond_the_limit_is_refused() {
    let server = Server::of(Guest::Built("grow_memory"))
        .with("max-memory", "16MiB")
        .start();
    let mut client = server.connect();
    let (output, end) = client.receive_to_end();
    assert_eq!(end, End::Reset);
    let most = String::from_utf8(output).unwrap().lines().last().map(str::to_owned);
    let closed = &server.closed(1)[0];
    assert_eq!(closed.text("reason"), "memory", "{closed:?}");
    assert!(
        closed
            .text("error")
            .starts_with("the guest was refused memory beyond max-memory, then: "),
        "{closed:?}"
    );
    // A reset may overtake the last lines.
    let most: u32 = most.map_or(0, |line| line.trim_end_matches(" MiB").parse().unwrap());
    assert!(most < 16, "{most}");
    server.stop();
}

/// Below the limit a handler has what it asks for, and gives all of it back.
#[test]
fn memory_within_the_limit_is_granted_and_comes_back() {
    let server = Server::of(Guest::Built("allocate"))
        .with("max-memory", "64MiB")
        .with("max-connections", 4)
        .alone()
        .start();
    let use_memory = || {
        let mut client = server.connect();
        for _ in 0..12 {
            assert_eq!(client.ask("4096"), "ok");
        }
        let most = server.memory();
        client.finish();
        assert_eq!(client.end(), End::Closed);
        most
    };
    let before = server.memory();
    let most = use_memory();
    assert!(most > before + (40 << 20), "the guest's memory is real");
    for _ in 0..4 {
        use_memory();
    }
    server.closed(5);
    let grown = server.memory().saturating_sub(before);
    assert!(grown < 8 << 20, "{grown} bytes are left");
    server.stop();
}

/// One that starts with much memory needs a limit that lets it: see `cli.rs` for one that does not.
#[test]
fn memory_that_is_there_from_the_start_counts() {
    let server = Server::of(Guest::Text("big_memory"))
        .with("max-memory", "128MiB")
        .with("max-connections", 4)
        .start();
    assert_eq!(server.connect().end(), End::Closed);
    server.stop();
}

#[test]
fn all_memories_of_a_guest_count_together() {
    let server = Server::of(Guest::Text("many_memories"))
        .with("max-memory", "16MiB")
        .with("max-connections", 4)
        .start();
    let line = server.connect().receive_line();
    let grown: u32 = line.trim_end_matches(" MiB").parse().unwrap();
    assert!((10..16).contains(&grown), "eight memories grew to {grown} MiB");
    server.stop();
}

/// A limit that is reached says so with this reason, and at about its time. Upwards there is a wide margin, because the
/// machine may be busy.
fn lasted(closed: &Record, reason: &str, seconds: f64) {
    assert_eq!(closed.text("reason"), reason, "{closed:?}");
    let duration = closed.seconds("duration");
    assert!((seconds..seconds + 3.0).contains(&duration), "{closed:?}");
}
