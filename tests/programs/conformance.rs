//! Does what its peer says, one call of the contract for each command, so that tests script `wit/` from outside. The host
//! must answer each call as `wit/connections.wit` says.
//!
//! A line has one command or several, separated by `;`, which matters after `shutdown receive`. The answer to each
//! command is a line: `ok`, `ok VALUE...` or `error CODE`.
//!
//! | command | answer |
//! |---|---|
//! | `receive MAX` | `ok COUNT BYTES`, escaped as in Rust; without the bytes when there are more than 256 |
//! | `send COUNT`, `send-all COUNT` | so many `x` and then `ok TAKEN`, or `ok` |
//! | `wait r`, `wait w`, `wait rw`, `wait` | `ok r`, `ok w` or `ok rw` |
//! | `shutdown receive`, `shutdown send`, `shutdown both` | `ok` |
//! | `set-timeout MILLISECONDS`, `set-timeout none` | `ok` |
//! | `get-remote-address`, `get-local-address` | `ok ip ADDRESS`, `ok unix NAME` or `ok unix` |
//! | `print TEXT` | `ok`, and the text on standard output |
//! | `sleep MILLISECONDS` | `ok` |
//! | `pause MILLISECONDS` | none, because sending it would find out what the peer did meanwhile |
//! | `drop`, `forget` | none: the handle is dropped, or leaked |
//! | `return`, `fail TEXT` | none: `handle` returns |
//! | `spin` | none: `handle` computes for ever |
//!
//! `handle` also returns at the end of the stream, and after a line with `drop` or `forget`.
//!
//! The time of `set-timeout` holds for the calls of commands, and not for receiving commands and sending answers. An
//! answer that cannot be sent is kept for the error that `handle` returns in the end: `unsent: ok; error timeout`.

use std::time::Duration;

use socketserver_guest::Address;
use socketserver_guest::bindings::exports::socketserver::core::stream_handler::Guest;
use socketserver_guest::bindings::socketserver::core::connections::{Connection, Readiness, ShutdownType};
use socketserver_guest::bindings::socketserver::core::network::{ErrorCode, SocketAddress};

struct Conformance;

impl Guest for Conformance {
    fn handle(connection: Connection) -> Result<(), String> {
        let mut state = State {
            connection: Some(connection),
            timeout: None,
            unsent: Vec::new(),
        };
        let result = state.run();
        let unsent = state.unsent.join("; ");
        match result {
            result if unsent.is_empty() => result,
            Ok(()) => Err(format!("unsent: {unsent}")),
            Err(error) => Err(format!("{error}; unsent: {unsent}")),
        }
    }
}

struct State {
    connection: Option<Connection>,
    /// Set for the length of a command only.
    timeout: Option<u32>,
    unsent: Vec<String>,
}

impl State {
    fn run(&mut self) -> Result<(), String> {
        while let Some(line) = self.connection.as_ref().and_then(read_line) {
            for command in line.split(';').map(str::trim) {
                let (verb, rest) = command.split_once(' ').unwrap_or((command, ""));
                match verb {
                    "return" => return Ok(()),
                    "fail" => return Err(rest.to_owned()),
                    "drop" => drop(self.connection.take()),
                    "forget" => std::mem::forget(self.connection.take()),
                    "pause" => sleep(number(rest)),
                    "spin" => loop {
                        std::hint::spin_loop();
                    },
                    _ => {
                        let answer = self.execute(verb, rest);
                        self.answer(answer);
                    }
                }
            }
        }
        Ok(())
    }

    fn execute(&mut self, verb: &str, rest: &str) -> String {
        match (verb, &self.connection) {
            ("set-timeout", _) => {
                self.timeout = (rest != "none").then(|| number(rest));
                "ok".to_owned()
            }
            ("sleep", _) => {
                sleep(number(rest));
                "ok".to_owned()
            }
            ("print", _) => {
                #[expect(clippy::print_stdout, reason = "the command asks for it")]
                {
                    println!("{rest}");
                }
                "ok".to_owned()
            }
            (_, Some(connection)) => {
                connection.set_timeout(self.timeout);
                let answer = call(connection, verb, rest);
                connection.set_timeout(None);
                answer
            }
            (_, None) => format!("error no connection for {verb}"),
        }
    }

    fn answer(&mut self, answer: String) {
        let line = format!("{answer}\n");
        let sent = self
            .connection
            .as_ref()
            .map(|connection| connection.send_all(line.as_bytes()));
        if !matches!(sent, Some(Ok(()))) {
            self.unsent.push(answer);
        }
    }
}

/// Byte by byte, so that what follows the line is left for the command. `None` is the end of the stream.
fn read_line(connection: &Connection) -> Option<String> {
    let mut line = Vec::new();
    loop {
        match connection.receive(1).ok()?.first() {
            None => return None,
            Some(b'\n') => return String::from_utf8(line).ok(),
            Some(byte) => line.push(*byte),
        }
    }
}

fn call(connection: &Connection, verb: &str, rest: &str) -> String {
    match verb {
        "receive" => match connection.receive(number(rest)) {
            Ok(data) if data.len() > 256 => format!("ok {}", data.len()),
            Ok(data) => format!("ok {} {}", data.len(), data.escape_ascii()),
            Err(code) => error(&code),
        },
        "send" => match connection.send(&payload(rest)) {
            Ok(taken) => format!("ok {taken}"),
            Err(code) => error(&code),
        },
        "send-all" => done(connection.send_all(&payload(rest))),
        "wait" => {
            let mut interest = Readiness::empty();
            interest.set(Readiness::READABLE, rest.contains('r'));
            interest.set(Readiness::WRITABLE, rest.contains('w'));
            match connection.wait(interest) {
                Ok(ready) => format!(
                    "ok {}{}",
                    if ready.contains(Readiness::READABLE) { "r" } else { "" },
                    if ready.contains(Readiness::WRITABLE) { "w" } else { "" }
                ),
                Err(code) => error(&code),
            }
        }
        "shutdown" => done(connection.shutdown(match rest {
            "receive" => ShutdownType::Receive,
            "send" => ShutdownType::Send,
            "both" => ShutdownType::Both,
            other => panic!("no such direction: {other:?}"),
        })),
        "get-remote-address" => address(connection.get_remote_address()),
        "get-local-address" => address(connection.get_local_address()),
        _ => format!("error no such command: {verb}"),
    }
}

fn sleep(milliseconds: u32) {
    std::thread::sleep(Duration::from_millis(milliseconds.into()));
}

/// A script with a mistake in it is not answered: its connection is aborted.
fn number(text: &str) -> u32 {
    text.parse().unwrap_or_else(|_| panic!("not a number: {text:?}"))
}

fn payload(count: &str) -> Vec<u8> {
    vec![b'x'; number(count) as usize]
}

fn done(result: Result<(), ErrorCode>) -> String {
    result.map_or_else(|code| error(&code), |()| "ok".to_owned())
}

fn address(address: SocketAddress) -> String {
    match Address::from(address) {
        Address::Ip(address) => format!("ok ip {address}"),
        Address::Unix(Some(name)) => format!("ok unix {name}"),
        Address::Unix(None) => "ok unix".to_owned(),
    }
}

fn error(code: &ErrorCode) -> String {
    let name = match code {
        ErrorCode::AccessDenied => "access-denied",
        ErrorCode::AddressInUse => "address-in-use",
        ErrorCode::AddressNotBindable => "address-not-bindable",
        ErrorCode::InvalidArgument => "invalid-argument",
        ErrorCode::InvalidState => "invalid-state",
        ErrorCode::OutOfMemory => "out-of-memory",
        ErrorCode::Timeout => "timeout",
        ErrorCode::RemoteUnreachable => "remote-unreachable",
        ErrorCode::ConnectionBroken => "connection-broken",
        ErrorCode::ConnectionReset => "connection-reset",
        ErrorCode::ConnectionAborted => "connection-aborted",
        ErrorCode::DatagramTooLarge => "datagram-too-large",
        ErrorCode::Other(Some(words)) => return format!("error other {words}"),
        ErrorCode::Other(None) => "other",
    };
    format!("error {name}")
}

socketserver_guest::bindings::export_component!(Conformance with_types_in socketserver_guest::bindings);
