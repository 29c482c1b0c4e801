//! Reading one command: an array of bulk strings, or an inline command.

use std::io::{self, BufRead, Read as _};

use crate::{inline, integer};

/// The longest inline command, and the longest line with a length, in bytes (Redis: `PROTO_INLINE_MAX_SIZE`).
const MAX_LINE: usize = 64 * 1024;

/// The most arguments of a command. Redis takes 1,048,576; an instance has less memory than a server.
const MAX_ARGUMENTS: i64 = 65_536;

/// The longest argument in bytes. Redis takes 512 MiB, its `proto-max-bulk-len`.
pub(crate) const MAX_BULK: i64 = 16 * 1024 * 1024;

/// Why there is no command.
#[derive(Debug)]
pub(crate) enum Fault {
    Io(io::Error),
    /// The words of Redis for what is wrong.
    Protocol(String),
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

fn protocol<T>(text: impl Into<String>) -> Result<T, Fault> {
    Err(Fault::Protocol(text.into()))
}

/// Replaces `arguments` by those of the next command, at least one. False is the end of the stream, which a peer may
/// reach in the middle of a command too: there is nobody left to tell.
pub(crate) fn read(reader: &mut impl BufRead, arguments: &mut Vec<Vec<u8>>) -> Result<bool, Fault> {
    arguments.clear();
    // Empty arrays and empty lines are skipped without an answer, as Redis does.
    while arguments.is_empty() {
        let Some(line) = read_line(reader, "too big inline request")? else {
            return Ok(false);
        };
        let complete = match line.strip_prefix(b"*") {
            Some(count) => read_array(reader, count, arguments)?,
            None => {
                *arguments = inline::split(&line).map_err(|text| Fault::Protocol(text.to_owned()))?;
                true
            }
        };
        if !complete {
            return Ok(false);
        }
    }
    Ok(true)
}

fn read_array(reader: &mut impl BufRead, count: &[u8], arguments: &mut Vec<Vec<u8>>) -> Result<bool, Fault> {
    let count = match integer::parse(count) {
        Some(count) if count <= MAX_ARGUMENTS => count,
        _ => return protocol("invalid multibulk length"),
    };
    for _ in 0..count {
        let Some(line) = read_line(reader, "too big bulk count string")? else {
            return Ok(false);
        };
        let Some(length) = line.strip_prefix(b"$") else {
            let found = char::from(line.first().copied().unwrap_or(b'\r'));
            return protocol(format!("expected '$', got '{found}'"));
        };
        let length = match integer::parse(length) {
            Some(length @ 0..=MAX_BULK) => usize::try_from(length).unwrap_or(usize::MAX),
            _ => return protocol("invalid bulk length"),
        };
        let Some(argument) = read_bulk(reader, length)? else {
            return Ok(false);
        };
        arguments.push(argument);
    }
    Ok(true)
}

/// The next line without its end, LF or CR LF. `None` is the end of the stream.
fn read_line(reader: &mut impl BufRead, too_long: &str) -> Result<Option<Vec<u8>>, Fault> {
    let mut line = Vec::new();
    // Room for the end of the line.
    reader.by_ref().take(MAX_LINE as u64 + 2).read_until(b'\n', &mut line)?;
    let ended = line.pop_if(|last| *last == b'\n').is_some();
    if ended {
        line.pop_if(|last| *last == b'\r');
    }
    match ended {
        _ if line.len() > MAX_LINE => protocol(too_long),
        true => Ok(Some(line)),
        false => Ok(None),
    }
}

/// Exactly `length` bytes and the CR LF after them. Allocates for the bytes that are there, not for those announced: 16
/// MiB cost a peer 16 MiB, and not a line of ten characters.
fn read_bulk(reader: &mut impl BufRead, length: usize) -> Result<Option<Vec<u8>>, Fault> {
    let mut bulk = Vec::new();
    while bulk.len() < length {
        let data = reader.fill_buf()?;
        if data.is_empty() {
            return Ok(None);
        }
        let taken = data.len().min(length - bulk.len());
        bulk.extend_from_slice(&data[..taken]);
        reader.consume(taken);
    }
    let mut end = [0; 2];
    match reader.read_exact(&mut end) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        result => result?,
    }
    // Redis skips these two bytes unseen. A peer that counts wrongly is better told here than misunderstood later.
    if end != *b"\r\n" {
        return protocol("invalid bulk length");
    }
    Ok(Some(bulk))
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    fn command(sent: &[u8]) -> Option<Vec<Vec<u8>>> {
        // A small buffer, so that everything arrives in pieces.
        let mut reader = BufReader::with_capacity(3, sent);
        let mut arguments = vec![b"of the last command".to_vec()];
        read(&mut reader, &mut arguments).unwrap().then_some(arguments)
    }

    fn fault(sent: &[u8]) -> String {
        match read(&mut &*sent, &mut Vec::new()) {
            Err(Fault::Protocol(text)) => text,
            other => panic!("not a protocol error: {other:?}"),
        }
    }

    #[test]
    fn an_argument_may_have_any_bytes() {
        let sent = b"*2\r\n$4\r\nECHO\r\n$6\r\n\r\n$1\0\xff\r\n";
        assert_eq!(command(sent).unwrap(), [&b"ECHO"[..], b"\r\n$1\0\xff"]);
        assert_eq!(command(b"*1\r\n$0\r\n\r\n").unwrap(), [b""]);
    }

    #[test]
    fn empty_commands_are_skipped() {
        assert_eq!(command(b"\r\n*0\r\n*-1\r\n  \nPING\n").unwrap(), [b"PING"]);
    }

    #[test]
    fn the_stream_may_end_anywhere() {
        let sent = b"*2\r\n$4\r\nECHO\r\n$2\r\nhi\r\n";
        for end in 0..sent.len() {
            assert_eq!(command(&sent[..end]), None, "after {end} bytes");
        }
    }

    #[test]
    fn what_is_out_of_bounds_is_refused_with_the_words_of_redis() {
        assert_eq!(fault(b"*65537\r\n"), "invalid multibulk length");
        assert_eq!(fault(b"*9223372036854775808\r\n"), "invalid multibulk length");
        assert_eq!(fault(b"*\r\n"), "invalid multibulk length");
        assert_eq!(fault(b"*1\r\n:1\r\n"), "expected '$', got ':'");
        assert_eq!(fault(b"*1\r\n$-1\r\n"), "invalid bulk length");
        assert_eq!(fault(b"*1\r\n$16777217\r\n"), "invalid bulk length");
        assert_eq!(fault(b"*1\r\n$1\r\nxyz"), "invalid bulk length");
        assert_eq!(fault(b"SET k \"v\r\n"), "unbalanced quotes in request");
    }

    #[test]
    fn a_line_of_64_kib_is_the_longest() {
        let mut sent = vec![b'x'; MAX_LINE];
        sent.extend_from_slice(b"\r\n");
        assert_eq!(command(&sent).unwrap()[0].len(), MAX_LINE);
        sent.insert(0, b'x');
        assert_eq!(fault(&sent), "too big inline request");
        sent[..2].copy_from_slice(b"*1");
        assert_eq!(fault(&[b'x'; MAX_LINE + 1000]), "too big inline request");
    }
}
