//! How a response is spelled.

use std::io::{self, Write};
use std::time::SystemTime;

use crate::site::Page;

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Status {
    Ok = 200,
    NotModified = 304,
    BadRequest = 400,
    NotFound = 404,
    MethodNotAllowed = 405,
    ContentTooLarge = 413,
    UriTooLong = 414,
    ExpectationFailed = 417,
    HeaderFieldsTooLarge = 431,
    NotImplemented = 501,
    VersionNotSupported = 505,
}

impl Status {
    pub(crate) fn is_error(self) -> bool {
        self.code() >= 400
    }

    fn code(self) -> u16 {
        self as u16
    }

    /// The status line without the version.
    fn line(self) -> &'static str {
        self.text().trim_end()
    }

    /// The body of an error.
    fn text(self) -> &'static str {
        match self {
            Self::Ok => "200 OK\n",
            Self::NotModified => "304 Not Modified\n",
            Self::BadRequest => "400 Bad Request\n",
            Self::NotFound => "404 Not Found\n",
            Self::MethodNotAllowed => "405 Method Not Allowed\n",
            Self::ContentTooLarge => "413 Content Too Large\n",
            Self::UriTooLong => "414 URI Too Long\n",
            Self::ExpectationFailed => "417 Expectation Failed\n",
            Self::HeaderFieldsTooLarge => "431 Request Header Fields Too Large\n",
            Self::NotImplemented => "501 Not Implemented\n",
            Self::VersionNotSupported => "505 HTTP Version Not Supported\n",
        }
    }
}

/// One response, to be written at once.
pub(crate) struct Response {
    pub(crate) status: Status,
    etag: Option<&'static str>,
    /// The media type and the bytes. A response without it has no such fields.
    content: Option<(&'static str, &'static [u8])>,
    sends_body: bool,
    connection: Option<&'static str>,
}

impl Response {
    fn new(status: Status) -> Self {
        Self {
            status,
            etag: None,
            content: None,
            sends_body: true,
            connection: None,
        }
    }

    pub(crate) fn page(page: &'static Page) -> Self {
        Self {
            etag: Some(page.etag.as_str()),
            content: Some((page.media_type, page.content)),
            ..Self::new(Status::Ok)
        }
    }

    pub(crate) fn not_modified(page: &'static Page) -> Self {
        Self {
            etag: Some(page.etag.as_str()),
            ..Self::new(Status::NotModified)
        }
    }

    pub(crate) fn error(status: Status) -> Self {
        Self {
            content: Some(("text/plain; charset=utf-8", status.text().as_bytes())),
            ..Self::new(status)
        }
    }

    /// For HEAD: all fields of the response to GET, and no body.
    pub(crate) fn without_body(mut self) -> Self {
        self.sends_body = false;
        self
    }

    pub(crate) fn closing(mut self) -> Self {
        self.connection = Some("close");
        self
    }

    pub(crate) fn keeping_alive(mut self) -> Self {
        self.connection = Some("keep-alive");
        self
    }

    pub(crate) fn write(&self, writer: &mut impl Write, now: SystemTime) -> io::Result<()> {
        // RFC 9110, section 6.2: the version is that of the server, whatever the request has.
        write!(
            writer,
            "HTTP/1.1 {}\r\nDate: {}\r\n",
            self.status.line(),
            httpdate::HttpDate::from(now)
        )?;
        if self.status == Status::MethodNotAllowed {
            writer.write_all(b"Allow: GET, HEAD\r\n")?;
        }
        if let Some(connection) = self.connection {
            write!(writer, "Connection: {connection}\r\n")?;
        }
        if let Some(etag) = self.etag {
            write!(writer, "ETag: {etag}\r\n")?;
        }
        if let Some((media_type, content)) = self.content {
            write!(
                writer,
                "Content-Type: {media_type}\r\nContent-Length: {}\r\n",
                content.len()
            )?;
        }
        writer.write_all(b"\r\n")?;
        match self.content {
            Some((_, content)) if self.sends_body => writer.write_all(content),
            _ => Ok(()),
        }
    }
}
