//! Makes a server for each URL of its arguments, and binds it. The host must allow what the operator grants, and nothing
//! else. It has no handler of its own.
//!
//! For each argument it prints `URL ok`, or `URL: ` and the words of the error. Servers stay bound to the end.

#![allow(clippy::print_stdout, reason = "the tests read it")]

use std::io;

use socketserver_guest::Result;
use socketserver_guest::server::{Listener, Options};

fn run() -> Result {
    let mut bound = Vec::new();
    for url in std::env::args().skip(1) {
        match bind(&url) {
            Ok(listener) => {
                bound.push(listener);
                println!("{url} ok");
            }
            Err(error) => println!("{url}: {error}"),
        }
    }
    Ok(())
}

fn bind(url: &str) -> io::Result<Listener> {
    let listener = Listener::create(url, &Options::default())?;
    listener.bind()?;
    Ok(listener)
}

socketserver_guest::main!(run);
