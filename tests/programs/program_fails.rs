//! Fails in the way that its argument names: `fail` returns an error, `panic` panics, `exit` exits with 3, and `stay`
//! computes for ever, whatever it is told. The host must tell that the program has failed, and how.

use socketserver_guest::{Handler, Request, Result};

#[derive(Default)]
struct Nothing;

impl Handler for Nothing {
    fn handle(&mut self, _: &mut Request) -> Result {
        Ok(())
    }
}

#[expect(clippy::exit, reason = "the argument asks for it")]
fn run() -> Result {
    match std::env::args().nth(1).as_deref() {
        Some("fail") => Err("told you so".into()),
        Some("panic") => panic!("asked to"),
        Some("exit") => std::process::exit(3),
        Some("stay") => loop {
            std::hint::black_box(());
        },
        _ => Err("the argument is `fail`, `panic`, `exit` or `stay`".into()),
    }
}

socketserver_guest::export!(Nothing);
socketserver_guest::main!(run);
