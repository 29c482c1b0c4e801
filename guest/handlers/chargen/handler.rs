use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::ErrorKind;

use socketserver_guest::{Connection, DatagramHandler, DatagramRequest, Handler, Readiness, Request, Result};

/// Lines have this many characters, before CR and LF: RFC 864's "recommended pattern".
const COLUMNS: usize = 72;

/// The printing characters of ASCII, the blank among them.
const FIRST: u8 = b' ';
const CHARACTERS: usize = 95;

const LINE: usize = COLUMNS + 2;
const CYCLE: usize = CHARACTERS * LINE;

/// RFC 864: a datagram has "a random number (between 0 and 512) of characters".
const LONGEST_DATAGRAM: u64 = 512;

/// The pattern repeats after 95 lines; this is one cycle.
static PATTERN: [u8; CYCLE] = pattern();

/// Sends the pattern until the peer has closed the connection, and throws away what the peer sends meanwhile.
#[derive(Default)]
struct Chargen;

impl Handler for Chargen {
    fn handle(&mut self, request: &mut Request) -> Result {
        match generate(request.connection()) {
            // RFC 864: "The data generation continues until the calling user terminates the connection."
            Err(error) if matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset) => Ok(()),
            result => Ok(result?),
        }
    }
}

/// Past the buffers of the request: a peer that sends without reading must not wait for one that reads without sending.
fn generate(connection: &Connection) -> std::io::Result<()> {
    let mut interest = Readiness::BOTH;
    let mut sent = 0;
    loop {
        let ready = connection.wait(interest)?;
        if ready.readable && connection.receive(u32::MAX)?.is_empty() {
            // The peer has sent everything; it may still read.
            interest = Readiness::WRITABLE;
        }
        if ready.writable {
            sent = (sent + connection.send(&PATTERN[sent..])?) % CYCLE;
        }
    }
}

impl DatagramHandler for Chargen {
    fn handle(&mut self, request: &mut DatagramRequest) -> Result {
        let length = random() % (LONGEST_DATAGRAM + 1);
        // Not by `wfile`, which is not sent when it is empty: here 0 is a length as the others.
        request.reply(&PATTERN[..usize::try_from(length)?])?;
        Ok(())
    }
}

/// The keys of a hasher are the one source of chance in the standard library.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

const fn pattern() -> [u8; CYCLE] {
    let mut pattern = [0; CYCLE];
    let mut at = 0;
    while at < CYCLE {
        let (line, column) = (at / LINE, at % LINE);
        pattern[at] = match column {
            COLUMNS => b'\r',
            column if column > COLUMNS => b'\n',
            column => {
                #[expect(clippy::cast_possible_truncation, reason = "less than 95")]
                let character = ((line + column) % CHARACTERS) as u8;
                FIRST + character
            }
        };
        at += 1;
    }
    pattern
}

socketserver_guest::export!(Chargen);
socketserver_guest::export_datagrams!(Chargen);

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use socketserver_guest::ErrorCode;
    use socketserver_guest::testing::{Datagram, Peer, serve, serve_datagram};

    use super::*;

    #[test]
    fn the_lines_are_those_of_the_rfc() {
        let mut lines = PATTERN.split(|byte| *byte == b'\n');
        assert_eq!(
            lines.next().unwrap(),
            b" !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefg\r"
        );
        assert_eq!(
            lines.next().unwrap(),
            b"!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefgh\r"
        );
        // The last line begins with the last character and goes on with the first.
        assert!(PATTERN[CYCLE - LINE..].starts_with(b"~ !\""));
    }

    #[test]
    fn it_ends_when_the_peer_is_gone() {
        let peer = Peer::sending(["ignored"]).taking([Ok(100), Ok(CYCLE), Err(ErrorCode::ConnectionBroken)]);
        serve::<Chargen>(&peer).unwrap();
        assert_eq!(peer.got_bytes(), PATTERN);
    }

    #[test]
    fn datagrams_have_various_lengths() {
        let lengths: BTreeSet<_> = (0..100)
            .map(|_| {
                let datagram = Datagram::carrying("ignored");
                serve_datagram::<Chargen>(&datagram).unwrap();
                let sent = datagram.sent_data();
                assert!(sent.len() == 1 && PATTERN.starts_with(&sent[0]), "{sent:?}");
                sent[0].len()
            })
            .collect();
        assert!(lengths.len() > 10, "{lengths:?}");
        assert!(lengths.iter().all(|length| *length <= 512), "{lengths:?}");
    }
}
