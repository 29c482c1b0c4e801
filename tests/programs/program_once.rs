//! Handles one request, or none when none comes in time: its arguments are a URL, and milliseconds. The host must wait no
//! longer.
//!
//! It prints `timeout` or `handled`, and ends.

#![allow(clippy::print_stdout, reason = "the tests read it")]

use std::time::Duration;

use socketserver_guest::server::{BaseServer, ServerCore, TcpServer};
use socketserver_guest::{Handler, Request, Result};

#[derive(Default)]
struct Echo;

impl Handler for Echo {
    fn handle(&mut self, request: &mut Request) -> Result {
        request.rfile.copy_to(&mut request.wfile)?;
        Ok(())
    }
}

struct Once {
    base: TcpServer,
    timed_out: bool,
}

impl BaseServer for Once {
    fn core(&mut self) -> &mut ServerCore {
        self.base.core()
    }

    fn handle_timeout(&mut self) {
        self.timed_out = true;
    }
}

fn run() -> Result {
    let mut arguments = std::env::args().skip(1);
    let (Some(url), Some(milliseconds)) = (arguments.next(), arguments.next()) else {
        return Err("the arguments are a URL and milliseconds".into());
    };
    let mut once = Once {
        base: TcpServer::new(url)?,
        timed_out: false,
    };
    once.base.timeout = Some(Duration::from_millis(milliseconds.parse()?));
    if once.handle_request()? {
        println!("{}", if once.timed_out { "timeout" } else { "handled" });
    }
    Ok(())
}

socketserver_guest::export!(Echo);
socketserver_guest::main!(run);
