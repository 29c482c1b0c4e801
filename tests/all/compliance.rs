//! The same assertions against CPython's own `socketserver` and against ours, class by class.
//!
//! Where the two differ on purpose, a test says how and why.

use std::process::Command;
use std::sync::mpsc::Receiver;

use rustix::process::{Pid, Signal, kill_process};

use crate::support::client::{Client, End};
use crate::support::datagrams::Peer;
use crate::support::eventually::{DEADLINE, settled};
use crate::support::guest::{Guest, project};
use crate::support::process::{Process, lines_of};
use crate::support::server::{BINARY, cache};
use crate::support::tool::Tool;

/// Whose server is looked at.
#[derive(Clone, Copy, Debug)]
enum Side {
    Ours,
    Theirs,
}

/// A class of Python's module, and an address for it.
#[derive(Clone, Copy, Debug)]
struct Class {
    name: &'static str,
    scheme: &'static str,
    /// Whether it handles requests while others are being handled.
    is_concurrent: bool,
}

const STREAMS: [Class; 6] = [
    Class::new("TCPServer", "tcp", false),
    Class::new("ThreadingTCPServer", "tcp", true),
    Class::new("ForkingTCPServer", "tcp", true),
    Class::new("UnixStreamServer", "unix", false),
    Class::new("ThreadingUnixStreamServer", "unix", true),
    Class::new("ForkingUnixStreamServer", "unix", true),
];

const DATAGRAMS: [Class; 6] = [
    Class::new("UDPServer", "udp", false),
    Class::new("ThreadingUDPServer", "udp", true),
    Class::new("ForkingUDPServer", "udp", true),
    Class::new("UnixDatagramServer", "unixgram", false),
    Class::new("ThreadingUnixDatagramServer", "unixgram", true),
    Class::new("ForkingUnixDatagramServer", "unixgram", true),
];

impl Class {
    const fn new(name: &'static str, scheme: &'static str, is_concurrent: bool) -> Self {
        Self {
            name,
            scheme,
            is_concurrent,
        }
    }

    fn url(self, side: Side) -> String {
        match self.scheme {
            "tcp" | "udp" => format!("{}://127.0.0.1:0", self.scheme),
            scheme => format!("{scheme}:@compliance-{}-{side:?}-{}", std::process::id(), self.name),
        }
    }
}

/// A server of either side.
#[derive(Debug)]
struct Running {
    process: Process,
    url: String,
    _output: Receiver<String>,
}

impl Running {
    fn start(side: Side, class: Class) -> Option<Self> {
        let url = class.url(side);
        let mut command = match side {
            Side::Ours => {
                let mut command = Command::new(BINARY);
                command.arg("run").arg(Guest::Built("program_classes").path());
                command.args(["--allow-bind", &url, "--log", "error", "--cache-dir"]);
                command
                    .arg(cache())
                    .args(["--", class.name, &url])
                    .env_remove("RUST_LOG");
                command
            }
            Side::Theirs => {
                Tool::find("python3", "python3")?;
                let mut command = Command::new("python3");
                command.arg(project().join("tests/oracle/classes.py"));
                command.args([class.name, &url]);
                command
            }
        };
        let (process, output, errors) = Process::start(&mut command);
        let output = lines_of(output);
        let Ok(line) = output.recv_timeout(DEADLINE) else {
            let errors: Vec<_> = lines_of(errors).iter().collect();
            panic!("{side:?} {} does not listen: {errors:?}", class.name);
        };
        let url = line.strip_prefix("listening ").expect("the line says where it listens");
        Some(Self {
            process,
            url: url.to_owned(),
            _output: output,
        })
    }

    /// Stops it in order.
    fn stop(mut self) {
        let id = i32::try_from(self.process.id()).expect("the kernel's numbers are small");
        kill_process(Pid::from_raw(id).expect("no process is 0"), Signal::TERM).expect("the server runs");
        assert_eq!(self.process.wait(DEADLINE).code(), Some(0));
    }
}

fn on_both_sides(classes: [Class; 6], assert: impl Fn(Side, Class, &Running)) {
    for class in classes {
        for side in [Side::Theirs, Side::Ours] {
            let Some(server) = Running::start(side, class) else {
                continue;
            };
            assert(side, class, &server);
            server.stop();
        }
    }
}

#[test]
fn every_class_serves_one_client_after_the_other() {
    on_both_sides(STREAMS, |side, class, server| {
        for text in ["one", "two", "three"] {
            let mut client = Client::connect(&server.url).unwrap();
            client.echo(text);
            client.finish();
            assert_eq!(client.end(), End::Closed, "{side:?} {}", class.name);
        }
    });
}

/// Python: "synchronous" servers handle a request to its end before they take the next; threads and forks do not wait.
#[test]
fn only_the_concurrent_classes_serve_two_clients_at_once() {
    on_both_sides(STREAMS, |side, class, server| {
        let mut first = Client::connect(&server.url).unwrap();
        first.echo("first");
        let mut second = Client::connect(&server.url).unwrap();
        second.send("second");
        if class.is_concurrent {
            assert_eq!(second.receive(6), b"second", "{side:?} {}", class.name);
        } else {
            let is_silent = settled("the second client is left alone", || second.is_silent());
            assert!(is_silent, "{side:?} {}", class.name);
        }
        drop(first);
        if !class.is_concurrent {
            assert_eq!(second.receive(6), b"second", "{side:?} {}", class.name);
        }
    });
}

#[test]
fn every_class_answers_datagrams() {
    on_both_sides(DATAGRAMS, |side, class, server| {
        if class.scheme == "udp" {
            let peers = [Peer::of(&server.url), Peer::of(&server.url)];
            for (number, peer) in peers.iter().cycle().take(6).enumerate() {
                assert_eq!(
                    peer.ask(number.to_string()),
                    number.to_string(),
                    "{side:?} {}",
                    class.name
                );
            }
        } else {
            let folder = tempfile::tempdir().unwrap();
            let peer = crate::support::datagrams::UnixPeer::at_path(&folder.path().join("peer"), &server.url);
            for number in 0..3 {
                assert_eq!(
                    peer.ask(number.to_string()),
                    number.to_string(),
                    "{side:?} {}",
                    class.name
                );
            }
        }
    });
}

/// Python's `socketserver.UDPServer.max_packet_size` is 8192 on both sides; Python cuts without a word, and ours cuts and
/// tells the handler, because a protocol that does not know is wrong about what it got.
#[test]
fn a_long_datagram_is_cut_at_the_same_length() {
    let [class, ..] = DATAGRAMS;
    for side in [Side::Theirs, Side::Ours] {
        let Some(server) = Running::start(side, class) else {
            continue;
        };
        let peer = Peer::of(&server.url);
        peer.send(vec![b'x'; 9000]);
        assert_eq!(peer.receive().len(), 8192, "{side:?}");
        server.stop();
    }
}
