//! What guests reach beyond their connection: nothing, unless a rule grants it.

use crate::support::eventually::eventually;
use crate::support::guest::{ECHO, Guest};
use crate::support::hosts::Hosts;
use crate::support::log::Record;
use crate::support::program::Program;
use crate::support::server::{Server, Setup, cache, run, run_serve};
use crate::support::upstream::{silent, udp, upper};

const OUTBOUND: Guest = Guest::Built("outbound");

/// A server with the rules, and the guest that does what it is told.
pub(crate) fn server(rules: &[&str]) -> Setup {
    let setup = Server::of(OUTBOUND);
    rules
        .iter()
        .fold(setup, |setup, rule| setup.with("allow-connect", rule))
}

/// The one line of the log that says what was refused.
fn refused(server: &Server) -> Record {
    eventually("a refusal is logged", || {
        server.log().starting_with("refused to ").pop()
    })
}

#[test]
fn a_handler_asks_a_server_that_a_rule_grants() {
    let upstream = upper();
    let server = server(&[&format!("tcp://{upstream}")]).start();
    let mut client = server.connect();
    assert_eq!(client.ask(&format!("connect {upstream}")), "ok");
    assert_eq!(client.ask("ask hello"), "ok HELLO");
    assert_eq!(client.ask(&format!("connect {upstream}")), "ok");
    assert_eq!(client.ask("ask once more"), "ok ONCE MORE");
    drop(client);
    assert_eq!(server.stop().closed("completed"), 1);
}

#[test]
fn a_handler_exchanges_datagrams_with_a_peer_that_a_rule_grants() {
    let (peer, address) = udp();
    let server = server(&[&format!("udp://{address}")]).start();
    let mut client = server.connect();
    let port = client.ask("bind 0.0.0.0:0");
    assert_eq!(client.ask(&format!("send-to {address} hello")), "ok");
    let mut bytes = [0; 16];
    let (count, from) = peer.recv_from(&mut bytes).unwrap();
    assert_eq!((&bytes[..count], format!("ok {}", from.port())), (&b"hello"[..], port));
    peer.send_to(b"and back", from).unwrap();
    assert_eq!(client.ask("receive-from"), format!("ok {address} and back"));
    drop(client);
    server.stop();
}

/// Whoever finds the port of a guest's socket cannot talk to the guest.
#[test]
fn a_datagram_of_a_stranger_is_not_seen() {
    let ((peer, address), (stranger, _)) = (udp(), udp());
    let server = server(&[&format!("udp://{address}")]).start();
    let mut client = server.connect();
    let port = client.ask("bind 0.0.0.0:0");
    let to = format!("127.0.0.1:{}", port.strip_prefix("ok ").unwrap());
    stranger.send_to(b"strange", &to).unwrap();
    peer.send_to(b"known", &to).unwrap();
    assert_eq!(client.ask("receive-from"), format!("ok {address} known"));
    drop(client);
    let closed = server.closed(1);
    assert!(
        !closed[0].has("connects_refused"),
        "the guest has asked for nothing: {closed:?}"
    );
    server.stop();
}

#[test]
fn what_no_rule_grants_is_refused_and_the_log_says_which_would() {
    let (granted, (other, streams)) = (upper(), silent());
    let server = server(&[&format!("tcp://{granted}")]).log("info").start();
    let mut client = server.connect();
    assert_eq!(client.ask(&format!("connect {other}")), "error PermissionDenied");
    for _ in 0..100 {
        assert_eq!(client.ask(&format!("connect {other}")), "error PermissionDenied");
    }
    client.ask("bind 0.0.0.0:0");
    assert_eq!(
        client.ask(&format!("send-to {granted} hello")),
        "error PermissionDenied"
    );
    assert_eq!(client.ask(&format!("connect {granted}")), "ok", "the guest goes on");
    let refused = refused(&server);
    assert_eq!(
        refused.text("message"),
        format!("refused to connect to {other} over tcp; --allow-connect tcp://{other} grants it")
    );
    assert_eq!(refused.text("level"), "WARN");
    drop(client);
    let closed = server.closed(1);
    assert_eq!(closed[0].number("connects_refused"), 102);
    assert_eq!(closed[0].number("connection"), refused.number("connection"));
    let told = server.log().starting_with("refused to ");
    assert_eq!(told.len(), 1, "a guest cannot fill the log");
    assert!(streams.try_recv().is_err(), "nothing reached it");
    server.stop();
}

/// Rules say where a guest connects to. It is still no server.
#[test]
fn a_guest_neither_listens_nor_chooses_its_own_address() {
    let server = server(&["127.0.0.1:*", "0.0.0.0:*"]).start();
    let mut client = server.connect();
    for command in [
        "listen 127.0.0.1:0",
        "listen 0.0.0.0:0",
        "bind 127.0.0.1:0",
        "bind 0.0.0.0:4711",
    ] {
        assert_eq!(client.ask(command), "error PermissionDenied", "{command}");
    }
    let message = refused(&server);
    assert!(
        message
            .text("message")
            .starts_with("refused to bind 127.0.0.1:0 over tcp"),
        "{message:?}"
    );
    drop(client);
    server.stop();
}

#[test]
fn special_addresses_take_a_rule_that_means_them() {
    let upstream = upper();
    let mapped = format!("[::ffff:127.0.0.1]:{}", upstream.port());
    let server = server(&["*:*", "0.0.0.0/0:*", "[::/0]:*"]).start();
    let mut client = server.connect();
    for address in [
        upstream.to_string(),
        "169.254.169.254:80".into(),
        "[::1]:80".into(),
        "10.0.0.1:80".into(),
    ] {
        assert_eq!(
            client.ask(&format!("connect {address}")),
            "error PermissionDenied",
            "{address}"
        );
    }
    // WASI has sockets of IPv6 take no IPv4 address.
    assert_eq!(client.ask(&format!("connect {mapped}")), "error InvalidInput");
    drop(client);
    server.stop();
}

#[test]
fn names_are_looked_up_only_where_a_rule_grants_them() {
    let upstream = upper();
    let port = upstream.port();
    let server = server(&[&format!("localhost:{port}")]).start();
    let mut client = server.connect();
    assert_eq!(
        client.ask(&format!("connect {upstream}")),
        "error PermissionDenied",
        "its name was not looked up"
    );
    let denied = client.ask("look-up example.com");
    assert!(denied.starts_with("error "), "{denied}");
    assert_eq!(client.ask("look-up LOCALHOST."), "ok 127.0.0.1 ::1");
    assert_eq!(client.ask(&format!("connect-to localhost:{port}")), "ok");
    assert_eq!(client.ask("ask by name"), "ok BY NAME");
    // What it has found is its own, and another guest's to find.
    assert_eq!(client.ask(&format!("connect {upstream}")), "ok");
    assert_eq!(
        server.connect().ask(&format!("connect {upstream}")),
        "error PermissionDenied"
    );
    drop(client);
    server.stop();
}

#[test]
fn a_refused_name_is_in_the_log_with_its_rule() {
    let server = server(&["*.example.com:443"]).start();
    let mut client = server.connect();
    assert!(client.ask("look-up Example.com").starts_with("error "));
    assert_eq!(
        refused(&server).text("message"),
        "refused to look up example.com; --allow-connect example.com:* grants it"
    );
    drop(client);
    server.stop();
}

/// Whoever owns a name decides what it stands for, and gains nothing by it.
#[test]
fn a_name_that_stands_for_a_special_address_does_not_grant_it() {
    let Some(hosts) = Hosts::of(&[
        "127.0.0.1 evil.test",
        "10.0.0.1 www.evil.test",
        "93.184.216.34 www.evil.test",
    ]) else {
        return;
    };
    let upstream = upper();
    let server = server(&["evil.test:*", "*.evil.test:*"]).with_hosts(&hosts).start();
    let mut client = server.connect();
    assert_eq!(client.ask("look-up Evil.test."), "ok 127.0.0.1");
    assert_eq!(
        client.ask(&format!("connect-to evil.test:{}", upstream.port())),
        "error PermissionDenied"
    );
    assert_eq!(
        refused(&server).text("message"),
        format!("refused to connect to {upstream} over tcp; --allow-connect tcp://{upstream} grants it")
    );
    let found = client.ask("look-up www.evil.test");
    assert!(found.contains("93.184.216.34"), "{found}");
    assert_eq!(client.ask("connect 10.0.0.1:80"), "error PermissionDenied");
    drop(client);
    server.stop();
}

#[test]
fn a_name_and_its_range_together_grant_a_private_server() {
    let Some(hosts) = Hosts::of(&["127.0.0.1 db.internal", "93.184.216.34 other.internal"]) else {
        return;
    };
    let upstream = upper();
    let port = upstream.port();
    let rules = [&format!("db.internal:{port}"), &format!("127.0.0.0/8:{port}")];
    let server = server(&rules.map(String::as_str)).with_hosts(&hosts).start();
    let mut client = server.connect();
    assert_eq!(client.ask(&format!("connect-to db.internal:{port}")), "ok");
    assert_eq!(client.ask("ask by name"), "ok BY NAME");
    assert!(client.ask("look-up other.internal").starts_with("error "));
    drop(client);
    server.stop();
}

/// Who may look up any name does not learn how a private network is laid out.
#[test]
fn any_name_shows_global_addresses_only() {
    let Some(hosts) = Hosts::of(&["10.1.2.3 db.internal", "93.184.216.34 www.test"]) else {
        return;
    };
    let server = server(&["*:443"]).with_hosts(&hosts).start();
    let mut client = server.connect();
    assert_eq!(client.ask("look-up www.test"), "ok 93.184.216.34");
    assert!(client.ask("look-up db.internal").starts_with("error "));
    assert!(client.ask("look-up localhost").starts_with("error "));
    drop(client);
    server.stop();
}

#[test]
fn names_that_stand_for_nothing_do_not_stop_the_guest() {
    // The domain `invalid` has no names (RFC 6761).
    let server = server(&["*.invalid:80"]).start();
    let mut client = server.connect();
    assert!(client.ask("look-up nothing.invalid").starts_with("error "));
    assert_eq!(client.ask("look-up-many nothing.invalid 20"), "ok");
    assert_eq!(client.ask("look-up 127.0.0.1"), "ok 127.0.0.1");
    drop(client);
    assert_eq!(server.stop().closed("completed"), 1);
}

#[test]
fn without_a_rule_the_refusal_names_the_flag() {
    let run = run_serve(OUTBOUND, &[]);
    assert_eq!(run.code, Some(65), "{run:?}");
    assert!(run.errors.contains("wasi:sockets/tcp@0.2."), "{run:?}");
    assert!(run.errors.contains("sockets are granted by --allow-connect"), "{run:?}");
}

#[test]
fn a_bad_rule_is_refused_in_one_line() {
    for rule in ["127.1:80", "example.com", "example.com:0", "10.0.0.1/8:80"] {
        let run = run_serve(ECHO, &["--allow-connect", rule]);
        assert_eq!(run.code, Some(64), "{run:?}");
        assert!(run.errors.contains(&format!("`{rule}` is no rule: ")), "{run:?}");
    }
}

#[test]
fn check_shows_the_rules() {
    let path = OUTBOUND.path();
    let flags = ["--allow-connect=TCP://Example.com.:443", "--allow-connect=10.0.0.0/8:*"];
    let report = run([
        "check".as_ref(),
        path.as_os_str(),
        "--cache-dir".as_ref(),
        cache().as_os_str(),
    ]
    .into_iter()
    .chain(flags.map(AsRef::as_ref)));
    let report = report.succeed();
    let line = report.lines().find(|line| line.starts_with("allow-connect "));
    let words: Vec<_> = line.unwrap().split_whitespace().collect();
    assert_eq!(words[..3], ["allow-connect", "TCP://Example.com.:443", "10.0.0.0/8:*"]);
}

#[test]
fn a_program_reaches_what_its_rules_grant() {
    let (upstream, (other, _streams)) = (upper(), silent());
    let by_name = format!("localhost:{}", upstream.port());
    let program = Program::of(Guest::Built("program_outbound"))
        .handler("echo", ECHO)
        .with("allow-connect", format!("tcp://{upstream}"))
        .with("allow-connect", &by_name)
        .argument(upstream)
        .argument(&by_name)
        .argument(other)
        .argument("example.com:80")
        .start();
    assert_eq!(program.line(), format!("{upstream} PROGRAM"));
    assert_eq!(program.line(), format!("{by_name} PROGRAM"));
    assert_eq!(program.line(), format!("{other}: PermissionDenied"));
    assert!(program.line().starts_with("example.com:80: "));
    let ended = program.ended();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let message = format!("refused to connect to {other} over tcp; --allow-connect tcp://{other} grants it");
    assert_eq!(ended.log.all(&message).len(), 1);
    let counted = ended.log.all("the program was refused what no --allow-connect grants");
    assert_eq!(counted[0].number("connects_refused"), 2);
}

#[test]
fn a_program_without_a_rule_is_refused() {
    let run = run([
        "run".as_ref(),
        Guest::Built("program_outbound").path().as_os_str(),
        format!("--handler=echo={}", ECHO.path().display()).as_ref(),
        "--cache-dir".as_ref(),
        cache().as_os_str(),
    ]);
    assert_eq!(run.code, Some(65), "{run:?}");
    assert!(run.errors.contains("sockets are granted by --allow-connect"), "{run:?}");
}
