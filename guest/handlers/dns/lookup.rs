//! From a question to the records that answer it (RFC 1034, section 4.3.2).

use crate::kind;
use crate::response::{Code, Entry, Response};
use crate::zone::{Record, Zone};

/// An alias of an alias of an alias is followed so far. A circle ends here too.
const LONGEST_CHAIN: usize = 8;

pub(crate) fn lookup(zone: Zone, name: &[u8], kind: u16) -> Response<'_> {
    // To transfer a zone is a matter of connections, and of trust (RFC 5936).
    if !zone.covers(name) || [kind::AXFR, kind::IXFR].contains(&kind) {
        return Response::of(Code::Refused);
    }
    let mut response = Response::of(Code::NoError);
    response.is_authoritative = true;
    let mut name = name;
    for _ in 0..LONGEST_CHAIN {
        if let Some(owner) = zone.delegation(name) {
            // RFC 1035, section 4.1.1: the bit is about the name of the question, so about the first answer.
            response.is_authoritative = !response.answers.is_empty();
            refer(zone, owner, &mut response);
            return response;
        }
        let Some(source) = zone.source(name) else {
            // After an alias too, as RFC 6604 says.
            response.code = Code::NameError;
            response.authorities.push(negative(zone));
            return response;
        };
        let kind = match kind {
            // RFC 8482, section 4.1: of all types, one.
            kind::ANY => zone.at(source).next().map_or(kind, |record| record.kind),
            kind => kind,
        };
        let found = zone.at(source).filter(|record| record.kind == kind);
        let before = response.answers.len();
        response.answers.extend(found.map(|record| Entry::of(record, name)));
        if response.answers.len() > before {
            return response;
        }
        let Some(alias) = zone.at(source).find(|record| record.kind == kind::CNAME) else {
            response.authorities.push(negative(zone));
            return response;
        };
        response.answers.push(Entry::of(alias, name));
        name = alias.data;
        // What is elsewhere, the resolver asks elsewhere.
        if !zone.covers(name) {
            return response;
        }
    }
    response
}

/// Who has the authority for `owner`, and where they are as far as nobody else could tell (RFC 9471).
fn refer<'a>(zone: Zone, owner: &'a [u8], response: &mut Response<'a>) {
    for record in zone.at(owner).filter(|record| record.kind == kind::NS) {
        response.authorities.push(Entry::of(record, owner));
        let addresses = zone.at(record.data);
        let addresses = addresses.filter(|record| [kind::A, kind::AAAA].contains(&record.kind));
        response
            .additional
            .extend(addresses.map(|record| Entry::of(record, record.owner)));
    }
}

/// The SOA, which tells how long the answer may be kept: RFC 2308, section 3, "the minimum of the MINIMUM field of the
/// SOA record and the TTL of the SOA itself".
fn negative(zone: Zone) -> Entry<'static> {
    let soa: &Record = zone.soa();
    let minimum = soa.data.last_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes));
    Entry {
        ttl: soa.ttl.min(minimum),
        ..Entry::of(soa, soa.owner)
    }
}
