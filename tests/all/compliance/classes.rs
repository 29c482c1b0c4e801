//! What is served: an echo, in each of the classes.

use super::running::{Class, DATAGRAMS, Running, STREAMS, Script, on_both_sides};
use crate::support::client::{Client, End};
use crate::support::datagrams::{Peer, UnixPeer};
use crate::support::eventually::settled;

fn on_both(classes: impl IntoIterator<Item = Class>, assert: impl Fn(&Running)) {
    on_both_sides(Script::Echo, classes, &[], |server| {
        let server = server.listening();
        assert(&server);
        server.stop();
    });
}

#[test]
fn every_class_serves_one_client_after_the_other() {
    on_both(STREAMS, |server| {
        for text in ["one", "two", "three"] {
            let mut client = Client::connect(&server.url).unwrap();
            client.echo(text);
            client.finish();
            assert_eq!(client.end(), End::Closed, "{server}");
        }
    });
}

/// Python: "synchronous" servers handle a request to its end before they take the next; threads and forks do not wait.
#[test]
fn only_the_concurrent_classes_serve_two_clients_at_once() {
    on_both(STREAMS, |server| {
        let mut first = Client::connect(&server.url).unwrap();
        first.echo("first");
        let mut second = Client::connect(&server.url).unwrap();
        second.send("second");
        if server.class.is_concurrent() {
            assert_eq!(second.receive(6), b"second", "{server}");
        } else {
            let is_silent = settled("the second client is left alone", || second.is_silent());
            assert!(is_silent, "{server}");
        }
        drop(first);
        if !server.class.is_concurrent() {
            assert_eq!(second.receive(6), b"second", "{server}");
        }
    });
}

#[test]
fn every_class_answers_datagrams() {
    on_both(DATAGRAMS, |server| {
        if server.class.scheme == "udp" {
            let peers = [Peer::of(&server.url), Peer::of(&server.url)];
            for (number, peer) in peers.iter().cycle().take(6).enumerate() {
                assert_eq!(peer.ask(number.to_string()), number.to_string(), "{server}");
            }
        } else {
            let folder = tempfile::tempdir().unwrap();
            let peer = UnixPeer::at_path(&folder.path().join("peer"), &server.url);
            for number in 0..3 {
                assert_eq!(peer.ask(number.to_string()), number.to_string(), "{server}");
            }
        }
    });
}

/// Python's `socketserver.UDPServer.max_packet_size` is 8192 on both sides; Python cuts without a word, and ours cuts and
/// tells the handler, because a protocol that does not know is wrong about what it got.
#[test]
fn a_long_datagram_is_cut_at_the_same_length() {
    let [class, ..] = DATAGRAMS;
    on_both([class], |server| {
        let peer = Peer::of(&server.url);
        peer.send(vec![b'x'; 9000]);
        assert_eq!(peer.receive().len(), 8192, "{server}");
    });
}
