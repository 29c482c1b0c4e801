//! How an answer is written (RFC 1035, section 4), and cut where it does not fit.

use crate::kind;
use crate::name::ancestors;
use crate::query::{Header, IN, Query};
use crate::zone::Record;

/// The size of the largest datagram that this side takes, and sends. Larger ones are fragmented in many networks, and
/// fragments are lost; the number is that of the DNS Flag Day 2020.
pub(crate) const PAYLOAD: u16 = 1232;

/// Where the name of the question begins in every message.
const QUESTION: usize = 12;

/// The two high bits that make a pointer of a number; the other 14 are its offset.
const POINTER: u16 = 0xc000;

/// The bits of the second two bytes of a message.
const RESPONSE: u16 = 0x8000;
const AUTHORITATIVE: u16 = 0x0400;
const TRUNCATED: u16 = 0x0200;
const RECURSION_DESIRED: u16 = 0x0100;

/// The bit of the flags of an OPT.
const WANTS_DNSSEC: u16 = 0x8000;

/// RFC 1035, section 4.1.1, and RFC 6891, section 9.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Code {
    NoError = 0,
    FormatError = 1,
    NameError = 3,
    NotImplemented = 4,
    Refused = 5,
    BadVersion = 16,
}

/// A record that answers, and the name and the time that it has in this answer.
#[derive(Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) owner: &'a [u8],
    pub(crate) ttl: u32,
    pub(crate) record: &'static Record,
}

impl<'a> Entry<'a> {
    pub(crate) fn of(record: &'static Record, owner: &'a [u8]) -> Self {
        Self {
            owner,
            ttl: record.ttl,
            record,
        }
    }
}

#[derive(Debug)]
pub(crate) struct Response<'a> {
    pub(crate) code: Code,
    pub(crate) is_authoritative: bool,
    pub(crate) answers: Vec<Entry<'a>>,
    pub(crate) authorities: Vec<Entry<'a>>,
    pub(crate) additional: Vec<Entry<'a>>,
}

impl Response<'_> {
    pub(crate) fn of(code: Code) -> Self {
        Self {
            code,
            is_authoritative: false,
            answers: Vec::new(),
            authorities: Vec::new(),
            additional: Vec::new(),
        }
    }

    /// The message, of `limit` bytes at most.
    pub(crate) fn write(&self, query: &Query<'_>, limit: usize) -> Vec<u8> {
        let mut message = Message {
            bytes: vec![0; QUESTION],
            question: query.name,
        };
        message.bytes.extend(query.name);
        message.number(query.kind);
        message.number(query.class);
        let question = message.bytes.len();

        let sections = [&self.answers, &self.authorities, &self.additional];
        for entry in sections.into_iter().flatten() {
            message.entry(entry);
        }
        let opt = query.edns.as_ref().map_or(0, |_| OPT_LENGTH);
        // RFC 2181, section 9: the client "should ignore that response, and query again", over a connection. So nothing
        // is lost with the part that would fit, and there is nothing here that is not required.
        let is_truncated = message.bytes.len() + opt > limit;
        let mut counts = sections.map(|section| u16::try_from(section.len()).unwrap_or(u16::MAX));
        if is_truncated {
            message.bytes.truncate(question);
            counts = [0; 3];
        }
        if let Some(edns) = &query.edns {
            message.opt(self.code, edns.wants_dnssec);
            counts[2] += 1;
        }

        let mut flags = flags(query.header, self.code);
        if self.is_authoritative {
            flags |= AUTHORITATIVE;
        }
        if is_truncated {
            flags |= TRUNCATED;
        }
        let header = header(query.header, flags, [1, counts[0], counts[1], counts[2]]);
        message.bytes[..QUESTION].copy_from_slice(&header);
        message.bytes
    }
}

/// The answer to what is not understood: no more than a header.
pub(crate) fn reject(asked: Header, code: Code) -> Vec<u8> {
    header(asked, flags(asked, code), [0; 4]).to_vec()
}

fn flags(asked: Header, code: Code) -> u16 {
    let recursion = if asked.wants_recursion() { RECURSION_DESIRED } else { 0 };
    // The low four bits of a code; an OPT has the others.
    RESPONSE | u16::from(asked.opcode()) << 11 | recursion | code as u16 & 0x0f
}

fn header(asked: Header, flags: u16, counts: [u16; 4]) -> [u8; QUESTION] {
    let mut header = [0; QUESTION];
    header[..2].copy_from_slice(&asked.id);
    let (fields, _) = header[2..].as_chunks_mut::<2>();
    for (field, number) in fields.iter_mut().zip([flags].into_iter().chain(counts)) {
        *field = number.to_be_bytes();
    }
    header
}

/// The bytes of an OPT without options.
const OPT_LENGTH: usize = 11;

struct Message<'a> {
    bytes: Vec<u8>,
    question: &'a [u8],
}

impl Message<'_> {
    fn number(&mut self, number: u16) {
        self.bytes.extend(number.to_be_bytes());
    }

    fn entry(&mut self, entry: &Entry<'_>) {
        self.name(entry.owner);
        self.number(entry.record.kind);
        self.number(IN);
        self.bytes.extend(entry.ttl.to_be_bytes());
        self.number(u16::try_from(entry.record.data.len()).unwrap_or(u16::MAX));
        // Names in here are not compressed: RFC 3597, section 4, forbids it for most types.
        self.bytes.extend(entry.record.data);
    }

    /// Compressed against the name of the question, which has the case that it was asked in, and against nothing else:
    /// that is most of what there is to gain.
    fn name(&mut self, name: &[u8]) {
        for suffix in ancestors(name) {
            if let Some(offset) = self.offset(suffix) {
                self.number(POINTER | offset);
                return;
            }
            let label = suffix.first().map_or(0, |length| usize::from(*length));
            self.bytes.extend(&suffix[..=label]);
        }
    }

    fn offset(&self, name: &[u8]) -> Option<u16> {
        let same = ancestors(self.question).find(|ancestor| ancestor.eq_ignore_ascii_case(name))?;
        u16::try_from(QUESTION + self.question.len() - same.len()).ok()
    }

    fn opt(&mut self, code: Code, wants_dnssec: bool) {
        self.bytes.push(0);
        self.number(kind::OPT);
        self.number(PAYLOAD);
        // The high bits of the code, and version 0.
        self.number((code as u16 >> 4) << 8);
        self.number(if wants_dnssec { WANTS_DNSSEC } else { 0 });
        self.number(0);
    }
}
