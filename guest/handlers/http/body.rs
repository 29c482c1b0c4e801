//! Where the body of a request ends (RFC 9112, sections 6 and 7). What is in it is thrown away.

use std::io::{self, BufRead, ErrorKind, Read as _};

use crate::Failure;
use crate::response::Status;

/// The longest body.
const MAX_BODY: u64 = 1024 * 1024;

/// The longest line with the size of a chunk and its extensions, with its end.
const MAX_CHUNK_LINE: u64 = 1024;

/// How much all trailer fields may have.
const MAX_TRAILER: u64 = 16 * 1024;

/// How the end of a body is told.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Body {
    Length(u64),
    Chunked,
}

impl Body {
    /// # Errors
    ///
    /// Whatever two servers could read in two ways is a `BadRequest`, a transfer coding that this one does not have is
    /// `NotImplemented`, and a length of more than 1 MiB is `ContentTooLarge`.
    pub(crate) fn of(
        content_length: Option<&str>,
        transfer_encoding: Option<&str>,
        is_http_10: bool,
    ) -> Result<Self, Status> {
        match (content_length, transfer_encoding) {
            (None, None) => Ok(Self::Length(0)),
            (Some(length), None) => {
                let digits = !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit());
                let length = length.parse().ok().filter(|_| digits).ok_or(Status::BadRequest)?;
                if length > MAX_BODY {
                    return Err(Status::ContentTooLarge);
                }
                Ok(Self::Length(length))
            }
            // Section 6.1: "a server MUST treat the message as if the framing is faulty".
            (None, Some(_)) if is_http_10 => Err(Status::BadRequest),
            (None, Some(coding)) if coding.eq_ignore_ascii_case("chunked") => Ok(Self::Chunked),
            (None, Some(codings)) => {
                let is_chunked = |coding: &&str| coding.trim().eq_ignore_ascii_case("chunked");
                // Section 6.1: "a sender MUST NOT apply the chunked transfer coding more than once".
                Err(if codings.split(',').filter(is_chunked).count() > 1 {
                    Status::BadRequest
                } else {
                    Status::NotImplemented
                })
            }
            // Section 6.1: such a message "might indicate an attempt to perform request smuggling".
            (Some(_), Some(_)) => Err(Status::BadRequest),
        }
    }

    /// Reads to the end of the body.
    pub(crate) fn discard(&self, reader: &mut impl BufRead) -> Result<(), Failure> {
        match self {
            Self::Length(length) => Ok(skip(reader, *length)?),
            Self::Chunked => discard_chunks(reader),
        }
    }
}

fn discard_chunks(reader: &mut impl BufRead) -> Result<(), Failure> {
    let mut left = MAX_BODY;
    loop {
        let size = chunk_size(&line(reader, MAX_CHUNK_LINE)?).ok_or(Status::BadRequest)?;
        if size == 0 {
            return discard_trailer(reader);
        }
        left = left.checked_sub(size).ok_or(Status::ContentTooLarge)?;
        skip(reader, size)?;
        let mut end = [0; 2];
        reader.read_exact(&mut end)?;
        if end != *b"\r\n" {
            return Err(Status::BadRequest.into());
        }
    }
}

/// The size of a chunk, from a line that may go on with extensions.
fn chunk_size(line: &[u8]) -> Option<u64> {
    let size = line.split(|byte| *byte == b';').next()?.trim_ascii_end();
    let size = str::from_utf8(size).ok()?;
    let digits = size.bytes().all(|byte| byte.is_ascii_hexdigit());
    u64::from_str_radix(size, 16).ok().filter(|_| digits)
}

fn discard_trailer(reader: &mut impl BufRead) -> Result<(), Failure> {
    let mut left = MAX_TRAILER;
    loop {
        let line = line(reader, left)?;
        if line.is_empty() {
            return Ok(());
        }
        left -= line.len() as u64 + 2;
    }
}

/// A line without its end.
fn line(reader: &mut impl BufRead, max: u64) -> Result<Vec<u8>, Failure> {
    let mut line = Vec::new();
    let length = reader.take(max).read_until(b'\n', &mut line)? as u64;
    match &line[..] {
        [text @ .., b'\r', b'\n'] => {
            let length = text.len();
            line.truncate(length);
            Ok(line)
        }
        [.., b'\n'] => Err(Status::BadRequest.into()),
        _ if length == max => Err(Status::BadRequest.into()),
        _ => Err(io::Error::from(ErrorKind::UnexpectedEof).into()),
    }
}

fn skip(reader: &mut impl BufRead, length: u64) -> io::Result<()> {
    let skipped = io::copy(&mut reader.take(length), &mut io::sink())?;
    if skipped < length {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    Ok(())
}
