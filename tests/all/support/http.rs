//! HTTP/1 as it is on the wire: requests of raw bytes, and responses that are read strictly.

use std::time::Instant;

use super::client::{Client, End};
use super::guest::Guest;
use super::server::{Server, Setup};

/// A server of HTTP with this handler, at a port that the system chooses.
pub(crate) fn serve(guest: Guest) -> Setup {
    Server::of(guest).listen("http://127.0.0.1:0")
}

/// A response of HTTP/1.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Response {
    pub(crate) status: u16,
    /// In their order, with lower-case names.
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: Vec<(String, String)>,
}

impl Response {
    /// The value of a header; empty when it is missing.
    pub(crate) fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(own, _)| own == name);
        found.map_or("", |(_, value)| value)
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("the body is text")
    }

    /// Whether the server says that it closes the connection.
    pub(crate) fn closes(&self) -> bool {
        self.header("connection") == "close"
    }
}

impl Client {
    /// Asks for a path by GET, and receives the response.
    pub(crate) fn get(&mut self, path: &str) -> Response {
        self.send(request("GET", path, ""));
        self.response()
    }

    /// Sends a body of a known length by POST, and receives the response.
    pub(crate) fn post(&mut self, path: &str, body: &[u8]) -> Response {
        self.send(request("POST", path, &format!("Content-Length: {}\r\n", body.len())));
        self.send(body);
        self.response()
    }

    /// Receives a response to anything but HEAD.
    pub(crate) fn response(&mut self) -> Response {
        self.try_response()
            .unwrap_or_else(|got| panic!("a whole response should have come, and not {got:?}"))
    }

    /// Receives the head of a response, as for HEAD.
    pub(crate) fn response_head(&mut self) -> Response {
        let status = self.receive_line();
        let status = status
            .strip_prefix("HTTP/1.1 ")
            .unwrap_or_else(|| panic!("no status line: {status:?}"));
        Response {
            status: status[..3].parse().expect("a status is a number"),
            headers: self.fields(),
            body: Vec::new(),
            trailers: Vec::new(),
        }
    }

    /// Receives a response; when its body is broken off, the error is what came of it.
    pub(crate) fn try_response(&mut self) -> Result<Response, Vec<u8>> {
        let mut response = self.response_head();
        if matches!(response.status, 204 | 304) {
            return Ok(response);
        }
        if response.header("transfer-encoding") == "chunked" {
            loop {
                let Some(line) = self.try_receive_line() else {
                    return Err(response.body);
                };
                let size = usize::from_str_radix(&line, 16).expect("a size of a chunk");
                if size == 0 {
                    response.trailers = self.fields();
                    return Ok(response);
                }
                let Some(data) = self.try_receive(size + 2) else {
                    return Err(response.body);
                };
                response
                    .body
                    .extend_from_slice(data.strip_suffix(b"\r\n").expect("a chunk ends its line"));
            }
        }
        let length = response
            .header("content-length")
            .parse()
            .expect("a response has a length or is chunked");
        match self.try_receive(length) {
            Some(body) => {
                response.body = body;
                Ok(response)
            }
            None => Err(response.body),
        }
    }

    fn fields(&mut self) -> Vec<(String, String)> {
        let mut fields = Vec::new();
        loop {
            let line = self.receive_line();
            let line = line.strip_suffix('\r').expect("a line ends with both");
            if line.is_empty() {
                return fields;
            }
            let (name, value) = line.split_once(": ").expect("a field has a name and a value");
            fields.push((name.to_ascii_lowercase(), value.to_owned()));
        }
    }

    fn try_receive_line(&mut self) -> Option<String> {
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            line.extend(self.try_receive(1)?);
        }
        line.truncate(line.len() - 2);
        Some(String::from_utf8(line).expect("the line is text"))
    }

    /// Expects that the server ends the connection in order without another byte, and tells how long that took.
    pub(crate) fn ends_after(&mut self, since: Instant) -> std::time::Duration {
        assert_eq!(self.end(), End::Closed);
        since.elapsed()
    }
}

/// A request's head, of HTTP/1.1, with these headers beside `Host`.
pub(crate) fn request(method: &str, path: &str, headers: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nHost: test\r\n{headers}\r\n")
}

/// A body in chunks of HTTP/1.1, with these trailers.
pub(crate) fn chunked<'a>(chunks: impl IntoIterator<Item = &'a [u8]>, trailers: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for chunk in chunks {
        bytes.extend(format!("{:x}\r\n", chunk.len()).into_bytes());
        bytes.extend(chunk);
        bytes.extend(b"\r\n");
    }
    bytes.extend(format!("0\r\n{trailers}\r\n").into_bytes());
    bytes
}
