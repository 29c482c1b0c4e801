//! Bundles under stock `wasmtime run`: the contract, hostile peers, and handlers that misbehave.

use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use crate::support::client::{Client, End, noise};
use crate::support::datagrams::Peer;
use crate::support::eventually::settled;
use crate::support::guest::{CONFORMANCE, ECHO, ECHO_ASYNC, ECHO_DATAGRAMS, Guest};
use crate::support::source::component;
use crate::support::stock::Stock;
use crate::support::tool::Tool;

const RESP: Guest = Guest::Built("resp");

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
    thread::sleep(Duration::from_millis(100));
    let answer = client.receive_line();
    assert_eq!((answer.len(), answer.ends_with("xok")), (33_554_432 + "ok".len(), true));
    drop(client);

    let mut client = stock.connect();
    client.ask("set-timeout 50");
    client.send("send-all 33554432; wait r\n");
    thread::sleep(Duration::from_millis(500));
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
fn handlers_that_leak_leave_nothing_open() {
    for source in [
        "leak.rs",
        "misbehave/handler.c",
        "misbehave/handler.py",
        "misbehave/handler.js",
        "misbehave/handler.go",
    ] {
        let leak = match source {
            "leak.rs" => Some(Guest::Built("leak").path()),
            source => component(&format!("tests/programs/{source}")),
        };
        let Some(stock) = leak.and_then(|leak| Stock::run(leak).start()) else {
            continue;
        };
        let leak = || {
            let mut client = stock.connect();
            client.send("leak\n");
            let (_, end) = client.receive_to_end();
            assert_eq!(end, End::Closed, "{source}");
        };
        leak();
        let before = settled("descriptors", || stock.descriptors());
        (0..50).for_each(|_| leak());
        let after = settled("descriptors", || stock.descriptors());
        assert!(after <= before, "{source}: {before} descriptors, then {after}");
    }
}

#[test]
fn an_error_does_not_end_the_loop_and_a_trap_does() {
    let Some(misbehave) = component("tests/programs/misbehave/handler.c") else {
        return;
    };
    let Some(stock) = Stock::run(misbehave).start() else {
        return;
    };
    let mut client = stock.connect();
    client.send("fail\n");
    assert_eq!(client.end(), End::Closed);
    stock.complains("handler error: refused by choice");
    // Its memory is that of the whole process.
    assert_eq!(stock.connect().ask("count"), "1");
    assert_eq!(stock.connect().ask("count"), "2");
    let mut client = stock.connect();
    client.send("trap\n");
    client.receive_to_end();
    assert!(!stock.ended().success());
}

/// A peer that says nothing would keep all others waiting for ever.
#[test]
fn a_silent_peer_is_given_up_after_the_idle_timeout() {
    let Some(stock) = Stock::run(ECHO.path())
        .argument("127.0.0.1:0")
        .argument("--idle-timeout=300ms")
        .start()
    else {
        return;
    };
    let mut silent = stock.connect();
    let started = Instant::now();
    let mut next = stock.connect();
    next.echo("hello\n");
    assert!(started.elapsed() >= Duration::from_millis(250));
    assert_eq!(silent.receive_to_end().1, End::Closed);
}

/// A peer that does not read what it is sent.
#[test]
fn a_deaf_peer_is_given_up_after_the_idle_timeout() {
    let Some(stock) = Stock::run(ECHO.path())
        .argument("127.0.0.1:0")
        .argument("--idle-timeout=300ms")
        .start()
    else {
        return;
    };
    let deaf = stock.connect();
    deaf.send_until_full();
    stock.connect().echo("hello\n");
    drop(deaf);
}

/// Peers that go away at each moment, some of them before they are accepted.
#[test]
fn peers_that_go_are_no_reason_to_stop() {
    let Some(stock) = Stock::run(ECHO.path()).start() else {
        return;
    };
    for number in 0..60 {
        let client = stock.connect();
        match number % 4 {
            0 => client.reset(),
            1 => {
                client.send("x");
                client.reset();
            }
            2 => {
                client.send(vec![b'x'; 100_000]);
                drop(client);
            }
            _ => drop(client),
        }
    }
    stock.connect().echo("hello\n");
    assert!(
        stock.errors().iter().all(|line| line.starts_with("handler error: ")),
        "{:?}",
        stock.errors()
    );
}

#[test]
fn running_out_of_descriptors_pauses_accepting() {
    let Some(stock) = Stock::run(ECHO_ASYNC.path()).descriptors(40).start() else {
        return;
    };
    let mut clients: Vec<_> = (0..60).map(|_| stock.connect()).collect();
    clients[0].echo("first\n");
    stock.complains("cannot accept for now");
    clients.truncate(1);
    clients[0].echo("still here\n");
    stock.connect().echo("hello\n");
    let said = stock
        .errors()
        .iter()
        .filter(|line| line.contains("cannot accept"))
        .count();
    assert!(said <= 3, "once in each episode: {said}");
}

/// Ten kilobytes at a time: by writes of 4096 bytes, as WASI's blocking call has them, each would take 40 ms.
#[test]
fn messages_of_some_kilobytes_are_not_held_back() {
    let Some(stock) = Stock::run(ECHO.path()).alone().start() else {
        return;
    };
    let mut client = stock.connect();
    client.echo(vec![b'x'; 10_000]);
    let started = Instant::now();
    (0..100).for_each(|_| client.echo(vec![b'x'; 10_000]));
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
}

#[test]
fn arguments_that_are_wrong_end_the_process() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    for (argument, error) in [
        (
            "localhost:1",
            "error: `localhost:1` is no address; give an IP address and a port",
        ),
        ("--idle", "error: `--idle` is no option"),
        (&taken, "error: cannot listen at 127.0.0.1:"),
    ] {
        let Some(refused) = Stock::refused(&ECHO.path(), argument) else {
            return;
        };
        assert_eq!(refused.code, Some(1), "{refused:?}");
        assert!(refused.errors.starts_with(error), "{refused:?}");
        assert_eq!(refused.errors.lines().count(), 1, "{refused:?}");
    }
}

#[test]
fn async_echo_serves_many_peers_at_once() {
    let Some(stock) = Stock::run(ECHO_ASYNC.path())
        .argument("127.0.0.1:0")
        .argument("[::1]:0")
        .start()
    else {
        return;
    };
    let mut clients: Vec<_> = (0..100)
        .map(|number| Client::connect(&stock.listeners()[number % 2]).unwrap())
        .collect();
    for (number, client) in clients.iter_mut().enumerate() {
        client.echo(format!("I am {number}\n"));
    }
    let bytes = noise(1 << 20);
    assert!(stock.connect().exchange(&bytes) == (bytes.clone(), End::Closed));
    for mut client in clients {
        assert_eq!(client.exchange(b"goodbye\n"), (b"goodbye\n".to_vec(), End::Closed));
    }
}

#[test]
fn async_handlers_that_fail_leave_nothing_open() {
    let Some(stock) = Stock::run(Guest::Built("async_misbehave").path()).start() else {
        return;
    };
    let leak = || {
        let mut client = stock.connect();
        client.send("error refused by choice\n");
        client.finish();
        assert_eq!(client.receive_to_end().1, End::Closed);
    };
    leak();
    let before = settled("descriptors", || stock.descriptors());
    (0..20).for_each(|_| leak());
    let after = settled("descriptors", || stock.descriptors());
    assert!(after <= before, "{before} descriptors, then {after}");
    stock.complains("handler error: refused by choice");
}

#[test]
fn datagrams_come_back() {
    for source in ["c", "go", "js", "py", "rs"] {
        let echo = match source {
            "rs" => Some(ECHO_DATAGRAMS.path()),
            source => component(&format!("guest/handlers/echo-datagrams/handler.{source}")),
        };
        let stock = echo.and_then(|echo| {
            Stock::run(echo)
                .argument("127.0.0.1:0")
                .argument("udp://[::1]:0")
                .start()
        });
        let Some(stock) = stock else { continue };
        for listener in stock.listeners() {
            let peer = Peer::of(listener);
            for data in ["hello\n", "", &"x".repeat(8192)] {
                assert_eq!(peer.ask(data), data, "{source}");
            }
        }
    }
}

#[test]
fn resp_serves_redis_cli() {
    let Some(redis_cli) = Tool::find("redis-cli", "redis-tools") else {
        return;
    };
    let Some(stock) = Stock::run(RESP.path()).start() else {
        return;
    };
    let ask = |command: &[&str]| redis_cli.run(&[&["-p", stock.port(), "-e"], command].concat());
    assert_eq!(ask(&["ping"]), "PONG\n");
    assert_eq!(ask(&["set", "greeting", "hello"]), "OK\n");
    assert_eq!(ask(&["-r", "3", "incr", "count"]), "1\n2\n3\n");
}

/// A handler that speaks HTTP/1.1 itself needs no adapter for that here.
#[test]
fn http_in_c_answers_and_refuses() {
    let (Some(python), Some(http)) = (
        Tool::find("python3", "python3"),
        component("guest/handlers/http/handler.c"),
    ) else {
        return;
    };
    let Some(stock) = Stock::run(http).start() else { return };
    let script = crate::support::guest::project().join("tests/oracle/services/http.py");
    assert_eq!(python.run(&[script.to_str().unwrap(), stock.port()]), "http: ok\n");
}

/// A dialogue of many turns.
#[test]
fn smtp_takes_mail() {
    let Some(smtp) = component("guest/handlers/smtp/handler.py") else {
        return;
    };
    let Some(stock) = Stock::run(smtp).start() else { return };
    let client = "
import smtplib, sys
for _ in range(3):
    with smtplib.SMTP('127.0.0.1', int(sys.argv[1]), timeout=20) as smtp:
        smtp.ehlo()
        assert smtp.sendmail('a@example.org', ['b@example.org'], b'Subject: t\\r\\n\\r\\n' + b'x' * 70 + b'\\r\\n') == {}
        assert smtp.docmd('NONE')[0] == 500
";
    let client = Command::new("python3")
        .args(["-c", client, stock.port()])
        .output()
        .unwrap();
    assert!(client.status.success(), "{}", String::from_utf8_lossy(&client.stderr));
}
