//! Every method of `connections` and every error that it may return, through a guest that does what its peer says.

use crate::support::client::{Client, End};
use crate::support::guest::CONFORMANCE;
use crate::support::log::Record;
use crate::support::server::Server;

#[test]
fn receive_returns_what_is_there_and_at_most_what_is_asked_for() {
    let (server, mut client) = start();
    client.send("receive 10\nabc");
    assert_eq!(client.receive_line(), "ok 3 abc");
    client.send("receive 2; receive 10\nabc");
    assert_eq!(client.receive_line(), "ok 2 ab");
    assert_eq!(client.receive_line(), "ok 1 c");
    finish(server, client, "completed");
}

#[test]
fn receive_waits_for_the_first_byte() {
    let (server, mut client) = start();
    client.send("receive 10\n");
    // An answer to another connection shows that the server has had time.
    server.connect().ask("sleep 100");
    assert!(client.is_silent());
    client.send("x");
    assert_eq!(client.receive_line(), "ok 1 x");
    finish(server, client, "completed");
}

#[test]
fn receive_returns_nothing_at_the_end_of_the_stream_again_and_again() {
    let (server, mut client) = start();
    client.send("receive 1; receive 1; wait r; receive 4294967295\n");
    client.finish();
    let (answers, end) = client.receive_to_end();
    assert_eq!(lines(&answers), ["ok 0", "ok 0", "ok r", "ok 0"]);
    assert_eq!(end, End::Closed);
    finish(server, client, "completed");
}

#[test]
fn receive_of_no_byte_is_an_invalid_argument() {
    let (server, mut client) = start();
    assert_eq!(client.ask("receive 0"), "error invalid-argument");
    finish(server, client, "completed");
}

/// However much is asked for, the host makes no larger buffer.
#[test]
fn receive_returns_at_most_64_kib() {
    let (server, mut client) = start();
    client.send("pause 100; receive 4294967295; return\n");
    client.send(vec![b'x'; 200_000]);
    assert_eq!(client.receive_line(), "ok 65536");
    assert_eq!(client.end(), End::Closed, "unread bytes are no reason to reset");
    finish(server, client, "completed");
}

#[test]
fn receive_gives_up_when_its_time_has_passed_and_loses_nothing() {
    let (server, mut client) = start();
    client.ask("set-timeout 50");
    assert_eq!(client.ask("receive 1"), "error timeout");
    client.send("receive 1\nx");
    assert_eq!(client.receive_line(), "ok 1 x");
    assert_eq!(client.ask("receive 1"), "error timeout");
    finish(server, client, "completed");
}

#[test]
fn with_a_timeout_of_zero_nothing_waits() {
    let (server, mut client) = start();
    client.ask("set-timeout 0");
    assert_eq!(client.ask("receive 1"), "error timeout");
    assert_eq!(client.ask("wait r"), "error timeout");
    client.send(
        "receive 1
x",
    );
    assert_eq!(client.receive_line(), "ok 1 x", "what is there is received");
    assert_eq!(client.ask("send-all 3"), "xxxok");
    finish(server, client, "completed");
}

#[test]
fn a_timeout_can_be_lifted() {
    let (server, mut client) = start();
    client.ask("set-timeout 50");
    client.ask("set-timeout none");
    client.send("receive 1\n");
    server.connect().ask("sleep 150");
    assert!(client.is_silent());
    client.send("x");
    assert_eq!(client.receive_line(), "ok 1 x");
    finish(server, client, "completed");
}

#[test]
fn receive_tells_that_the_peer_has_reset() {
    let (server, mut client) = start();
    client.send("print ready; receive 1\n");
    server.log().wait_for("guest output", 1);
    assert_eq!(client.receive_line(), "ok");
    client.reset();
    let closed = &server.closed(1)[0];
    assert_eq!(closed.text("error"), "unsent: error connection-reset");
    assert_eq!(closed.text("reason"), "reset");
    server.stop();
}

#[test]
fn send_tells_how_much_was_taken() {
    let (server, mut client) = start();
    assert_eq!(client.ask("send 0"), "ok 0");
    assert_eq!(client.ask("send 5"), "xxxxxok 5");
    assert_eq!(client.ask("send-all 0"), "ok");
    assert_eq!(client.ask("send-all 5"), "xxxxxok");
    finish(server, client, "completed");
}

/// More than the buffers of the system hold: `send` takes a part and does not wait for the rest.
#[test]
fn send_takes_a_part_of_what_is_too_much() {
    let (server, mut client) = start();
    client.send("send 33554432\n");
    server.connect().ask("sleep 100");
    let answer = client.receive_line();
    let (sent, taken) = answer.split_once("ok ").unwrap();
    let taken: usize = taken.parse().unwrap();
    assert_eq!(sent.len(), taken);
    assert!((1..33_554_432).contains(&taken), "{taken}");
    finish(server, client, "completed");
}

#[test]
fn send_all_waits_for_the_peer_to_take_it() {
    let (server, mut client) = start();
    client.send("send-all 33554432\n");
    server.connect().ask("sleep 100");
    let answer = client.receive_line();
    assert_eq!(answer.len(), 33_554_432 + "ok".len());
    assert!(answer.ends_with("xok"));
    finish(server, client, "completed");
}

#[test]
fn sending_gives_up_when_its_time_has_passed() {
    let (server, mut client) = start();
    client.ask("set-timeout 50");
    client.send("send-all 33554432; send 1; wait w\n");
    server.connect().ask("sleep 500");
    let answer = client.receive_line();
    let (sent, answer) = answer.split_at(answer.find(|c| c != 'x').unwrap());
    assert_eq!(answer, "error timeout");
    assert!(sent.len() < 33_554_432, "{}", sent.len());
    client.receive_line();
    client.receive_line();
    finish(server, client, "completed");
}

#[test]
fn sending_after_the_own_end_is_broken() {
    let (server, mut client) = start();
    client.send("shutdown send; send 1; send-all 1; wait w\n");
    assert_eq!(client.end(), End::Closed);
    client.finish();
    let closed = finish(server, client, "handler-error");
    assert_eq!(
        closed.text("error"),
        "unsent: ok; error connection-broken; error connection-broken; ok w"
    );
}

#[test]
fn sending_to_a_peer_that_has_reset_is_reset_and_then_broken() {
    let (server, client) = start();
    client.send("pause 300; send 1; send-all 1\n");
    client.reset();
    let closed = &server.closed(1)[0];
    assert_eq!(
        closed.text("error"),
        "unsent: error connection-reset; error connection-broken"
    );
    assert_eq!(closed.text("reason"), "reset");
    server.stop();
}

/// A list of more bytes than that could make the host run out of memory.
#[test]
fn sending_more_than_128_mib_at_once_is_a_trap() {
    let server = Server::of(CONFORMANCE).with("max-memory", "512MiB").start();
    let mut client = server.connect();
    client.send("send 150000000\n");
    assert_eq!(client.end(), End::Reset);
    finish(server, client, "trap");
}

#[test]
fn wait_tells_which_directions_are_ready() {
    let (server, mut client) = start();
    assert_eq!(client.ask("wait w"), "ok w");
    assert_eq!(client.ask("wait rw"), "ok w");
    client.send("wait r; wait rw; receive 1\nx");
    assert_eq!(client.receive_line(), "ok r");
    assert_eq!(client.receive_line(), "ok rw");
    assert_eq!(client.receive_line(), "ok 1 x");
    finish(server, client, "completed");
}

#[test]
fn wait_waits_until_a_direction_is_ready() {
    let (server, mut client) = start();
    client.send("wait r; receive 1\n");
    server.connect().ask("sleep 100");
    assert!(client.is_silent());
    client.send("x");
    assert_eq!(client.receive_line(), "ok r");
    assert_eq!(client.receive_line(), "ok 1 x");
    finish(server, client, "completed");
}

#[test]
fn wait_for_nothing_is_an_invalid_argument() {
    let (server, mut client) = start();
    assert_eq!(client.ask("wait"), "error invalid-argument");
    finish(server, client, "completed");
}

#[test]
fn wait_gives_up_when_its_time_has_passed() {
    let (server, mut client) = start();
    client.ask("set-timeout 50");
    assert_eq!(client.ask("wait r"), "error timeout");
    finish(server, client, "completed");
}

#[test]
fn wait_finds_a_failed_connection_ready() {
    let (server, client) = start();
    client.send("pause 300; wait rw\n");
    client.reset();
    let closed = &server.closed(1)[0];
    assert_eq!(closed.text("error"), "unsent: ok rw");
    server.stop();
}

#[test]
fn after_shutdown_of_sending_the_peer_sees_the_end_and_is_still_heard() {
    let (server, mut client) = start();
    client.send("send-all 3; shutdown send; shutdown send; receive 3\n");
    assert_eq!(client.receive_to_end(), (b"xxxok\n".to_vec(), End::Closed));
    client.send("abc");
    client.finish();
    let closed = finish(server, client, "handler-error");
    assert_eq!(closed.text("error"), "unsent: ok; ok; ok 3 abc");
}

#[test]
fn after_shutdown_of_receiving_the_stream_has_ended() {
    let (server, mut client) = start();
    client.send("shutdown receive; receive 1; wait r; shutdown receive; send-all 1; return\n");
    let (answers, end) = client.receive_to_end();
    assert_eq!(lines(&answers), ["ok", "ok 0", "ok r", "ok", "xok"]);
    assert_eq!(end, End::Closed);
    finish(server, client, "completed");
}

#[test]
fn after_shutdown_of_both_nothing_goes_either_way() {
    let (server, mut client) = start();
    client.send("shutdown both; shutdown both; receive 1; send 1; return\n");
    assert_eq!(client.end(), End::Closed);
    let closed = finish(server, client, "handler-error");
    assert_eq!(
        closed.text("error").replace(" ;", ";"),
        "unsent: ok; ok; ok 0; error connection-broken"
    );
}

#[test]
fn shutdown_of_a_connection_that_was_reset_is_an_invalid_state() {
    let (server, client) = start();
    client.send("pause 300; shutdown send; shutdown send\n");
    client.reset();
    let closed = &server.closed(1)[0];
    assert_eq!(closed.text("error"), "unsent: error invalid-state; ok");
    server.stop();
}

#[test]
fn both_addresses_are_those_that_the_peer_sees() {
    for listen in ["tcp://127.0.0.1:0", "tcp://[::1]:0"] {
        let server = Server::of(CONFORMANCE).listen(listen).start();
        let mut client = server.connect();
        let remote = client.ask("get-remote-address");
        assert_eq!(remote, format!("ok ip {}", client.address()));
        let local = client.ask("get-local-address");
        assert_eq!(local.replace("ok ip ", "tcp://"), server.address());
        finish(server, client, "completed");
    }
}

/// A dual-stack listener sees IPv4 peers as IPv4-mapped IPv6 addresses; handlers do not.
#[test]
fn an_ipv4_peer_of_a_dual_stack_listener_has_an_ipv4_address() {
    let server = Server::of(CONFORMANCE).listen("tcp://[::]:0").start();
    let port = server.address().rsplit_once(':').unwrap().1;
    let to = format!("127.0.0.1:{port}");
    let mut client = Client::connect(&format!("tcp://{to}")).unwrap();
    let remote = client.address().to_string();
    assert_eq!(client.ask("get-remote-address"), format!("ok ip {remote}"));
    assert_eq!(client.ask("get-local-address"), format!("ok ip {to}"));
    let closed = finish(server, client, "completed");
    assert_eq!(closed.text("remote"), remote, "the log says the same");
}

/// Whatever the handler does next: that it returns would end the connection too.
#[test]
fn dropping_the_connection_ends_it_for_the_peer() {
    for next in ["pause 3600000", "spin"] {
        let (server, mut client) = start();
        client.send(format!("drop; {next}\n"));
        assert_eq!(client.end(), End::Closed, "{next}");
        let books = server.kill();
        assert_eq!(books.closed("killed"), 1, "the handler went on: {books:?}");
    }
}

#[test]
fn a_leaked_connection_is_closed_when_the_handler_returns() {
    let (server, mut client) = start();
    client.send("forget; return\n");
    assert_eq!(client.end(), End::Closed);
    finish(server, client, "completed");
}

#[test]
fn an_error_is_for_the_log_and_what_was_sent_for_the_peer() {
    let (server, mut client) = start();
    client.send("send-all 3; fail it did not work\n");
    assert_eq!(client.receive_to_end(), (b"xxxok\n".to_vec(), End::Closed));
    let closed = finish(server, client, "handler-error");
    assert_eq!(closed.text("error"), "it did not work");
}

#[test]
fn an_error_after_a_timeout_of_the_handlers_own_is_told_apart() {
    let (server, mut client) = start();
    client.ask("set-timeout 50");
    client.send("receive 1; fail nothing came\n");
    assert_eq!(client.receive_line(), "error timeout");
    let closed = finish(server, client, "timed-out");
    assert_eq!(closed.text("error"), "nothing came");
}

fn lines(answers: &[u8]) -> Vec<&str> {
    let answers = str::from_utf8(answers).unwrap();
    answers.lines().map(str::trim_end).collect()
}

fn start() -> (Server, Client) {
    let server = Server::of(CONFORMANCE).start();
    let client = server.connect();
    (server, client)
}

/// Lets the connection end, and returns its line of the log, which gives this reason.
fn finish(server: Server, client: Client, reason: &str) -> Record {
    let address = client.address().to_string();
    drop(client);
    let closed = server
        .log()
        .wait_for_one("connection closed", |closed| closed.text("remote") == address);
    assert_eq!(closed.text("reason"), reason, "{closed:?}");
    server.stop();
    closed
}
