//! Connects to each address of its arguments, which may be a name and a port, and asks it something. The host must grant a
//! program what it grants handlers. It has no handler of its own.
//!
//! For each argument it prints `ADDRESS ` and the answer, or `ADDRESS: ` and the kind of the error.

#![allow(clippy::print_stdout, reason = "the tests read it")]

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::TcpStream;

use socketserver_guest::Result;

fn run() -> Result {
    for address in std::env::args().skip(1) {
        match ask(&address) {
            Ok(answer) => println!("{address} {answer}"),
            Err(error) => println!("{address}: {:?}", error.kind()),
        }
    }
    Ok(())
}

fn ask(address: &str) -> io::Result<String> {
    let mut stream = BufReader::new(TcpStream::connect(address)?);
    stream.get_mut().write_all(b"program\n")?;
    let mut answer = String::new();
    stream.read_line(&mut answer)?;
    Ok(answer.trim_end().to_owned())
}

socketserver_guest::main!(run);
