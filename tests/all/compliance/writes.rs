//! What a handler writes, and when its client gets it.

use super::caller::Caller;
use super::hooks::{on_both, stop, taken};
use super::running::STREAMS;
use crate::support::client::{Client, End};

/// CPython's `wfile` has no buffer. Ours has one, which is flushed before `rfile` waits, so a dialogue cannot tell.
#[test]
fn what_is_written_arrives_before_more_is_read() {
    on_both(STREAMS, &[], |server| {
        let mut caller = Caller::of(&server);
        assert_eq!(caller.ask("dialogue"), "go on", "{server}");
        assert_eq!(caller.ask("be it"), "so be it", "{server}");
        assert_eq!(caller.end(), Some(End::Closed), "{server}");
        drop(caller);
        server.expect(&taken(&server, None));
        stop(server, 0);
    });
}

/// One write of more than all buffers between the two ends can hold.
#[test]
fn a_large_write_to_a_slow_reader_arrives_whole() {
    const MUCH: usize = (16 << 20) + 1;
    on_both(STREAMS, &[], |server| {
        let mut client = Client::connect(&server.url).unwrap();
        client.send("much\n");
        client.receive(100);
        let (rest, end) = client.receive_to_end();
        assert_eq!((rest.len(), end), (MUCH - 100, End::Closed), "{server}");
        drop(client);
        server.expect(&taken(&server, None));
        stop(server, 0);
    });
}
