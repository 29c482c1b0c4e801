//! Each language that handlers are written in: the same handlers, the same faults, the same assertions.
//!
//! What each language calls a crash differs, and so does the reason that a connection ends for; the table at the end says
//! what is expected of which. Rust has its own tests, and is here for what all have in common.

use std::path::PathBuf;
use std::thread;

use crate::support::client::{End, noise};
use crate::support::datagrams::Peer;
use crate::support::log::Record;
use crate::support::server::Server;
use crate::support::source::component;

/// What is expected of a language.
struct Language {
    extension: &'static str,
    /// How a connection ends whose handler crashes as the language does, and what the log says of it.
    trap: (&'static str, &'static str),
    /// How one ends that allocates without end.
    allocate: &'static [&'static str],
    /// How one ends that exits; nothing where the language has no way to.
    exit: Option<&'static [&'static str]>,
    /// How one ends that recurses without end.
    recurse: &'static [&'static str],
    /// A function that the log names when the handler traps; none where a crash is an error of the language, whose own
    /// traceback is in the message.
    frame: Option<&'static str>,
}

impl Language {
    /// The component of `guest/handlers/<case>` in this language.
    fn handler(&self, case: &str) -> Option<PathBuf> {
        component(&format!("guest/handlers/{case}/handler.{}", self.extension))
    }

    /// The component that does what its peer's line says.
    fn misbehave(&self) -> Option<PathBuf> {
        component(&format!("tests/programs/misbehave/handler.{}", self.extension))
    }

    fn echo_sends_back_what_it_receives(&self) {
        let Some(echo) = self.handler("echo") else { return };
        let server = Server::at(echo).start();
        server.connect().echo("hello\n");
        // Both directions at once, until the peer has sent all.
        let bytes = noise(1 << 20);
        assert!(server.connect().exchange(&bytes) == (bytes.clone(), End::Closed));
        assert_eq!(server.stop().closed("completed"), 2);
    }

    fn echo_serves_many_peers_at_once(&self) {
        let Some(echo) = self.handler("echo") else { return };
        let server = Server::at(echo).start();
        let mut clients: Vec<_> = (0..100).map(|_| server.connect()).collect();
        for (number, client) in clients.iter_mut().enumerate() {
            client.echo(format!("I am {number}\n"));
        }
        thread::scope(|scope| {
            for client in &mut clients {
                scope.spawn(|| client.exchange(b"goodbye\n") == (b"goodbye\n".to_vec(), End::Closed));
            }
        });
        drop(clients);
        assert_eq!(server.stop().closed("completed"), 100);
    }

    fn echo_sends_back_each_datagram(&self) {
        let Some(echo) = self.handler("echo-datagrams") else {
            return;
        };
        let server = Server::at(echo)
            .listen("udp://127.0.0.1:0")
            .listen("udp://[::1]:0")
            .start();
        for listener in server.listeners() {
            let peer = Peer::of(listener);
            for data in ["hello\n", "", &"x".repeat(8192)] {
                assert_eq!(peer.ask(data), data);
            }
        }
        server.stop();
    }

    fn nothing_is_left_for_the_next_connection(&self) {
        let Some(misbehave) = self.misbehave() else { return };
        // One instance at a time, so that each gets the memory of the last.
        let server = Server::at(misbehave).with("max-connections", 1).start();
        for _ in 0..20 {
            assert_eq!(server.connect().ask("count"), "1");
        }
        server.stop();
    }

    /// One server, in which a neighbour is served all the while.
    fn each_fault_ends_one_connection(&self) {
        let Some(misbehave) = self.misbehave() else { return };
        let server = Server::at(misbehave).with("max-cpu-time", "2s").start();
        let mut neighbour = server.connect();
        neighbour.send("echo\n");
        neighbour.echo("before\n");
        let faults: [(&str, Option<&[&str]>); 6] = [
            ("allocate", Some(self.allocate)),
            ("exit", self.exit),
            ("fail", Some(&["handler-error"])),
            ("recurse", Some(self.recurse)),
            ("spin", Some(&["cpu-time"])),
            ("trap", Some(&[self.trap.0])),
        ];
        let faults = faults
            .into_iter()
            .filter_map(|(fault, reasons)| Some((fault, reasons?)));
        for (number, (fault, reasons)) in (1..).zip(faults) {
            let mut client = server.connect();
            client.send(format!("{fault}\n"));
            let end = client.end();
            let closed = server.closed(number).pop().expect("it is closed");
            let reason = closed.text("reason");
            assert!(reasons.contains(&reason), "{fault}: {closed:?}");
            let orderly = reason == "handler-error";
            assert_eq!(end, if orderly { End::Closed } else { End::Reset }, "{fault}");
            self.check_words(fault, &closed);
            neighbour.echo("still here\n");
        }
        neighbour.finish();
        assert_eq!(neighbour.end(), End::Closed);
        assert_eq!(server.stop().closed("completed"), 1);
    }

    /// The log says what happened in words that help who wrote the handler.
    fn check_words(&self, fault: &str, closed: &Record) {
        match fault {
            "fail" => assert!(closed.text("error").contains("refused by choice"), "{closed:?}"),
            "trap" => {
                let described = format!("{closed:?}");
                assert!(described.contains(self.trap.1), "{described}");
                if let Some(frame) = self.frame {
                    assert!(closed.text("backtrace").contains(frame), "{described}");
                }
            }
            _ => {}
        }
    }

    fn what_it_prints_is_in_the_log(&self) {
        let Some(misbehave) = self.misbehave() else { return };
        let server = Server::at(misbehave).start();
        assert_eq!(server.connect().ask("print"), "done");
        for stream in ["stdout", "stderr"] {
            let is_it = |line: &Record| line.text("text") == format!("to {stream}") && line.text("stream") == stream;
            server.log().wait_for_one("guest output", is_it);
        }
        server.stop();
    }

    fn a_connection_that_is_kept_is_closed_all_the_same(&self) {
        let Some(misbehave) = self.misbehave() else { return };
        let server = Server::at(misbehave).start();
        let mut client = server.connect();
        client.send("leak\n");
        assert_eq!(client.end(), End::Closed);
        assert_eq!(server.stop().closed("completed"), 1);
    }
}

macro_rules! each {
    ($language:ident) => {
        mod $language {
            const LANGUAGE: super::Language = super::$language();

            each!(
                LANGUAGE:
                a_connection_that_is_kept_is_closed_all_the_same,
                each_fault_ends_one_connection,
                echo_sends_back_each_datagram,
                echo_sends_back_what_it_receives,
                echo_serves_many_peers_at_once,
                nothing_is_left_for_the_next_connection,
                what_it_prints_is_in_the_log
            );
        }
    };
    ($constant:ident: $($test:ident),+) => {
        $(
            #[test]
            fn $test() {
                $constant.$test();
            }
        )+
    };
}

each!(c);
each!(cpp);
each!(go);
each!(javascript);
each!(python);
each!(typescript);
each!(zig);

const fn c() -> Language {
    Language {
        extension: "c",
        trap: ("trap", "unreachable"),
        allocate: &["memory"],
        exit: Some(&["exit"]),
        recurse: &["trap"],
        frame: Some("handle"),
    }
}

const fn cpp() -> Language {
    Language {
        extension: "cpp",
        ..c()
    }
}

const fn go() -> Language {
    Language {
        extension: "go",
        trap: ("trap", "wasm"),
        allocate: &["memory"],
        exit: Some(&["exit"]),
        recurse: &["trap", "memory", "exit"],
        frame: Some("main"),
    }
}

const fn javascript() -> Language {
    Language {
        extension: "js",
        trap: ("handler-error", "TypeError"),
        allocate: &["memory", "handler-error"],
        exit: None,
        recurse: &["handler-error", "trap"],
        frame: None,
    }
}

const fn python() -> Language {
    Language {
        extension: "py",
        trap: ("handler-error", "Traceback"),
        allocate: &["memory"],
        exit: Some(&["exit"]),
        recurse: &["handler-error", "trap"],
        frame: None,
    }
}

const fn typescript() -> Language {
    Language {
        extension: "ts",
        ..javascript()
    }
}

const fn zig() -> Language {
    Language {
        extension: "zig",
        ..c()
    }
}
