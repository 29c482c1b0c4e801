//! The records of the zone, and the questions that are asked of them.
//!
//! A table that is searched from its beginning: a zone of dozens of records is faster searched than indexed.

use crate::kind;
use crate::name::{ancestors, is_within};

/// A record of the zone. Names are in the form of the wire, and in lower case.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Record {
    pub(crate) owner: &'static [u8],
    pub(crate) kind: u16,
    pub(crate) ttl: u32,
    pub(crate) data: &'static [u8],
}

#[derive(Clone, Copy)]
pub(crate) struct Zone {
    /// The SOA first.
    records: &'static [Record],
}

/// What `zone.txt` says.
pub(crate) static ZONE: Zone = Zone {
    records: include!(concat!(env!("OUT_DIR"), "/records.rs")),
};

impl Zone {
    pub(crate) fn soa(self) -> &'static Record {
        &self.records[0]
    }

    /// Whether `name` would be in this zone, if it exists.
    pub(crate) fn covers(self, name: &[u8]) -> bool {
        is_within(name, self.soa().owner)
    }

    /// The records of a name.
    pub(crate) fn at(self, owner: &[u8]) -> impl Iterator<Item = &'static Record> {
        self.records
            .iter()
            .filter(move |record| record.owner.eq_ignore_ascii_case(owner))
    }

    /// The name whose records answer for `name`: itself, or the wildcard that covers it (RFC 4592).
    pub(crate) fn source(self, name: &[u8]) -> Option<&[u8]> {
        let closest = ancestors(name).find(|ancestor| self.has(ancestor))?;
        if closest.len() == name.len() {
            return Some(name);
        }
        let owners = self.records.iter().map(|record| record.owner);
        owners
            .filter_map(|owner| Some((owner, owner.strip_prefix(b"\x01*")?)))
            .find(|(_, parent)| parent.eq_ignore_ascii_case(closest))
            .map(|(owner, _)| owner)
    }

    /// The name at or above `name` from which on another server has the authority.
    pub(crate) fn delegation(self, name: &[u8]) -> Option<&[u8]> {
        let below = ancestors(name).filter(|name| name.len() > self.soa().owner.len());
        // The highest, because what is below it is not this zone's to tell.
        below
            .filter(|name| self.at(name).any(|record| record.kind == kind::NS))
            .last()
    }

    /// RFC 4592, section 2.2.2: a name exists also when only names below it have records.
    fn has(self, name: &[u8]) -> bool {
        self.records.iter().any(|record| is_within(record.owner, name))
    }

    /// A zone for a test.
    #[cfg(test)]
    pub(crate) fn parse(text: &str) -> Self {
        let records = crate::master_file::parse(text).unwrap().into_iter();
        let records: Vec<_> = records
            .map(|record| Record {
                owner: record.owner.leak(),
                kind: record.kind,
                ttl: record.ttl,
                data: record.data.leak(),
            })
            .collect();
        Self {
            records: records.leak(),
        }
    }
}
