//! Server programs: the loop is the guest's, and everything else holds as for the host's own.

use std::thread;

use rustix::process::Signal;

use crate::support::client::{Client, End};
use crate::support::guest::{ECHO, Guest};
use crate::support::program::{Program, Setup};
use crate::support::server::{cache, run};

const TOUR: Guest = Guest::Built("program_tour");

fn tour() -> Setup {
    Program::of(TOUR)
        .allow_bind("tcp://127.0.0.1:0")
        .argument("tcp://127.0.0.1:0")
}

#[test]
fn a_program_serves_with_its_own_handler() {
    let program = tour().start();
    let url = program.listening();
    let mut client = program.connect(&url);
    assert_eq!(client.ask("hello"), "hello");
    drop(client);
    assert_eq!(
        program.log().wait_for("connection closed", 1)[0].text("reason"),
        "completed"
    );
    let ended = program.stop();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.output.contains(&"served 1".to_owned()), "{ended:?}");
}

#[test]
fn a_thousand_connections_at_once() {
    let program = tour().start();
    let url = program.listening();
    let mut clients: Vec<_> = (0..1000).map(|_| Client::connect(&url).unwrap()).collect();
    for (number, client) in clients.iter_mut().enumerate() {
        assert_eq!(client.ask(&number.to_string()), number.to_string());
    }
    // All of them are still there.
    for (number, client) in clients.iter_mut().enumerate() {
        assert_eq!(client.ask(&format!("again {number}")), format!("again {number}"));
    }
    drop(clients);
    let ended = program.stop();
    assert_eq!((ended.code, ended.books.closed("completed")), (Some(0), 1000));
}

/// Python's `verify_request`.
#[test]
fn a_banned_address_is_refused() {
    let program = tour().start();
    let url = program.listening();
    match Client::connect_from("127.0.0.2", &url) {
        Ok(mut banned) => assert_eq!(banned.end(), End::Reset),
        // The reset was faster.
        Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset),
    }
    assert_eq!(program.connect(&url).ask("welcome"), "welcome");
    let ended = program.stop();
    assert_eq!((ended.books.accepted, ended.books.rejected("program")), (1, 1));
}

/// Python's `service_actions`, between two requests and without any.
#[test]
fn service_actions_are_called_while_nothing_happens() {
    let program = tour().start();
    program.listening();
    assert_eq!(program.line(), "tick");
    assert_eq!(program.stop().code, Some(0));
}

/// Python's `handle_error`.
#[test]
fn a_failure_of_a_handler_is_reported_with_its_reason() {
    let program = tour().start();
    let url = program.listening();
    let mut client = program.connect(&url);
    let address = client.address();
    client.send("fail bad luck\n");
    assert_eq!(client.end(), End::Closed);
    let said = loop {
        let line = program.line();
        if line != "tick" {
            break line;
        }
    };
    assert_eq!(said, format!("error {address} handler-error: bad luck"));
    let mut client = program.connect(&url);
    client.send("panic\n");
    assert_eq!(client.end(), End::Reset);
    let said = loop {
        let line = program.line();
        if line != "tick" {
            break line;
        }
    };
    assert!(said.contains(" trap: "), "{said}");
    let ended = program.stop();
    assert_eq!(
        (ended.books.closed("handler-error"), ended.books.closed("trap")),
        (1, 1)
    );
}

#[test]
fn a_handler_can_have_the_program_shut_down() {
    let program = tour().start();
    let url = program.listening();
    program.connect(&url).send("shutdown\n");
    let ended = program.ended();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.output.iter().any(|line| line.starts_with("served ")), "{ended:?}");
}

#[test]
fn a_program_that_is_told_to_stop_lets_open_connections_finish() {
    let program = tour().start();
    let url = program.listening();
    let mut client = program.connect(&url);
    assert_eq!(client.ask("before"), "before");
    program.signal(Signal::TERM);
    program
        .log()
        .wait_for("told to stop; a second signal kills open connections", 1);
    assert_eq!(client.ask("after"), "after");
    drop(client);
    let ended = program.ended();
    assert_eq!((ended.code, ended.books.closed("completed")), (Some(0), 1));
}

#[test]
fn a_second_signal_kills_what_is_left() {
    let program = tour().start();
    let url = program.listening();
    let mut client = program.connect(&url);
    assert_eq!(client.ask("hello"), "hello");
    program.signal(Signal::TERM);
    program
        .log()
        .wait_for("told to stop; a second signal kills open connections", 1);
    program.signal(Signal::TERM);
    assert_eq!(client.end(), End::Reset);
    let ended = program.ended();
    assert_eq!((ended.code, ended.books.closed("killed")), (Some(75), 1));
}

#[test]
fn only_what_is_granted_can_be_bound() {
    let program = Program::of(Guest::Built("program_grants"))
        .handler("echo", ECHO)
        .allow_bind("tcp://127.0.0.1:0")
        .argument("tcp://127.0.0.1:0")
        .argument("tcp://0.0.0.0:0")
        .argument("tcp://127.0.0.1:1")
        .argument("udp://127.0.0.1:0")
        .argument("nonsense")
        .start();
    let ended = program.ended();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let denied = "the operator has not granted this";
    assert_eq!(
        ended.output,
        [
            "tcp://127.0.0.1:0 ok".to_owned(),
            format!("tcp://0.0.0.0:0: {denied}"),
            format!("tcp://127.0.0.1:1: {denied}"),
            format!("udp://127.0.0.1:0: {denied}"),
            "nonsense: invalid argument".to_owned(),
        ]
    );
    let flag = "the program may not bind this; grant it with --allow-bind tcp://0.0.0.0:0";
    assert_eq!(ended.log.all(flag).len(), 1, "the log says what would grant it");
}

/// What handles a request is the same component, and is granted nothing.
#[test]
fn an_instance_that_handles_a_request_makes_no_server() {
    let program = tour().start();
    let url = program.listening();
    let mut client = program.connect(&url);
    assert_eq!(
        client.ask("create tcp://127.0.0.1:0"),
        "the operator has not granted this"
    );
    drop(client);
    assert_eq!(program.stop().code, Some(0));
}

#[test]
fn an_address_that_is_taken_is_said_to_the_program() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("tcp://{}", taken.local_addr().unwrap());
    let program = Program::of(Guest::Built("program_grants"))
        .handler("echo", ECHO)
        .allow_bind(&url)
        .argument(&url)
        .start();
    let ended = program.ended();
    assert_eq!(ended.output.len(), 1, "{ended:?}");
    assert!(ended.output[0].starts_with(&format!("{url}: ")), "{ended:?}");
    assert!(!ended.output[0].contains("granted"), "{ended:?}");
}

/// Python's `handle_request` with a `timeout`.
#[test]
fn one_request_and_no_more() {
    let once = || {
        Program::of(Guest::Built("program_once"))
            .allow_bind("tcp://127.0.0.1:0")
            .argument("tcp://127.0.0.1:0")
    };
    let program = once().argument(20_000).start();
    let url = program.listening();
    program.connect(&url).echo("hello");
    assert_eq!(program.line(), "handled");
    assert_eq!(program.ended().code, Some(0));

    let program = once().argument(50).start();
    program.listening();
    assert_eq!(program.line(), "timeout");
    assert_eq!(program.ended().code, Some(0));
}

#[test]
fn the_end_of_a_program_is_the_exit_code() {
    for (argument, code, said) in [("fail", 1, ""), ("exit", 1, ""), ("panic", 1, "the program trapped")] {
        let program = Program::of(Guest::Built("program_fails")).argument(argument).start();
        let ended = program.ended();
        assert_eq!(ended.code, Some(code), "{argument}: {ended:?}");
        if !said.is_empty() {
            assert_eq!(ended.log.all(said).len(), 1, "{argument}: {ended:?}");
        }
    }
}

#[test]
fn a_program_that_does_not_stop_is_killed() {
    let program = Program::of(Guest::Built("program_fails"))
        .with("drain-grace", "100ms")
        .argument("stay")
        .start();
    program.log().wait_for("phase", 1);
    program.signal(Signal::TERM);
    assert_eq!(program.ended().code, Some(75));
}

/// All twelve classes of Python's module.
#[test]
fn every_class_of_python_serves() {
    for (class, url) in [
        ("TCPServer", "tcp://127.0.0.1:0"),
        ("ThreadingTCPServer", "tcp://127.0.0.1:0"),
        ("ForkingTCPServer", "tcp://127.0.0.1:0"),
        ("UnixStreamServer", "unix:@"),
        ("ThreadingUnixStreamServer", "unix:@"),
        ("ForkingUnixStreamServer", "unix:@"),
    ] {
        let url = match url {
            "unix:@" => format!("unix:@socketserver-test-{}-{class}", std::process::id()),
            _ => url.to_owned(),
        };
        let program = Program::of(Guest::Built("program_classes"))
            .allow_bind(&url)
            .argument(class)
            .argument(&url)
            .start();
        let listening = program.listening();
        let clients: Vec<_> = (0..4)
            .map(|number: i32| {
                let mut client = Client::connect(&listening).unwrap();
                thread::spawn(move || {
                    client.send(number.to_string());
                    client.finish();
                    client.receive_to_end()
                })
            })
            .collect();
        for (number, client) in clients.into_iter().enumerate() {
            assert_eq!(
                client.join().unwrap(),
                (number.to_string().into_bytes(), End::Closed),
                "{class}"
            );
        }
        let ended = program.stop();
        assert_eq!((ended.code, ended.books.closed("completed")), (Some(0), 4), "{class}");
    }
}

/// The kernel reports a peer again and again that cannot be taken, and a loop that took no notice would spin.
#[test]
fn a_program_out_of_descriptors_pauses_and_recovers() {
    let program = tour().descriptors(48).start();
    let url = program.listening();
    let mut clients: Vec<_> = (0..64).map(|_| Client::connect(&url).unwrap()).collect();
    let paused = "accept paused; connections wait in the backlog until it works again";
    program.log().wait_for(paused, 1);
    // Each that leaves lets one more in: all are served in the end.
    for (number, client) in clients.drain(..).enumerate() {
        let mut client = client;
        assert_eq!(client.ask(&number.to_string()), number.to_string());
    }
    assert_eq!(program.log().all(paused).len(), 1, "it is said once");
    let ended = program.stop();
    assert_eq!((ended.code, ended.books.closed("completed")), (Some(0), 64));
    // Ten pauses in a second, and none of them a spin.
    assert!(ended.books.accept_failures < 100, "{:?}", ended.books);
}

#[test]
fn a_handler_is_no_program() {
    let echo = ECHO.path();
    let refused = run([
        "run".as_ref(),
        echo.as_os_str(),
        "--cache-dir".as_ref(),
        cache().as_os_str(),
    ]);
    assert_eq!(refused.code, Some(65), "{refused:?}");
    assert!(
        refused.errors.contains("is no server program: it exports"),
        "{refused:?}"
    );
}

#[test]
fn a_program_without_a_handler_is_refused() {
    let program = Guest::Built("program_grants").path();
    let refused = run([
        "run".as_ref(),
        program.as_os_str(),
        "--cache-dir".as_ref(),
        cache().as_os_str(),
    ]);
    assert_eq!(refused.code, Some(65), "{refused:?}");
    assert!(refused.errors.contains("--handler name=path"), "{refused:?}");
}
