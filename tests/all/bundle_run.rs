//! Bundles under stock `wasmtime run`: hostile peers, handlers that misbehave, and the services that people know.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::client::{Client, End, noise};
use crate::support::datagrams::Peer;
use crate::support::eventually::settled;
use crate::support::guest::{ECHO, ECHO_ASYNC, ECHO_DATAGRAMS, Guest};
use crate::support::source::component;
use crate::support::stock::Stock;
use crate::support::tool::Tool;

const RESP: Guest = Guest::Built("resp");

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

/// It returns the stream and the future that it was given, so that no byte enters its memory.
#[test]
fn a_handler_that_returns_what_it_was_given_is_an_echo() {
    let Some(stock) = Stock::run(Guest::Built("async_pass").path()).start() else {
        return;
    };
    let bytes = noise(1 << 20);
    for _ in 0..3 {
        assert!(stock.connect().exchange(&bytes) == (bytes.clone(), End::Closed));
    }
    stock.connect().reset();
    stock.connect().echo("hello\n");
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
