//! Tests of whole exchanges, from query to answer. What tries to break the server is in `hostile`.

mod hostile;
mod message;

use socketserver_guest::testing::{Datagram, Peer, serve, serve_datagram};

use self::message::{Answer, ask, edns, question};
use super::*;
use crate::zone::Zone;

const TXT: u16 = 16;
const MX: u16 = 15;
const PTR: u16 = 12;
const SOA: u16 = 6;
const DNSKEY: u16 = 48;

const NO_ERROR: u16 = 0;
const FORMAT_ERROR: u16 = 1;
const NAME_ERROR: u16 = 3;
const NOT_IMPLEMENTED: u16 = 4;
const REFUSED: u16 = 5;

const NEGATIVE: &str = "example.test. 300 6";

fn answer_to(query: &[u8]) -> Answer {
    Answer::parse(&respond(query, Transport::Datagram).unwrap())
}

fn answers(name: &str, kind: u16) -> Vec<String> {
    let answer = ask(name, kind);
    assert_eq!((answer.code, answer.is_authoritative), (NO_ERROR, true), "{name}");
    answer.answers
}

#[test]
fn records_are_answered() {
    assert_eq!(
        answers("www.example.test.", kind::A),
        ["www.example.test. 60 1 c0000250", "www.example.test. 60 1 c0000251"]
    );
    assert_eq!(answers("example.test.", kind::NS).len(), 2);
    assert_eq!(answers("example.test.", MX).len(), 2);
    assert_eq!(answers("example.test.", SOA).len(), 1);
    assert_eq!(answers("example.test.", TXT).len(), 1);
    assert_eq!(answers("example.test.", kind::AAAA).len(), 1);
    assert_eq!(answers("reverse.example.test.", PTR).len(), 1);
    assert_eq!(
        answers("unknown.example.test.", 731),
        ["unknown.example.test. 3600 731 abcdef012345"]
    );
}

#[test]
fn the_case_of_a_name_does_not_matter_and_comes_back() {
    assert_eq!(
        answers("wWw.eXample.TEST.", kind::AAAA),
        ["wWw.eXample.TEST. 60 28 20010db8000000000000000000000080"]
    );
    assert!(ask("MISSING.example.TEST.", kind::A).authorities[0].starts_with("example.TEST. 300 6"));
}

#[test]
fn what_is_not_there_is_answered_with_the_soa() {
    // No such name, no such type, and no record at a name above others.
    for (name, kind, code) in [
        ("missing.example.test.", kind::A, NAME_ERROR),
        ("missing.www.example.test.", kind::A, NAME_ERROR),
        ("www.example.test.", MX, NO_ERROR),
        ("www.example.test.", DNSKEY, NO_ERROR),
        ("_tcp.example.test.", TXT, NO_ERROR),
    ] {
        let answer = ask(name, kind);
        assert_eq!((answer.code, answer.is_authoritative), (code, true), "{name}");
        assert!(answer.answers.is_empty(), "{name}");
        assert_eq!(answer.authorities.len(), 1);
        assert!(answer.authorities[0].starts_with(NEGATIVE), "{:?}", answer.authorities);
    }
}

#[test]
fn aliases_are_followed_within_the_zone() {
    let chain = answers("chain.example.test.", kind::A);
    assert_eq!(chain.len(), 4);
    assert!(chain[0].starts_with("chain.example.test. 3600 5 "));
    assert!(chain[1].starts_with("alias.example.test. 3600 5 "));
    assert_eq!(chain[2..], answers("www.example.test.", kind::A));

    assert_eq!(answers("outside.example.test.", kind::A).len(), 1);
    assert_eq!(answers("chain.example.test.", kind::CNAME).len(), 1);

    // RFC 6604: the code is about the end of the chain.
    let dangling = ask("dangling.example.test.", kind::A);
    assert_eq!((dangling.code, dangling.answers.len()), (NAME_ERROR, 1));
    assert!(dangling.authorities[0].starts_with(NEGATIVE));
}

#[test]
fn a_circle_of_aliases_ends() {
    let zone = Zone::parse("a. 5 SOA . . 1 2 3 4 5\nb.a. 5 CNAME c.a.\nc.a. 5 CNAME b.a.\nd.a. 5 CNAME d.a.");
    assert_eq!(lookup(zone, b"\x01b\x01a\0", kind::A).answers.len(), 8);
    assert_eq!(lookup(zone, b"\x01d\x01a\0", kind::A).answers.len(), 8);
}

#[test]
fn wildcards_stand_for_names_that_do_not_exist() {
    assert_eq!(
        answers("a.b.wild.example.test.", kind::A),
        ["a.b.wild.example.test. 3600 1 c0000263"]
    );
    assert_eq!(answers("*.wild.example.test.", kind::A).len(), 1);
    assert_eq!(answers("here.wild.example.test.", kind::A).len(), 1);
    assert_eq!(answers("a.alias.example.test.", kind::A).len(), 3);
    // RFC 4592, section 2.2.1: not for one that exists, whatever it has, nor for one below it.
    assert!(ask("here.wild.example.test.", TXT).answers.is_empty());
    assert_eq!(ask("a.here.wild.example.test.", kind::A).code, NAME_ERROR);
    assert!(ask("wild.example.test.", kind::A).answers.is_empty());
    let no_such_type = ask("a.wild.example.test.", MX);
    assert_eq!((no_such_type.code, no_such_type.authorities.len()), (NO_ERROR, 1));
}

#[test]
fn what_is_another_servers_is_referred_to_it() {
    for name in ["sub.example.test.", "www.sub.example.test.", "ns.sub.example.test."] {
        let answer = ask(name, kind::A);
        assert_eq!((answer.code, answer.is_authoritative), (NO_ERROR, false));
        assert!(answer.answers.is_empty());
        assert_eq!(answer.authorities.len(), 2);
        assert_eq!(answer.additional.len(), 3, "{:?}", answer.additional);
        assert_eq!(answer.additional[0], "ns.sub.example.test. 3600 1 c0000236");
    }
}

#[test]
fn other_zones_classes_and_transfers_are_refused() {
    for (name, kind) in [
        ("example.org.", kind::A),
        ("test.", kind::A),
        (".", kind::NS),
        ("xexample.test.", kind::A),
        ("example.test.", kind::AXFR),
        ("example.test.", kind::IXFR),
    ] {
        let answer = ask(name, kind);
        assert_eq!((answer.code, answer.is_authoritative), (REFUSED, false), "{name}");
    }
    let mut chaos = question("version.bind.", TXT);
    *chaos.last_mut().unwrap() = 3;
    assert_eq!(answer_to(&chaos).code, REFUSED);
}

#[test]
fn of_all_types_one_is_answered() {
    assert_eq!(answers("www.example.test.", kind::ANY).len(), 2);
    assert_eq!(answers("alias.example.test.", kind::ANY).len(), 1);
}

#[test]
fn the_answer_repeats_what_identifies_the_question() {
    let mut query = question("www.example.test.", kind::A);
    let sent = respond(&query, Transport::Datagram).unwrap();
    assert_eq!(sent[..2], query[..2]);
    assert_eq!(sent[12..query.len()], query[12..]);
    assert_eq!(sent[2..4], [0x84, 0]);
    // Recursion is desired, and not available.
    query[2] = 1;
    assert_eq!(respond(&query, Transport::Datagram).unwrap()[2..4], [0x85, 0]);
}

#[test]
fn edns_is_answered_with_edns() {
    let mut query = edns("www.example.test.", kind::A, 4096);
    let answer = answer_to(&query);
    assert_eq!(answer.answers.len(), 2);
    assert_eq!(answer.additional, [". 0 41/1232 "]);
    assert!(ask("www.example.test.", kind::A).additional.is_empty());

    // The bit for DNSSEC comes back (RFC 3225), and no other.
    let flags = query.len() - 4;
    query[flags] = 0xff;
    assert_eq!(answer_to(&query).additional, [". 32768 41/1232 "]);

    // A version that nobody has specified: the code 16 is in two places.
    query[flags - 1] = 1;
    let answer = answer_to(&query);
    assert_eq!((answer.code, answer.answers.len()), (NO_ERROR, 0));
    assert_eq!(answer.additional, [". 16809984 41/1232 "]);
}

#[test]
fn an_answer_that_does_not_fit_says_so() {
    for (name, payload, is_truncated) in [
        ("large.example.test.", None, true),
        ("large.example.test.", Some(0), true),
        ("large.example.test.", Some(511), true),
        ("large.example.test.", Some(1000), false),
        ("huge.example.test.", Some(65_535), true),
    ] {
        let query = match payload {
            Some(payload) => edns(name, TXT, payload),
            None => question(name, TXT),
        };
        let sent = respond(&query, Transport::Datagram).unwrap();
        let limit = payload.unwrap_or(512).clamp(512, 1232);
        assert!(sent.len() <= limit.into());
        let answer = Answer::parse(&sent);
        assert_eq!(answer.is_truncated, is_truncated, "{name} {payload:?}");
        assert_eq!(answer.answers.is_empty(), is_truncated);
        assert_eq!(answer.additional.len(), usize::from(payload.is_some()));
    }
}

#[test]
fn over_a_connection_everything_fits_and_questions_follow_each_other() {
    let framed = |query: Vec<u8>| [&u16::try_from(query.len()).unwrap().to_be_bytes()[..], &query].concat();
    let huge = framed(question("huge.example.test.", TXT));
    let peer = Peer::sending([huge.clone(), huge[..7].to_vec(), huge[7..].to_vec(), vec![0]]);
    serve::<Dns>(&peer).unwrap();
    let mut got = &peer.got_bytes()[..];
    for _ in 0..2 {
        let (length, rest) = got.split_first_chunk().unwrap();
        let (message, rest) = rest.split_at(u16::from_be_bytes(*length).into());
        assert_eq!(Answer::parse(message).answers.len(), 6);
        got = rest;
    }
    assert!(got.is_empty());

    // Two bytes are no message, and what follows is not looked at.
    let peer = Peer::sending([&[0, 2, 1, 2][..], &huge]);
    serve::<Dns>(&peer).unwrap();
    assert!(peer.got().is_empty());
}

#[test]
fn a_datagram_has_one_answer_or_none() {
    let datagram = Datagram::carrying(question("www.example.test.", kind::A));
    serve_datagram::<Dns>(&datagram).unwrap();
    assert_eq!(datagram.sent().len(), 1);

    for message in [&b""[..], b"hello", &datagram.sent()[0].0] {
        let datagram = Datagram::carrying(message);
        serve_datagram::<Dns>(&datagram).unwrap();
        assert!(datagram.sent().is_empty());
    }
}
