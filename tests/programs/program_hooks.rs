//! Says each hook that its server calls, so that the tests can compare them with those of CPython's, which
//! `tests/oracle/hooks.py` prints. The arguments are a class in Python's spelling, a URL, a mode, and settings
//! (`timeout=50`). The host must call nothing else, and nothing in another order.
//!
//! | mode | what the program does |
//! |---|---|
//! | `serve` | serves until it is told to stop |
//! | `requests` | twice handles one request, or none when none comes in time |
//! | `close` | closes its server at once, tries to serve with it, and makes another at the same address |
//! | `leave` | makes a server, drops it, and makes another at the same address |
//! | `shutdown` | makes twenty servers, and shuts each of them down, before its loop and in it |
//! | `bind` | tries 1,024 times to bind an address that is taken |
//!
//! What a client wants of the handler is in its request (see `answer_to`). What it wants of the server itself is in its
//! address: 127.0.0.2, or a path that ends in `refuse`, is refused; 127.0.0.3 or `shutdown` shuts the server down; and a
//! request of 127.0.0.4 or `lose` is lost before it is taken.

#![allow(clippy::print_stdout, reason = "the tests read it")]

use std::io::{self, BufRead as _, Write as _};
use std::time::Duration;

use socketserver_guest::server::{
    BaseServer, ForkingTcpServer, ForkingUdpServer, ForkingUnixDatagramServer, ForkingUnixStreamServer, Outcome,
    PendingRequest, Reason, ServerCore, Super, TcpServer, ThreadingTcpServer, ThreadingUdpServer,
    ThreadingUnixDatagramServer, ThreadingUnixStreamServer, UdpServer, UnixDatagramServer, UnixStreamServer,
};
use socketserver_guest::{Address, DatagramHandler, DatagramRequest, Handler, Request, Result};

#[derive(Default)]
struct Asked;

thread_local! {
    static HANDLED: std::cell::Cell<u32> = const { std::cell::Cell::new(0) };
}

/// What answers a command, of a connection or of a datagram.
fn answer_to(command: &str) -> Option<String> {
    let handled = HANDLED.get() + 1;
    HANDLED.set(handled);
    match command {
        "answer" => Some("answered\n".to_owned()),
        "count" => Some(format!("{handled}\n")),
        "fail" => Some("failing\n".to_owned()),
        _ => None,
    }
}

/// What is done about a command after it was answered.
#[expect(clippy::exit, reason = "the command asks for it")]
fn end_of(command: &str) -> Result {
    match command {
        "fail" => Err("told you so".into()),
        "exit" => std::process::exit(3),
        _ => Ok(()),
    }
}

impl Handler for Asked {
    fn handle(&mut self, request: &mut Request) -> Result {
        let mut line = String::new();
        request.rfile.read_line(&mut line)?;
        let command = line.trim();
        if let Some(answer) = answer_to(command) {
            request.wfile.write_all(answer.as_bytes())?;
        }
        match command {
            "dialogue" => {
                request.wfile.write_all(b"go on\n")?;
                let mut line = String::new();
                request.rfile.read_line(&mut line)?;
                write!(request.wfile, "so {line}")?;
            }
            "keep" => {
                request.wfile.write_all(b"kept\n")?;
                // Past `rfile`, which would flush `wfile` before it waits.
                request.connection().receive(1)?;
            }
            "much" => request.wfile.write_all(&vec![0; MUCH])?,
            _ => {}
        }
        end_of(command)
    }
}

const MUCH: usize = (16 << 20) + 1;

impl DatagramHandler for Asked {
    fn handle(&mut self, request: &mut DatagramRequest) -> Result {
        let command = String::from_utf8_lossy(request.data()).trim().to_owned();
        if let Some(answer) = answer_to(&command) {
            request.wfile.extend_from_slice(answer.as_bytes());
        }
        end_of(&command)
    }
}

/// A class, with a line for each hook.
struct Hooks {
    base: Box<dyn BaseServer>,
    errors: u32,
    /// Whether the next `service_actions` is said: one for each request, as the loop calls it whenever nothing happens.
    says_service: bool,
    /// Whether a `get_request` that finds none is said.
    says_none: bool,
    /// Whether `service_actions` ends the loop.
    ends: bool,
}

impl BaseServer for Hooks {
    fn core(&mut self) -> &mut ServerCore {
        self.base.core()
    }

    fn server_bind(&mut self) -> io::Result<()> {
        println!("server_bind");
        Super(self).server_bind()
    }

    fn server_activate(&mut self) -> io::Result<()> {
        println!("server_activate");
        Super(self).server_activate()
    }

    fn server_close(&mut self) {
        println!("server_close");
        Super(self).server_close();
    }

    fn service_actions(&mut self) {
        if std::mem::take(&mut self.says_service) {
            println!("service_actions");
        }
        if self.ends {
            self.shutdown();
        }
    }

    fn get_request(&mut self) -> io::Result<PendingRequest> {
        let taken = Super(self).get_request();
        if taken.is_err() && self.says_none {
            println!("get_request found none");
        }
        let request = taken?;
        println!("get_request");
        self.says_service = true;
        if wish(request.remote_address()) == "lose" {
            self.close_request(request);
            return Err(io::Error::other("it has gone"));
        }
        Ok(request)
    }

    fn verify_request(&mut self, request: &PendingRequest) -> bool {
        println!("verify_request");
        let wish = wish(request.remote_address());
        if wish == "shutdown" {
            self.shutdown();
        }
        wish.is_empty()
    }

    fn process_request(&mut self, request: PendingRequest) {
        println!("process_request");
        Super(self).process_request(request);
    }

    fn finish_request(&mut self, request: PendingRequest) -> Outcome {
        println!("finish_request");
        Super(self).finish_request(request)
    }

    fn shutdown_request(&mut self, request: PendingRequest) {
        println!("shutdown_request");
        Super(self).shutdown_request(request);
    }

    fn close_request(&mut self, request: PendingRequest) {
        println!("close_request");
        Super(self).close_request(request);
    }

    fn handle_timeout(&mut self) {
        println!("handle_timeout");
        Super(self).handle_timeout();
    }

    fn handle_error(&mut self, outcome: &Outcome) {
        self.errors += 1;
        match &outcome.message {
            Some(words) if outcome.reason == Reason::HandlerError => println!("handle_error {words}"),
            _ => println!("handle_error {}", outcome.reason),
        }
        Super(self).handle_error(outcome);
    }
}

/// What the address of a client asks of the server itself.
fn wish(remote: &Address) -> &str {
    match remote {
        Address::Ip(remote) => match remote.ip().to_string().as_str() {
            "127.0.0.2" => "refuse",
            "127.0.0.3" => "shutdown",
            "127.0.0.4" => "lose",
            _ => "",
        },
        Address::Unix(name) => {
            let name = name.as_deref().unwrap_or_default();
            let file = name.rsplit('/').next().unwrap_or_default();
            if ["refuse", "shutdown", "lose"].contains(&file) {
                file
            } else {
                ""
            }
        }
    }
}

fn run() -> Result {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [class, url, mode, settings @ ..] = &arguments[..] else {
        return Err("the arguments are a class, a URL, a mode and settings".into());
    };
    let make = || -> Result<Hooks> {
        let mut base = unbound(class, url)?;
        let (mut says_first, mut says_none) = (false, false);
        for setting in settings {
            let (name, value) = setting.split_once('=').ok_or("a setting is name=value")?;
            let core = base.core();
            match name {
                "timeout" => core.timeout = Some(Duration::from_millis(value.parse()?)),
                "max_children" => core.max_children = Some(value.parse()?),
                "block_on_close" => core.block_on_close = value.parse()?,
                "says_first" => says_first = value.parse()?,
                "says_none" => says_none = value.parse()?,
                _ => return Err(format!("there is no setting `{name}`").into()),
            }
        }
        let mut server = Hooks {
            base,
            errors: 0,
            says_service: says_first,
            says_none,
            ends: false,
        };
        server.bind_and_activate()?;
        Ok(server)
    };
    match mode.as_str() {
        "serve" => serve(make()?)?,
        "requests" => {
            let mut server = make()?;
            server.handle_request()?;
            server.handle_request()?;
            server.server_close();
        }
        "close" => {
            let mut server = make()?;
            server.server_close();
            if server.serve_forever_with(POLL_INTERVAL).is_err() {
                println!("cannot serve");
            }
            make()?.server_close();
        }
        "leave" => {
            drop(make()?);
            make()?.server_close();
        }
        "shutdown" => {
            for _ in 0..20 {
                let mut server = make()?;
                server.shutdown();
                server.serve_forever_with(POLL_INTERVAL)?;
                println!("ended");
                server.ends = true;
                server.serve_forever_with(POLL_INTERVAL)?;
                println!("ended again");
                server.server_close();
            }
        }
        "bind" => {
            let taken = |error: &io::Error| error.kind() == io::ErrorKind::AddrInUse;
            let mut count = 0;
            for _ in 0..1024 {
                let error = unbound(class, url)?.bind_and_activate().err();
                count += u32::from(error.as_ref().is_some_and(taken));
            }
            println!("taken {count} times");
            if make().is_err() {
                println!("taken");
            }
        }
        _ => return Err(format!("there is no mode `{mode}`").into()),
    }
    Ok(())
}

fn serve(mut server: Hooks) -> Result {
    server.serve_forever_with(POLL_INTERVAL)?;
    println!("errors {}", server.errors);
    let few = if server.active_children() < 10 { "few" } else { "many" };
    println!("{few} children");
    server.server_close();
    println!("closed with {} children", server.active_children());
    Ok(())
}

const POLL_INTERVAL: Duration = Duration::from_millis(10);

fn unbound(class: &str, url: &str) -> Result<Box<dyn BaseServer>> {
    Ok(match class {
        "TCPServer" => Box::new(TcpServer::unbound(url)),
        "ThreadingTCPServer" => Box::new(ThreadingTcpServer::unbound(url)),
        "ForkingTCPServer" => Box::new(ForkingTcpServer::unbound(url)),
        "UDPServer" => Box::new(UdpServer::unbound(url)),
        "ThreadingUDPServer" => Box::new(ThreadingUdpServer::unbound(url)),
        "ForkingUDPServer" => Box::new(ForkingUdpServer::unbound(url)),
        "UnixStreamServer" => Box::new(UnixStreamServer::unbound(url)),
        "ThreadingUnixStreamServer" => Box::new(ThreadingUnixStreamServer::unbound(url)),
        "ForkingUnixStreamServer" => Box::new(ForkingUnixStreamServer::unbound(url)),
        "UnixDatagramServer" => Box::new(UnixDatagramServer::unbound(url)),
        "ThreadingUnixDatagramServer" => Box::new(ThreadingUnixDatagramServer::unbound(url)),
        "ForkingUnixDatagramServer" => Box::new(ForkingUnixDatagramServer::unbound(url)),
        _ => return Err(format!("there is no class `{class}`").into()),
    })
}

socketserver_guest::export!(Asked);
socketserver_guest::export_datagrams!(Asked);
socketserver_guest::main!(run);
