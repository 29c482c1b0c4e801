//! What a message asks (RFC 1035, section 4).

use crate::kind;
use crate::name::LONGEST;

/// RFC 1035, section 3.2.4: the internet.
pub(crate) const IN: u16 = 1;

/// The first twelve bytes of a message.
#[derive(Clone, Copy)]
pub(crate) struct Header {
    pub(crate) id: [u8; 2],
    flags: u8,
    /// The numbers of questions, answers, authorities and additional records.
    counts: [u16; 4],
}

/// A message that is not as the RFCs say.
#[derive(Debug)]
pub(crate) struct Malformed;

type Result<T> = std::result::Result<T, Malformed>;

pub(crate) struct Query<'a> {
    pub(crate) header: Header,
    pub(crate) name: &'a [u8],
    pub(crate) kind: u16,
    pub(crate) class: u16,
    pub(crate) edns: Option<Edns>,
}

/// What the asking side says of itself (RFC 6891).
pub(crate) struct Edns {
    /// The size of the largest datagram that it takes.
    pub(crate) payload: u16,
    pub(crate) version: u8,
    /// Whether it wants the records of DNSSEC (RFC 3225). They do not exist here, but the answer repeats the bit.
    pub(crate) wants_dnssec: bool,
}

impl Header {
    /// `None` when the message is too short for an answer: it has no number to put on one.
    pub(crate) fn read(message: &[u8]) -> Option<(Self, &[u8])> {
        let (header, rest) = message.split_first_chunk::<12>()?;
        let [id_high, id_low, flags, _, counts @ ..] = *header;
        let (counts, _) = counts.as_chunks::<2>();
        let count = |at: usize| u16::from_be_bytes(counts[at]);
        let header = Self {
            id: [id_high, id_low],
            flags,
            counts: [count(0), count(1), count(2), count(3)],
        };
        Some((header, rest))
    }

    pub(crate) fn is_response(self) -> bool {
        self.flags & 0x80 != 0
    }

    /// What kind of request it is; 0 for a query.
    pub(crate) fn opcode(self) -> u8 {
        self.flags >> 3 & 0x0f
    }

    pub(crate) fn wants_recursion(self) -> bool {
        self.flags & 1 != 0
    }
}

impl<'a> Query<'a> {
    /// The rest of a message after its header.
    pub(crate) fn read(header: Header, rest: &'a [u8]) -> Result<Self> {
        let mut reader = Reader(rest);
        let [questions, answers, authorities, additional] = header.counts;
        // RFC 9619: there is no query with more than one question. None could be answered by one without.
        if questions != 1 {
            return Err(Malformed);
        }
        let (name, kind, class) = (reader.name()?, reader.number()?, reader.number()?);
        // Each record has bytes of the message, so a count that promises too many ends with the message.
        for _ in 0..u32::from(answers) + u32::from(authorities) {
            reader.record()?;
        }
        let mut edns = None;
        for _ in 0..additional {
            let record = reader.record()?;
            // RFC 6891, section 6.1.1: "If a query message with more than one OPT RR is received, a FORMERR (RCODE=1)
            // MUST be returned."
            if record.kind == kind::OPT && (edns.replace(record.edns()).is_some() || !record.is_of_root) {
                return Err(Malformed);
            }
        }
        if kind == kind::OPT || !reader.0.is_empty() {
            return Err(Malformed);
        }
        Ok(Self {
            header,
            name,
            kind,
            class,
            edns,
        })
    }
}

/// A record in a query, of which nothing but an OPT matters.
struct Record {
    is_of_root: bool,
    kind: u16,
    class: u16,
    ttl: [u8; 4],
}

impl Record {
    /// RFC 6891, section 6.1.2: how an OPT uses the fields of a record.
    fn edns(&self) -> Edns {
        let [_, version, flags, _] = self.ttl;
        Edns {
            payload: self.class,
            version,
            wants_dnssec: flags & 0x80 != 0,
        }
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Malformed)?;
        self.0 = rest;
        Ok(taken)
    }

    fn chunk<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (chunk, rest) = self.0.split_first_chunk().ok_or(Malformed)?;
        self.0 = rest;
        Ok(*chunk)
    }

    fn number(&mut self) -> Result<u16> {
        Ok(u16::from_be_bytes(self.chunk()?))
    }

    /// The name of a question, which has no pointers: nothing that one could point to comes before it.
    fn name(&mut self) -> Result<&'a [u8]> {
        let before = self.0;
        loop {
            match self.chunk()? {
                [0] => break,
                [length @ 1..=63] => self.take(length.into())?,
                _ => return Err(Malformed),
            };
        }
        let length = before.len() - self.0.len();
        if length > LONGEST {
            return Err(Malformed);
        }
        Ok(&before[..length])
    }

    fn record(&mut self) -> Result<Record> {
        let is_of_root = self.0.first() == Some(&0);
        self.skip_name()?;
        let (kind, class, ttl) = (self.number()?, self.number()?, self.chunk()?);
        let length = self.number()?;
        self.take(length.into())?;
        Ok(Record {
            is_of_root,
            kind,
            class,
            ttl,
        })
    }

    /// Past a name. Pointers are not followed, so none can lead into a circle.
    fn skip_name(&mut self) -> Result<()> {
        loop {
            match self.chunk()? {
                [0] => return Ok(()),
                [length @ 1..=63] => self.take(length.into())?,
                // A pointer is two bytes, and the end of its name.
                [byte] if byte >= 0xc0 => return self.take(1).map(|_| ()),
                _ => return Err(Malformed),
            };
        }
    }
}
