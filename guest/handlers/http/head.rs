//! What a request says before its body: the request line and the header fields.

use std::io::{self, BufRead, ErrorKind, Read as _};

use crate::Failure;
use crate::body::Body;
use crate::response::Status;
use crate::target::Target;

/// The longest request line, with its end. RFC 9112, section 3: "at a minimum, request-line lengths of 8000 octets".
const MAX_REQUEST_LINE: usize = 8 * 1024;

/// The longest head, with the empty line at its end.
const MAX_HEAD: usize = 16 * 1024;

/// The most header fields.
const MAX_FIELDS: usize = 64;

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Method {
    Get,
    Head,
    /// A method that exists, and that no page of the site has.
    NotAllowed,
    Unknown,
}

/// The part of a head that this server acts on.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) method: Method,
    pub(crate) target: Target,
    pub(crate) is_http_10: bool,
    /// Whether another request may follow.
    pub(crate) persistent: bool,
    pub(crate) expects_continue: bool,
    pub(crate) body: Body,
    /// The values of If-None-Match, joined by commas.
    if_none_match: String,
}

impl Head {
    /// The next head, read into `buffer`. `None` is the end of the stream.
    pub(crate) fn read(reader: &mut impl BufRead, buffer: &mut Vec<u8>) -> Result<Option<Self>, Failure> {
        buffer.clear();
        if !read_request_line(reader, buffer)? {
            return Ok(None);
        }
        while read_line(reader, buffer, MAX_HEAD, Status::HeaderFieldsTooLarge)? > 2 {}
        parse(buffer).map(Some)
    }

    /// Whether the client has the page with this entity tag, by the weak comparison of RFC 9110, section 8.8.3.2.
    pub(crate) fn has_current(&self, etag: &str) -> bool {
        let tags = self.if_none_match.split(',').map(str::trim);
        tags.into_iter()
            .any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
    }
}

/// Skips empty lines before it (RFC 9112, section 2.2). False at the end of the stream.
fn read_request_line(reader: &mut impl BufRead, buffer: &mut Vec<u8>) -> Result<bool, Failure> {
    loop {
        if reader.fill_buf()?.is_empty() {
            return Ok(false);
        }
        if read_line(reader, buffer, MAX_REQUEST_LINE, Status::UriTooLong)? > 2 {
            return Ok(true);
        }
        buffer.clear();
    }
}

/// Appends a line, and returns its length with its end.
///
/// A line that ends without a carriage return is refused, for not every server takes it as the end of a line.
fn read_line(reader: &mut impl BufRead, buffer: &mut Vec<u8>, max: usize, too_long: Status) -> Result<usize, Failure> {
    let start = buffer.len();
    let room = max - start;
    let length = reader.take(room as u64).read_until(b'\n', buffer)?;
    match &buffer[start..] {
        [.., b'\r', b'\n'] => Ok(length),
        [.., b'\n'] => Err(Status::BadRequest.into()),
        _ if length == room => Err(too_long.into()),
        _ => Err(io::Error::from(ErrorKind::UnexpectedEof).into()),
    }
}

fn parse(bytes: &[u8]) -> Result<Head, Failure> {
    let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
    let mut request = httparse::Request::new(&mut fields);
    match request.parse(bytes) {
        Ok(httparse::Status::Complete(_)) => {}
        Ok(httparse::Status::Partial) => return Err(Status::BadRequest.into()),
        Err(httparse::Error::TooManyHeaders) => return Err(Status::HeaderFieldsTooLarge.into()),
        Err(httparse::Error::Version) if names_a_version(bytes) => {
            return Err(Status::VersionNotSupported.into());
        }
        Err(_) => return Err(Status::BadRequest.into()),
    }
    let is_http_10 = request.version == Some(0);
    let method = match request.method.unwrap_or_default() {
        "GET" => Method::Get,
        "HEAD" => Method::Head,
        "CONNECT" | "DELETE" | "OPTIONS" | "PATCH" | "POST" | "PUT" | "TRACE" => Method::NotAllowed,
        _ => Method::Unknown,
    };
    let target = Target::parse(request.path.unwrap_or_default())?;
    let fields = Fields::read(request.headers)?;
    if !is_http_10 && !fields.has_host {
        return Err(Status::BadRequest.into());
    }
    Ok(Head {
        method,
        target,
        is_http_10,
        persistent: !fields.close && (!is_http_10 || fields.keep_alive),
        // RFC 9110, section 10.1.1: the expectation of an HTTP/1.0 client is ignored.
        expects_continue: fields.expects_continue && !is_http_10,
        body: Body::of(fields.content_length, fields.transfer_encoding, is_http_10)?,
        if_none_match: fields.if_none_match.join(","),
    })
}

/// Whether the request line ends with a version, if of another protocol than ours.
fn names_a_version(head: &[u8]) -> bool {
    let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
    matches!(
        line,
        [.., b' ', b'H', b'T', b'T', b'P', b'/', major, b'.', minor]
            if major.is_ascii_digit() && minor.is_ascii_digit()
    )
}

/// The header fields that this server acts on.
#[derive(Default)]
struct Fields<'a> {
    has_host: bool,
    close: bool,
    keep_alive: bool,
    expects_continue: bool,
    content_length: Option<&'a str>,
    transfer_encoding: Option<&'a str>,
    if_none_match: Vec<&'a str>,
}

impl<'a> Fields<'a> {
    fn read(headers: &[httparse::Header<'a>]) -> Result<Self, Failure> {
        let mut fields = Self::default();
        for header in headers {
            let is = |name: &str| header.name.eq_ignore_ascii_case(name);
            // Fields that this server does not act on may have any bytes.
            let text = || {
                str::from_utf8(header.value)
                    .map(str::trim)
                    .map_err(|_| Status::BadRequest)
            };
            if is("Host") {
                if fields.has_host || !is_host(header.value) {
                    return Err(Status::BadRequest.into());
                }
                fields.has_host = true;
            } else if is("Connection") {
                for option in text()?.split(',').map(str::trim) {
                    fields.close |= option.eq_ignore_ascii_case("close");
                    fields.keep_alive |= option.eq_ignore_ascii_case("keep-alive");
                }
            } else if is("Content-Length") {
                if fields.content_length.replace(text()?).is_some() {
                    return Err(Status::BadRequest.into());
                }
            } else if is("Transfer-Encoding") {
                if fields.transfer_encoding.replace(text()?).is_some() {
                    return Err(Status::BadRequest.into());
                }
            } else if is("Expect") {
                if !text()?.eq_ignore_ascii_case("100-continue") {
                    return Err(Status::ExpectationFailed.into());
                }
                fields.expects_continue = true;
            } else if is("If-None-Match") {
                fields.if_none_match.push(text()?);
            }
        }
        Ok(fields)
    }
}

/// Whether the value could be a host with a port. There is one site, so which host it is does not matter.
fn is_host(value: &[u8]) -> bool {
    let mut bytes = value.trim_ascii().iter();
    bytes.all(|byte| byte.is_ascii_graphic() && !b"/,@?#\\".contains(byte))
}
