//! What the Rust SDK makes of the contract, as far as it takes a host to see it.

use crate::support::client::End;
use crate::support::guest::Guest;
use crate::support::server::Server;

#[test]
fn addresses_are_those_of_the_standard_library() {
    let server = Server::of(Guest::Built("addresses")).start();
    let mut client = server.connect();
    assert_eq!(client.receive_line(), client.address().to_string());
    assert_eq!(client.receive_line(), server.address().trim_start_matches("tcp://"));
    assert_eq!(client.end(), End::Closed);
    server.stop();
}

#[test]
fn a_read_that_times_out_loses_nothing() {
    let server = Server::of(Guest::Built("timeouts")).start();
    let mut client = server.connect();
    assert_eq!(client.receive_line(), "timeout");
    assert_eq!(client.receive_line(), "timeout");
    client.send("hello\n");
    // It may time out once more before it hears that.
    let mut lines = std::iter::repeat_with(|| client.receive_line()).skip_while(|line| line == "timeout");
    assert_eq!(lines.next().unwrap(), "hello");
    drop(client);
    server.wait_for("it is closed", |books| books.active == 0);
    server.stop();
}
