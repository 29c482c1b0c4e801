//! A request as bytes.

use std::io::Write as _;

use crate::fields::{self, Field};

/// A request, as a runtime tells it.
#[derive(Clone, Debug)]
pub struct Request {
    /// `GET`
    pub method: String,
    /// The path and the query; `/` where there is none.
    pub target: String,
    /// The host, and its port if it is not the default; where a runtime leaves it empty, it is what the field `Host` says.
    pub authority: String,
    /// The header fields.
    pub fields: Vec<Field>,
}

/// How the body of a request is delimited.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RequestBody {
    /// There is none.
    Empty,
    /// By `Content-Length`: its bytes as they are.
    Sized,
    /// By chunks, because its length is not known beforehand.
    Chunked,
}

/// A request that cannot be written as HTTP/1.1 without becoming another one: its client is at fault.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct BadRequest(pub &'static str);

impl Request {
    /// Whether the length of its body is known; if it is, the body is [`RequestBody::Sized`].
    ///
    /// # Errors
    ///
    /// There is more than one length, or it is no number.
    pub fn length(&self) -> Result<Option<u64>, BadRequest> {
        fields::content_length(&self.fields).map_err(BadRequest)
    }

    /// Its request line and header fields.
    ///
    /// The fields of the client's connection are left out. The handler is told that there will be no other request on this
    /// connection. `Expect` is left out too: the runtime has answered it, or does when the body is asked for.
    ///
    /// # Errors
    ///
    /// A part of it has bytes in it that would end the line, or the field, where it does not end.
    pub fn head(&self, body: RequestBody) -> Result<Vec<u8>, BadRequest> {
        let Self {
            method,
            target,
            authority,
            fields,
        } = self;
        if method.is_empty() || !method.bytes().all(is_of_token) {
            return Err(BadRequest("a method that is no token"));
        }
        if target.is_empty() || !target.bytes().all(is_visible) {
            return Err(BadRequest("a target with white space or control characters"));
        }
        let hosts: Vec<&[u8]> = fields::named(fields, "host").collect();
        let host = match hosts.as_slice() {
            [_, _, ..] => return Err(BadRequest("more than one Host")),
            [host] if authority.is_empty() => host,
            _ => authority.as_bytes(),
        };
        if !host.iter().copied().all(is_visible) {
            return Err(BadRequest("an authority with white space or control characters"));
        }
        let mut head = format!("{method} {target} HTTP/1.1\r\n").into_bytes();
        push(&mut head, "Host", host);
        let mut cookies: Vec<&[u8]> = Vec::new();
        let own = fields::of_message(fields.clone());
        for (name, value) in &own {
            if name.is_empty() || !name.bytes().all(is_of_token) {
                return Err(BadRequest("a field name that is no token"));
            }
            if value.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)) {
                return Err(BadRequest("a field value with a line end in it"));
            }
            match name.to_ascii_lowercase().as_str() {
                "host" | "expect" => {}
                "content-length" if body != RequestBody::Sized => {}
                // RFC 9113, section 8.2.3: one client may send several, and a server of HTTP/1.1 expects one.
                "cookie" => cookies.push(value),
                _ => push(&mut head, name, value),
            }
        }
        if !cookies.is_empty() {
            push(&mut head, "Cookie", &cookies.join(&b"; "[..]));
        }
        match body {
            RequestBody::Chunked => push(&mut head, "Transfer-Encoding", b"chunked"),
            // Such a request has a body in general, and a server may insist on being told where it ends.
            RequestBody::Empty if matches!(method.as_str(), "POST" | "PUT" | "PATCH") => {
                push(&mut head, "Content-Length", b"0");
            }
            _ => {}
        }
        push(&mut head, "Connection", b"close");
        head.extend_from_slice(b"\r\n");
        Ok(head)
    }
}

impl RequestBody {
    /// A part of the body; `part` is not empty.
    #[must_use]
    pub fn part(self, part: Vec<u8>) -> Vec<u8> {
        if self != Self::Chunked {
            return part;
        }
        let mut chunk = Vec::with_capacity(part.len() + 16);
        // Writing to memory does not fail.
        let _ = write!(chunk, "{:x}\r\n", part.len());
        chunk.extend_from_slice(&part);
        chunk.extend_from_slice(b"\r\n");
        chunk
    }

    /// What ends it.
    #[must_use]
    pub fn end(self) -> Vec<u8> {
        match self {
            Self::Chunked => b"0\r\n\r\n".to_vec(),
            _ => Vec::new(),
        }
    }
}

fn push(head: &mut Vec<u8>, name: &str, value: &[u8]) {
    head.extend_from_slice(name.as_bytes());
    head.extend_from_slice(b": ");
    head.extend_from_slice(value);
    head.extend_from_slice(b"\r\n");
}

fn is_visible(byte: u8) -> bool {
    byte > b' ' && byte != 0x7f
}

/// RFC 9110, section 5.6.2.
fn is_of_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: &str, fields: &[(&str, &str)]) -> Request {
        let fields = fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()));
        Request {
            method: method.to_owned(),
            target: "/a?b=c".to_owned(),
            authority: "example.org:8080".to_owned(),
            fields: fields.collect(),
        }
    }

    fn head(request: &Request, body: RequestBody) -> String {
        String::from_utf8(request.head(body).unwrap()).unwrap()
    }

    #[test]
    fn a_request_has_its_line_its_host_and_its_fields() {
        let get = request(
            "GET",
            &[("accept", "*/*"), ("TE", "trailers"), ("expect", "100-continue")],
        );
        assert_eq!(
            head(&get, RequestBody::Empty),
            "GET /a?b=c HTTP/1.1\r\nHost: example.org:8080\r\naccept: */*\r\nConnection: close\r\n\r\n"
        );
    }

    #[test]
    fn the_host_is_told_by_the_authority_or_by_the_field() {
        let mut get = request("GET", &[("host", "field.example")]);
        assert!(head(&get, RequestBody::Empty).contains("\r\nHost: example.org:8080\r\n"));
        get.authority.clear();
        assert!(head(&get, RequestBody::Empty).contains("\r\nHost: field.example\r\n"));
        get.fields.push(("Host".to_owned(), b"other.example".to_vec()));
        assert!(get.head(RequestBody::Empty).is_err());
    }

    #[test]
    fn a_body_is_delimited() {
        let post = request("POST", &[("content-length", "3")]);
        assert_eq!(post.length(), Ok(Some(3)));
        assert!(head(&post, RequestBody::Sized).contains("\r\ncontent-length: 3\r\n"));
        assert_eq!(RequestBody::Sized.part(b"abc".to_vec()), b"abc");
        assert_eq!(RequestBody::Sized.end(), b"");

        let put = request("PUT", &[]);
        assert_eq!(put.length(), Ok(None));
        assert!(head(&put, RequestBody::Chunked).contains("\r\nTransfer-Encoding: chunked\r\n"));
        assert_eq!(
            RequestBody::Chunked.part(vec![b'x'; 17]),
            b"11\r\nxxxxxxxxxxxxxxxxx\r\n"
        );
        assert_eq!(RequestBody::Chunked.end(), b"0\r\n\r\n");
        assert!(head(&put, RequestBody::Empty).contains("\r\nContent-Length: 0\r\n"));
        assert!(!head(&request("GET", &[]), RequestBody::Empty).contains("Length"));
    }

    #[test]
    fn cookies_become_one_field() {
        let get = request("GET", &[("cookie", "a=1"), ("x", "y"), ("cookie", "b=2")]);
        assert!(head(&get, RequestBody::Empty).contains("\r\nCookie: a=1; b=2\r\n"));
    }

    #[test]
    fn nothing_can_be_smuggled() {
        let mut split = request("GET", &[("x", "a\r\nContent-Length: 5")]);
        assert!(split.head(RequestBody::Empty).is_err());
        split = request("GET", &[("x: y\r\nz", "a")]);
        assert!(split.head(RequestBody::Empty).is_err());
        split = request("GET / HTTP/1.1\r\nx:", &[]);
        assert!(split.head(RequestBody::Empty).is_err());
        for target in ["/ HTTP/1.1\r\n\r\n", "/a b", ""] {
            let target = target.to_owned();
            assert!(
                Request {
                    target,
                    ..request("GET", &[])
                }
                .head(RequestBody::Empty)
                .is_err()
            );
        }
        let authority = "a\r\nX: y".to_owned();
        assert!(
            Request {
                authority,
                ..request("GET", &[])
            }
            .head(RequestBody::Empty)
            .is_err()
        );
        assert!(
            request("POST", &[("content-length", "1"), ("content-length", "2")])
                .length()
                .is_err()
        );
    }
}
