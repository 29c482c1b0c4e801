//! An authoritative name server for the zone of `zone.txt`.
//!
//! `query` reads what is asked, `lookup` finds it in the `zone`, and `response` writes the answer. Nothing below the
//! two handlers knows that it is in a component.

#[cfg(test)]
mod exchange;
mod kind;
mod lookup;
#[cfg(test)]
mod master_file;
mod name;
mod query;
mod response;
mod zone;

use std::io::{BufRead as _, ErrorKind, Read as _, Write as _};

use socketserver_guest::{DatagramHandler, DatagramRequest, Handler, Request, Result};

use crate::lookup::lookup;
use crate::query::{Header, IN, Query};
use crate::response::{Code, PAYLOAD, Response, reject};
use crate::zone::ZONE;

/// RFC 1035, section 4.2.1: "Messages carried by UDP are restricted to 512 bytes".
const SMALLEST_PAYLOAD: u16 = 512;

/// The version of EDNS that RFC 6891 is.
const EDNS_VERSION: u8 = 0;

const OPCODE_QUERY: u8 = 0;

/// Answers queries.
#[derive(Default)]
struct Dns;

impl DatagramHandler for Dns {
    fn handle(&mut self, request: &mut DatagramRequest) -> Result {
        request.wfile = respond(request.data(), Transport::Datagram).unwrap_or_default();
        Ok(())
    }
}

/// Over a connection each message comes after its length in two bytes (RFC 7766): for answers that no datagram has room
/// for.
impl Handler for Dns {
    fn handle(&mut self, request: &mut Request) -> Result {
        while !request.rfile.fill_buf()?.is_empty() {
            let mut length = [0; 2];
            let mut message = Vec::new();
            let read = request.rfile.read_exact(&mut length).and_then(|()| {
                message.resize(u16::from_be_bytes(length).into(), 0);
                request.rfile.read_exact(&mut message)
            });
            match read {
                // A client may lose interest at any time.
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => break,
                result => result?,
            }
            let Some(answer) = respond(&message, Transport::Connection) else {
                break;
            };
            request.wfile.write_all(&u16::try_from(answer.len())?.to_be_bytes())?;
            request.wfile.write_all(&answer)?;
        }
        Ok(())
    }
}

#[derive(Clone, Copy)]
enum Transport {
    Datagram,
    Connection,
}

/// The answer to a message, if it has one.
fn respond(message: &[u8], transport: Transport) -> Option<Vec<u8>> {
    let (header, rest) = Header::read(message)?;
    // Or two servers would answer each other for ever.
    if header.is_response() {
        return None;
    }
    if header.opcode() != OPCODE_QUERY {
        return Some(reject(header, Code::NotImplemented));
    }
    let Ok(query) = Query::read(header, rest) else {
        return Some(reject(header, Code::FormatError));
    };
    let limit = match transport {
        Transport::Datagram => {
            let payload = query.edns.as_ref().map_or(0, |edns| edns.payload);
            payload.clamp(SMALLEST_PAYLOAD, PAYLOAD)
        }
        Transport::Connection => u16::MAX,
    };
    Some(answer(&query).write(&query, limit.into()))
}

fn answer<'a>(query: &Query<'a>) -> Response<'a> {
    if query.edns.as_ref().is_some_and(|edns| edns.version != EDNS_VERSION) {
        return Response::of(Code::BadVersion);
    }
    if query.class != IN {
        return Response::of(Code::Refused);
    }
    lookup(ZONE, query.name, query.kind)
}

socketserver_guest::export!(Dns);
socketserver_guest::export_datagrams!(Dns);
