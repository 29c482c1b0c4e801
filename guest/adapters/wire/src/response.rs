//! Bytes as a response.

use std::fmt::{self, Display, Formatter};

use crate::chunks::{Chunks, Next};
use crate::fields::{self, Field};

/// A response that is being read.
#[derive(Debug)]
pub struct Response {
    state: State,
    /// Whether the request was HEAD, whose response has no body, whatever its fields say.
    is_of_head: bool,
}

#[derive(Debug)]
enum State {
    /// What of the head is there.
    Head(Vec<u8>),
    Sized {
        left: u64,
    },
    Chunked(Chunks),
    /// Up to the end of the stream.
    Unsized,
    Ended,
}

/// What comes next in a response.
#[derive(Debug, Eq, PartialEq)]
pub enum Event<'a> {
    /// Nothing, without more bytes: all were taken.
    More,
    /// The head. Bytes behind it are not taken yet.
    Head(Head),
    /// Bytes of the body; [`Response::take`] says how many of them were taken.
    Body(&'a [u8]),
    /// It has ended.
    End,
}

/// The head of a response.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Head {
    /// Of three digits, and final.
    pub status: u16,
    /// The header fields of the message: those of the connection are left out.
    pub fields: Vec<Field>,
}

/// A response that nobody could understand in one way.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Malformed(pub &'static str);

/// The longest head, in bytes.
const LONGEST_HEAD: usize = 64 << 10;

/// The most header fields.
const MOST_FIELDS: usize = 128;

impl Response {
    /// The response to a request; `is_of_head` if that was HEAD.
    #[must_use]
    pub const fn new(is_of_head: bool) -> Self {
        Self {
            state: State::Head(Vec::new()),
            is_of_head,
        }
    }

    /// Looks at bytes that have not been taken before, and returns how many are taken before the event, and the event.
    ///
    /// # Errors
    ///
    /// They are no response.
    pub fn next<'a>(&mut self, data: &'a [u8]) -> Result<(usize, Event<'a>), Malformed> {
        match &mut self.state {
            State::Ended => Ok((0, Event::End)),
            State::Head(head) => {
                let before = head.len();
                let Some(end) = find_end(head, data) else {
                    head.extend_from_slice(data);
                    if head.len() > LONGEST_HEAD {
                        return Err(Malformed("a head of more than 64 KiB"));
                    }
                    return Ok((data.len(), Event::More));
                };
                head.extend_from_slice(&data[..end - before]);
                let head = std::mem::take(head);
                let event = self.read_head(&head)?;
                Ok((end - before, event))
            }
            _ if data.is_empty() => Ok((0, Event::More)),
            State::Sized { left } => {
                let part = usize::try_from(*left).map_or(data.len(), |left| left.min(data.len()));
                Ok((0, Event::Body(&data[..part])))
            }
            State::Unsized => Ok((0, Event::Body(data))),
            State::Chunked(chunks) => match chunks.next(data).map_err(Malformed)? {
                Next::More(taken) => Ok((taken, Event::More)),
                Next::Data(taken, left) => {
                    let rest = &data[taken..];
                    let part = usize::try_from(left).map_or(rest.len(), |left| left.min(rest.len()));
                    Ok((taken, Event::Body(&rest[..part])))
                }
                Next::End(taken) => {
                    self.state = State::Ended;
                    Ok((taken, Event::End))
                }
            },
        }
    }

    /// So many bytes of the body that the last event had were taken.
    pub fn take(&mut self, taken: usize) {
        match &mut self.state {
            State::Sized { left } => {
                *left = left.saturating_sub(taken as u64);
                if *left == 0 {
                    self.state = State::Ended;
                }
            }
            State::Chunked(chunks) => chunks.take(taken as u64),
            _ => {}
        }
    }

    /// Whether nothing more can come.
    #[must_use]
    pub const fn has_ended(&self) -> bool {
        matches!(self.state, State::Ended)
    }

    /// The handler sends nothing more.
    ///
    /// # Errors
    ///
    /// The response is not complete.
    pub fn finish(&mut self) -> Result<(), Malformed> {
        match self.state {
            State::Ended | State::Unsized => {
                self.state = State::Ended;
                Ok(())
            }
            State::Head(ref head) if head.is_empty() => Err(Malformed("nothing")),
            State::Head(_) => Err(Malformed("the end of the stream within its head")),
            State::Sized { .. } => Err(Malformed("fewer bytes than its Content-Length")),
            State::Chunked(_) => Err(Malformed("the end of the stream before its last chunk")),
        }
    }

    /// Reads a whole head. One that is not final is left out, and another one follows.
    fn read_head(&mut self, bytes: &[u8]) -> Result<Event<'static>, Malformed> {
        let mut parsed = [httparse::EMPTY_HEADER; MOST_FIELDS];
        let mut response = httparse::Response::new(&mut parsed);
        match response.parse(bytes) {
            Ok(httparse::Status::Complete(_)) => {}
            Ok(httparse::Status::Partial) => return Err(Malformed("a head that ends within a line")),
            Err(httparse::Error::TooManyHeaders) => return Err(Malformed("more than 128 header fields")),
            Err(_) => return Err(Malformed("no head of HTTP/1.1")),
        }
        let status = response.code.unwrap_or_default();
        let fields = response.headers.iter();
        let fields: Vec<Field> = fields
            .map(|field| (field.name.to_owned(), field.value.to_vec()))
            .collect();
        match status {
            101 => return Err(Malformed("101, although no other protocol can be spoken")),
            // Such as 100, which the runtime has sent itself if the client wants it.
            100..=199 => return Ok(Event::More),
            200..=999 => {}
            _ => return Err(Malformed("a status below 100")),
        }
        let is_1_0 = response.version == Some(0);
        self.state = self.framing(status, &fields, is_1_0)?;
        let mut fields = fields::of_message(fields);
        if status == 204 {
            // RFC 9110, section 8.6: it must not be there, and runtimes would wait for the bytes.
            fields.retain(|(name, _)| !name.eq_ignore_ascii_case("content-length"));
        }
        Ok(Event::Head(Head { status, fields }))
    }

    /// RFC 9112, section 6.3, but for what it leaves to be understood in two ways.
    fn framing(&self, status: u16, fields: &[Field], is_1_0: bool) -> Result<State, Malformed> {
        let length = fields::content_length(fields).map_err(Malformed)?;
        let codings: Vec<String> = fields::named(fields, "transfer-encoding")
            .flat_map(fields::elements)
            .collect();
        let is_chunked = match codings.as_slice() {
            [] if fields::named(fields, "transfer-encoding").next().is_none() => false,
            [coding] if coding == "chunked" && !is_1_0 => true,
            _ => return Err(Malformed("a transfer coding other than chunked")),
        };
        if is_chunked && length.is_some() {
            return Err(Malformed("both a Content-Length and a transfer coding"));
        }
        let has_no_body = self.is_of_head || status == 204 || status == 304;
        Ok(match length {
            _ if has_no_body => State::Ended,
            _ if is_chunked => State::Chunked(Chunks::new()),
            Some(0) => State::Ended,
            Some(left) => State::Sized { left },
            None => State::Unsized,
        })
    }
}

/// The length of the head that `before` and `data` begin with, the empty line at its end included.
fn find_end(before: &[u8], data: &[u8]) -> Option<usize> {
    // The end may have begun in what was there before, at most three bytes of it.
    let kept = before.len().min(3);
    let start = before.len() - kept;
    let joined = [&before[start..], data].concat();
    let has_line = |end: usize| start + end > 4;
    let ends = joined.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
    for (newline, _) in ends {
        let rest = &joined[..newline];
        let empty = rest.ends_with(b"\n") || rest.ends_with(b"\n\r");
        if empty && has_line(newline) {
            return Some(start + newline + 1);
        }
    }
    None
}

impl Display for Malformed {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "the handler has sent what is no response of HTTP/1.1: {}", self.0)
    }
}

#[cfg(test)]
mod tests;
