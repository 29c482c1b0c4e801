//! The client's side: how a query is written, and how an answer reads.

use std::fmt::Write as _;

use super::{Transport, respond};

/// A message with one question.
pub(super) fn question(name: &str, kind: u16) -> Vec<u8> {
    let mut message = vec![0xab, 0xcd, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in name.split('.').filter(|label| !label.is_empty()) {
        message.push(u8::try_from(label.len()).unwrap());
        message.extend(label.bytes());
    }
    message.push(0);
    message.extend(kind.to_be_bytes());
    message.extend([0, 1]);
    message
}

/// The same from a client that takes datagrams of `payload` bytes. The flags of its OPT are the fourth byte from the
/// end, after the version.
pub(super) fn edns(name: &str, kind: u16, payload: u16) -> Vec<u8> {
    let mut message = question(name, kind);
    message[11] = 1;
    message.extend([0, 0, 41]);
    message.extend(payload.to_be_bytes());
    message.extend([0; 6]);
    message
}

pub(super) fn ask(name: &str, kind: u16) -> Answer {
    Answer::parse(&respond(&question(name, kind), Transport::Datagram).unwrap())
}

/// Records are `OWNER TTL TYPE DATA`, an OPT is `OWNER TTL TYPE/PAYLOAD DATA`.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) code: u16,
    pub(super) is_authoritative: bool,
    pub(super) is_truncated: bool,
    pub(super) answers: Vec<String>,
    pub(super) authorities: Vec<String>,
    pub(super) additional: Vec<String>,
}

impl Answer {
    /// Panics where a client would give up.
    pub(super) fn parse(message: &[u8]) -> Self {
        let number = |at: usize| u16::from_be_bytes([message[at], message[at + 1]]);
        let flags = number(2);
        assert_eq!(flags & 0x80f0, 0x8000, "a response without recursion and reserved bits");
        let mut at = 12;
        for _ in 0..number(4) {
            name(message, &mut at);
            at += 4;
        }
        let mut section = |count: u16| (0..count).map(|_| record(message, &mut at)).collect();
        let answer = Self {
            code: flags & 15,
            is_authoritative: flags & 0x0400 != 0,
            is_truncated: flags & 0x0200 != 0,
            answers: section(number(6)),
            authorities: section(number(8)),
            additional: section(number(10)),
        };
        assert_eq!(at, message.len(), "bytes after the last record");
        answer
    }
}

fn record(message: &[u8], at: &mut usize) -> String {
    let owner = name(message, at);
    let field: [u8; 10] = message[*at..*at + 10].try_into().unwrap();
    let [k1, k0, c1, c0, t3, t2, t1, t0, l1, l0] = field;
    let kind = u16::from_be_bytes([k1, k0]);
    let class = match u16::from_be_bytes([c1, c0]) {
        1 => String::new(),
        other => format!("/{other}"),
    };
    let ttl = u32::from_be_bytes([t3, t2, t1, t0]);
    let length = usize::from(u16::from_be_bytes([l1, l0]));
    *at += 10;
    let data = &message[*at..*at + length];
    *at += length;
    let mut text = format!("{owner} {ttl} {kind}{class} ");
    for byte in data {
        write!(text, "{byte:02x}").unwrap();
    }
    text
}

fn name(message: &[u8], at: &mut usize) -> String {
    let mut text = String::new();
    let mut here = *at;
    let mut end = None;
    loop {
        let length = usize::from(message[here]);
        match length {
            0 => break,
            0xc0.. => {
                end.get_or_insert(here + 2);
                let target = usize::from(u16::from_be_bytes([message[here] & 0x3f, message[here + 1]]));
                assert!(target < here, "a pointer forward");
                here = target;
            }
            _ => {
                text += str::from_utf8(&message[here + 1..=here + length]).unwrap();
                text.push('.');
                here += length + 1;
            }
        }
    }
    *at = end.unwrap_or(here + 1);
    if text.is_empty() { ".".into() } else { text }
}
