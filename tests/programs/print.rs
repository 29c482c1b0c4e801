//! Prints without end, on standard output and standard error, and now and then 1 MiB without the end of a line. The host
//! must bound what it logs for one connection, and what it keeps of an unfinished line.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the fault of this program")]

use socketserver_guest::{Handler, Request, Result};

#[derive(Default)]
struct Print;

impl Handler for Print {
    fn handle(&mut self, _: &mut Request) -> Result {
        let long = "x".repeat(1 << 20);
        loop {
            for line in 0..1000 {
                println!("output {line}");
                eprintln!("error {line}");
            }
            print!("{long}");
            eprint!("{long}");
        }
    }
}

socketserver_guest::export!(Print);
