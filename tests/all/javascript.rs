//! What the JavaScript SDK promises beyond the handlers that all languages have, in its own engine.

use crate::support::client::{Client, End};
use crate::support::server::Server;
use crate::support::source::component;

/// The next line that is no sign of waiting.
fn answer(client: &mut Client) -> String {
    loop {
        let line = client.receive_line();
        if line != "waiting" {
            return line;
        }
    }
}

#[test]
fn a_receive_that_has_timed_out_loses_no_line() {
    let Some(component) = component("tests/programs/impatient/handler.js") else {
        return;
    };
    let server = Server::at(component).start();
    let mut client = server.connect();
    for number in 0..20 {
        assert_eq!(client.receive_line(), "waiting", "before line {number}");
        // In two pieces, with a timeout between them.
        client.send("line ");
        assert_eq!(client.receive_line(), "waiting", "within line {number}");
        client.send(format!("{number}\n"));
        assert_eq!(answer(&mut client), format!("line {number}"));
    }
    client.finish();
    assert_eq!(client.receive_to_end().1, End::Closed);
    assert_eq!(server.stop().closed("completed"), 1);
}

#[test]
fn a_handler_may_return_while_it_receives() {
    let Some(component) = component("tests/programs/impatient/handler.js") else {
        return;
    };
    let server = Server::at(component).start();
    let mut client = server.connect();
    client.send("leave\n");
    assert_eq!(answer(&mut client), "leave");
    assert_eq!(client.receive_to_end().1, End::Closed);
    assert_eq!(server.stop().closed("completed"), 1);
}
