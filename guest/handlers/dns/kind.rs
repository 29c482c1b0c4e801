//! The types of records and questions that the server treats in a way of their own. All others are numbers to it.

pub(crate) const A: u16 = 1;
pub(crate) const NS: u16 = 2;
pub(crate) const CNAME: u16 = 5;
pub(crate) const AAAA: u16 = 28;
/// RFC 6891: no record, but what a message says of itself.
pub(crate) const OPT: u16 = 41;
/// RFC 1995 and RFC 5936: the whole zone, for another name server.
pub(crate) const IXFR: u16 = 251;
pub(crate) const AXFR: u16 = 252;
/// `*` in RFC 1035, section 3.2.3.
pub(crate) const ANY: u16 = 255;
