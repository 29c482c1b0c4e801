//! Fails in the way that its argument names: `fail` returns an error, `panic` panics, `exit` exits with 3. The host must
//! tell that the program has failed, and how.

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
        _ => Err("the argument is `fail`, `panic` or `exit`".into()),
    }
}

socketserver_guest::export!(Nothing);
socketserver_guest::main!(run);
