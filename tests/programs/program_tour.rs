//! A server program with a handler of its own, which goes through the hooks of a server. The host must handle each request
//! in another instance, and tell the program how it ended.
//!
//! The argument is the URL to serve. The handler sends lines back, except:
//!
//! | line | what it does |
//! |---|---|
//! | `create URL` | it tries to make a server there, and answers what came of it |
//! | `fail WORDS` | it returns the words as an error |
//! | `panic` | it panics |
//! | `shutdown` | it returns the error `shutdown please`, on which the program stops serving |
//!
//! Requests from 127.0.0.2 are refused. On standard output the program prints `tick` when its loop goes round for the
//! first time, `error REMOTE REASON: MESSAGE` for each request that failed, and `served COUNT` in the end.

#![allow(clippy::print_stdout, reason = "the tests read it")]

use std::io::BufRead as _;
use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr};

use socketserver_guest::server::{
    BaseServer, Listener, Options, Outcome, PendingRequest, ServerCore, ThreadingTcpServer,
};
use socketserver_guest::{Address, Handler, Request, Result};

const SHUTDOWN: &str = "shutdown please";

#[derive(Default)]
struct Echo;

impl Handler for Echo {
    fn handle(&mut self, request: &mut Request) -> Result {
        let mut line = String::new();
        while request.rfile.read_line(&mut line)? > 0 {
            let text = line.trim_end();
            let (verb, rest) = text.split_once(' ').unwrap_or((text, ""));
            match verb {
                "create" => match Listener::create(rest, &Options::default()) {
                    Ok(_) => writeln!(request.wfile, "ok")?,
                    Err(error) => writeln!(request.wfile, "{error}")?,
                },
                "fail" => return Err(rest.into()),
                "panic" => panic!("asked to"),
                "shutdown" => return Err(SHUTDOWN.into()),
                _ => request.wfile.write_all(line.as_bytes())?,
            }
            line.clear();
        }
        Ok(())
    }
}

struct Tour {
    base: ThreadingTcpServer,
    ticks: u64,
}

impl BaseServer for Tour {
    fn core(&mut self) -> &mut ServerCore {
        self.base.core()
    }

    fn verify_request(&mut self, request: &PendingRequest) -> bool {
        let banned = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));
        !matches!(request.remote_address(), Address::Ip(remote) if remote.ip() == banned)
    }

    fn service_actions(&mut self) {
        self.ticks += 1;
        if self.ticks == 1 {
            println!("tick");
        }
    }

    fn handle_error(&mut self, outcome: &Outcome) {
        let message = outcome.message.as_deref().unwrap_or_default();
        println!("error {} {}: {message}", outcome.remote, outcome.reason);
        if message == SHUTDOWN {
            self.shutdown();
        }
    }
}

fn run() -> Result {
    let url = std::env::args().nth(1).ok_or("the argument is a URL")?;
    let mut tour = Tour {
        base: ThreadingTcpServer::new(url)?,
        ticks: 0,
    };
    tour.serve_forever()?;
    tour.server_close();
    println!("served {}", tour.base.counters().accepted);
    Ok(())
}

socketserver_guest::export!(Echo);
socketserver_guest::main!(run);
