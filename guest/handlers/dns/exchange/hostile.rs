//! Messages that no client sends. Each must have an answer that a client can read, or none.

use super::*;

/// Numbers by chance, the same in each run (Marsaglia's xorshift).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(limit).unwrap()).unwrap()
    }

    fn byte(&mut self) -> u8 {
        self.next().to_be_bytes()[0]
    }
}

/// The answer, if there is one, is no larger than it may be and is complete.
fn survive(message: &[u8]) {
    for (transport, limit) in [(Transport::Datagram, 1232), (Transport::Connection, 65_535)] {
        let Some(sent) = respond(message, transport) else {
            continue;
        };
        assert!(sent.len() <= limit, "{message:02x?}");
        assert_eq!(sent[..2], message[..2]);
        if sent.len() > 12 {
            let counts = u64::from_be_bytes(sent[4..12].try_into().unwrap());
            assert_eq!(counts >> 48, 1, "{message:02x?}");
        }
    }
}

fn code_of(message: &[u8]) -> u16 {
    answer_to(message).code
}

#[test]
fn bytes_by_chance_do_no_harm() {
    let mut chance = Chance(0x5eed);
    for _ in 0..100_000 {
        let mut message: Vec<u8> = (0..chance.below(80)).map(|_| chance.byte()).collect();
        // Most messages by chance are responses, or have too many questions, which would be all that is tested.
        if chance.below(2) == 0 && message.len() >= 12 {
            message[2..12].copy_from_slice(&[0, 0, 0, 1, 0, 0, 0, 0, 0, chance.byte() & 3]);
        }
        survive(&message);
    }
}

#[test]
fn mutations_of_queries_do_no_harm() {
    let mut chance = Chance(0xfeed);
    let queries = [
        question("www.example.test.", kind::A),
        question("chain.example.test.", kind::ANY),
        question("a.b.wild.example.test.", kind::AAAA),
        edns("huge.example.test.", TXT, 4096),
        edns("www.sub.example.test.", kind::NS, 512),
    ];
    for _ in 0..100_000 {
        let mut message = queries[chance.below(queries.len())].clone();
        for _ in 0..=chance.below(3) {
            let at = chance.below(message.len());
            match chance.below(4) {
                0 => message[at] ^= 1 << chance.below(8),
                1 => message[at] = chance.byte(),
                2 => message.insert(at, chance.byte()),
                _ => message.truncate(at.max(1)),
            }
        }
        survive(&message);
    }
}

#[test]
fn a_query_that_is_cut_anywhere_is_malformed() {
    let query = edns("www.example.test.", kind::A, 4096);
    for length in 0..12 {
        assert!(respond(&query[..length], Transport::Datagram).is_none());
    }
    for length in 12..query.len() {
        assert_eq!(code_of(&query[..length]), FORMAT_ERROR, "{length}");
    }
    let longer = [&query[..], b"x"].concat();
    assert_eq!(code_of(&longer), FORMAT_ERROR);
}

#[test]
fn counts_that_promise_too_much_are_malformed() {
    for at in (4..12).step_by(2) {
        let mut query = question("www.example.test.", kind::A);
        query[at..at + 2].fill(0xff);
        assert_eq!(code_of(&query), FORMAT_ERROR);
    }
    let mut none = question("www.example.test.", kind::A);
    none[5] = 0;
    assert_eq!(code_of(&none), FORMAT_ERROR);
    assert_eq!(code_of(&none[..12]), FORMAT_ERROR);
}

#[test]
fn names_that_are_none_are_malformed() {
    let with_name = |name: &[u8]| [&[0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0], name, &[0, 1, 0, 1]].concat();
    let label = [&[63][..], &[b'x'; 63]].concat();
    for name in [
        // To itself, to the header, and to what follows.
        &[0xc0, 12][..],
        &[1, b'x', 0xc0, 12],
        &[0xc0, 0],
        &[0xc0, 14],
        // The two kinds of labels that do not exist.
        &[0x40, 0],
        &[0x80, 0],
        // More than 255 bytes.
        &[&label.repeat(4)[..], &[0]].concat(),
    ] {
        assert_eq!(code_of(&with_name(name)), FORMAT_ERROR, "{name:02x?}");
    }
    let longest = [&label.repeat(3)[..], &[61], &[b'x'; 61], &[0]].concat();
    assert_eq!(longest.len(), 255);
    assert_eq!(code_of(&with_name(&longest)), REFUSED);
}

#[test]
fn a_circle_of_pointers_after_the_question_is_not_entered() {
    let mut query = question("www.example.test.", kind::A);
    query[11] = 1;
    let here = u8::try_from(query.len()).unwrap();
    query.extend([0xc0, here, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0]);
    assert_eq!(answer_to(&query).answers.len(), 2);
}

#[test]
fn an_opt_stands_once_and_in_its_place() {
    let query = edns("www.example.test.", kind::A, 4096);
    let mut twice = query.clone();
    twice[11] = 2;
    twice.extend_from_within(query.len() - 11..);
    assert_eq!(code_of(&twice), FORMAT_ERROR);

    let mut named = question("www.example.test.", kind::A);
    named[11] = 1;
    named.extend([0xc0, 12, 0, 41, 0, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(code_of(&named), FORMAT_ERROR);

    assert_eq!(code_of(&question("www.example.test.", kind::OPT)), FORMAT_ERROR);
}

#[test]
fn other_requests_are_not_implemented_and_responses_are_not_answered() {
    for opcode in 1..16 {
        let mut query = question("www.example.test.", kind::A);
        query[2] = opcode << 3;
        let sent = respond(&query, Transport::Datagram).unwrap();
        assert_eq!(sent[2..], [0x80 | opcode << 3, 4, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(code_of(&query), NOT_IMPLEMENTED);
        query[2] |= 0x80;
        assert!(respond(&query, Transport::Datagram).is_none());
    }
}
