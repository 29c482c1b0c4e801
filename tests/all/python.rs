//! Scripts of CPython's, as they are: the issue's, those of the manual, and what the SDK promises beyond the handlers that all
//! languages have.

use std::process::Command;

use crate::support::client::{Client, End};
use crate::support::datagrams::Peer;
use crate::support::program::{PORT_9999, Program, Setup};
use crate::support::server::Server;
use crate::support::source::component;

/// A script of `tests/programs/python`; none where the toolchain is missing.
fn script(name: &str) -> Option<Setup> {
    component(&format!("tests/programs/python/{name}.py")).map(Program::at)
}

fn shouts(name: &str, bind: &str) {
    let Some(script) = script(name) else { return };
    let _only = PORT_9999.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let program = script.allow_bind(bind).start();
    let url = program.listening();
    for _ in 0..3 {
        let mut client = program.connect(&url);
        client.send("hello world with TCP\n");
        client.finish();
        let (received, end) = client.receive_to_end();
        assert_eq!(String::from_utf8_lossy(&received).trim_end(), "HELLO WORLD WITH TCP");
        assert_eq!(end, End::Closed);
    }
    let ended = program.stop();
    assert_eq!((ended.code, ended.books.closed("completed")), (Some(0), 3));
}

#[test]
fn the_script_of_the_issue_serves() {
    shouts("seed", "tcp://127.0.0.1:9999");
}

#[test]
fn the_manuals_tcp_server_serves() {
    shouts("manual_tcp", "tcp://localhost:9999");
}

#[test]
fn the_manuals_server_of_streams_serves() {
    shouts("manual_stream", "tcp://localhost:9999");
}

#[test]
fn the_manuals_udp_server_serves() {
    let Some(script) = script("manual_udp") else { return };
    let program = script.allow_bind("udp://localhost:9999").start();
    let url = program.listening();
    for _ in 0..3 {
        assert_eq!(Peer::of(&url).ask("hello world with UDP\n"), "HELLO WORLD WITH UDP");
    }
    assert_eq!(program.stop().code, Some(0));
}

/// It is its own client, and has one thread.
#[test]
fn the_manuals_threading_server_serves_itself_and_ends() {
    let Some(script) = script("manual_threading") else {
        return;
    };
    let program = script
        .allow_bind("tcp://localhost:0")
        .with("allow-connect", "tcp://127.0.0.1:*")
        .start();
    program.listening();
    assert_eq!(
        program.line(),
        "Server loop running in thread: Thread-1 (serve_forever)"
    );
    for number in 1..=3 {
        assert_eq!(
            program.line(),
            format!("Received: Thread-1 (process_request_thread): Hello World {number}")
        );
    }
    let ended = program.ended();
    let said = ended.log.tail();
    assert_eq!((ended.code, ended.books.closed("completed")), (Some(0), 3), "{said}");
}

#[test]
fn a_server_of_http_server_answers() {
    let Some(script) = script("http_server") else { return };
    let program = script.allow_bind("tcp://127.0.0.1:8000").start();
    let url = program.listening();
    assert_eq!(program.line(), "Serving HTTP on 127.0.0.1 port 8000");
    let mut client = program.connect(&url);
    client.send(
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhelloGET /x HTTP/1.1\r\nConnection: close\r\n\r\n",
    );
    let (received, end) = client.receive_to_end();
    let received = String::from_utf8_lossy(&received);
    assert_eq!(received.matches("HTTP/1.1 200 OK\r\n").count(), 2, "{received}");
    assert!(received.contains("\r\n\r\nHELLO"), "{received}");
    assert!(received.ends_with("You asked for /x, 127.0.0.1.\n"), "{received}");
    assert_eq!(end, End::Closed);
    assert_eq!(program.stop().code, Some(0));
}

/// Two servers, one of them in a thread, and their hooks.
#[test]
fn hooks_run_in_the_program_and_handlers_with_what_the_build_has_left() {
    let Some(script) = script("tour") else { return };
    let program = script
        .allow_bind("tcp://127.0.0.1:0")
        .allow_bind("udp://127.0.0.1:0")
        .argument("one")
        .start();
    assert_eq!(program.line(), "arguments ['one']");
    let (tcp, udp) = (program.listening(), program.listening());
    let mut client = program.connect(&tcp);
    assert_eq!(client.ask("greet"), "hello, from 127.0.0.1");
    assert_eq!(client.ask("where"), "127.0.0.1 True");
    assert_eq!(client.ask("name"), "Thread-1 (process_request_thread)");
    assert_eq!(client.ask("arguments"), "[] {}");
    let first = client.ask("random");
    assert_ne!(program.connect(&tcp).ask("random"), first);
    drop(client);
    let mut failing = program.connect(&tcp);
    failing.send("fail\n");
    assert_eq!(failing.end(), End::Closed);
    assert_eq!(program.line(), "handle_error KeyError('told you so') 127.0.0.1");
    let mut late = program.connect(&tcp);
    late.send("late\n");
    assert_eq!(late.end(), End::Closed);
    assert!(
        program
            .line()
            .contains("import no_such_module at the top of the source")
    );
    if let Ok(mut refused) = Client::connect_from("127.0.0.2", &tcp) {
        assert_eq!(refused.end(), End::Reset);
    }
    assert_eq!(Peer::of(&udp).ask("shout"), "SHOUT");
    let ended = program.stop();
    assert_eq!(ended.code, Some(0));
    assert_eq!(ended.output, ["requests 5, errors 2", "closed"]);
}

/// Python's own client, a message with parts and dots, commands that were sent together, and what is no command.
#[test]
fn mail_is_received() {
    let Some(smtp) = component("guest/handlers/smtp/handler.py") else {
        return;
    };
    let server = Server::at(smtp).start();
    let address = server.address().strip_prefix("tcp://").expect("it is TCP").to_owned();
    let client = "
import email.message, smtplib, sys
host, port = sys.argv[1].rsplit(':', 1)
mail = email.message.EmailMessage()
mail['Subject'] = 'Grüße'
mail.set_content('.one\\n..two\\n')
mail.add_attachment(bytes(100_000), maintype='application', subtype='octet-stream')
with smtplib.SMTP(host, int(port), timeout=20) as smtp:
    smtp.ehlo()
    assert smtp.has_extn('pipelining')
    assert smtp.sendmail('a@example.org', ['b@example.org', 'c@example.org'], mail.as_bytes()) == {}
    assert smtp.docmd('RCPT', 'TO:<b@example.org>')[0] == 503
    assert smtp.docmd('MAIL', 'FROM:<a@example.org> SIZE=99999999')[0] == 552
    assert smtp.docmd('NONE')[0] == 500
";
    let client = Command::new("python3")
        .args(["-c", client, &address])
        .output()
        .expect("python3 runs");
    assert!(client.status.success(), "{}", String::from_utf8_lossy(&client.stderr));
    server.log().wait_for_one("guest output", |line| {
        line.text("text")
            .contains("a@example.org to b@example.org, c@example.org:")
            && line
                .text("text")
                .contains("subject 'Grüße', text/plain application/octet-stream")
    });

    // A bare line feed does not end a message: mail was smuggled by that.
    let mut client = server.connect();
    client.send("EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n");
    client.send("Subject: t\r\n\r\none\n.\nMAIL FROM:<x@example.org>\r\n..\r\n.\r\nQUIT\r\n");
    let (received, _) = client.receive_to_end();
    let received = String::from_utf8_lossy(&received);
    assert_eq!(received.matches("250 OK").count(), 3, "{received}");
    assert!(received.ends_with("221 bye\r\n"), "{received}");

    let mut client = server.connect();
    client.send([b"x".repeat(5000), b"\r\n".to_vec()].concat());
    client.send("none\r\n".repeat(20));
    let (received, _) = client.receive_to_end();
    let received = String::from_utf8_lossy(&received);
    assert!(received.contains("500 line too long\r\n"), "{received}");
    assert!(received.ends_with("421 too many mistakes\r\n"), "{received}");
    server.stop();
}

/// What is sent is freed: the memory that one connection may have is a fraction of what it moves.
#[test]
fn a_long_transfer_needs_no_more_memory_than_a_short_one() {
    let Some(echo) = component("guest/handlers/echo/handler.py") else {
        return;
    };
    let server = Server::at(echo).with("max-memory", "32MiB").start();
    let bytes = crate::support::client::noise(64 << 20);
    let (received, end) = server.connect().exchange(&bytes);
    assert!(received == bytes, "{} bytes came back", received.len());
    assert_eq!(end, End::Closed);
    assert_eq!(server.stop().closed("completed"), 1);
}

/// A component that connects to nothing does not ask for sockets; `serve` would refuse it.
#[test]
fn sockets_are_asked_for_only_by_what_connects_to_something() {
    let inspect = |path: std::path::PathBuf| {
        let run = crate::support::server::run(["inspect".into(), path]);
        run.succeed()
    };
    let Some(echo) = component("guest/handlers/echo/handler.py") else {
        return;
    };
    assert!(!inspect(echo).contains("wasi:sockets"));
    let Some(client) = component("tests/programs/python/manual_threading.py") else {
        return;
    };
    assert!(inspect(client).contains("wasi:sockets"));
}
