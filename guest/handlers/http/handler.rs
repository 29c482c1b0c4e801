//! A static HTTP/1.1 server.

mod body;
mod head;
mod response;
mod site;
mod target;

use std::io::{self, BufRead, ErrorKind, Write};
use std::time::SystemTime;

use socketserver_guest::{Handler, Request, Result};

use crate::head::{Head, Method};
use crate::response::{Response, Status};
use crate::target::Target;

/// A client, and its requests one after the other.
#[derive(Default)]
struct Http;

impl Handler for Http {
    fn handle(&mut self, request: &mut Request) -> Result {
        match serve(&mut request.rfile, &mut request.wfile, SystemTime::now) {
            // Clients close when they have what they want, without waiting for the rest.
            Err(error) if matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset) => Ok(()),
            result => Ok(result?),
        }
    }
}

/// Why a request was not served.
#[derive(Debug)]
enum Failure {
    /// The client gets this status, and then the end of the connection: where its request ends cannot be told.
    Rejected(Status),
    /// The connection failed or ended in the middle of a request.
    Io(io::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<Status> for Failure {
    fn from(status: Status) -> Self {
        Self::Rejected(status)
    }
}

/// Answers requests until the client, or something that it said, ends the connection.
fn serve(reader: &mut impl BufRead, writer: &mut impl Write, clock: fn() -> SystemTime) -> io::Result<()> {
    let mut buffer = Vec::new();
    loop {
        let persistent = match exchange(reader, writer, &mut buffer, clock) {
            Ok(persistent) => persistent,
            Err(Failure::Rejected(status)) => {
                Response::error(status).closing().write(writer, clock())?;
                false
            }
            Err(Failure::Io(error)) if error.kind() == ErrorKind::UnexpectedEof => false,
            Err(Failure::Io(error)) => return Err(error),
        };
        if !persistent {
            return Ok(());
        }
    }
}

/// One request and its response. Returns whether another may follow.
fn exchange(
    reader: &mut impl BufRead,
    writer: &mut impl Write,
    buffer: &mut Vec<u8>,
    clock: fn() -> SystemTime,
) -> std::result::Result<bool, Failure> {
    let Some(head) = Head::read(reader, buffer)? else {
        return Ok(false);
    };
    let mut response = answer(&head);
    if head.expects_continue {
        // RFC 9110, section 10.1.1: a final status instead of 100 leaves open whether the client sends its body.
        if response.status.is_error() {
            response.closing().write(writer, clock())?;
            return Ok(false);
        }
        writer.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
    }
    head.body.discard(reader)?;
    if head.method == Method::Head {
        response = response.without_body();
    }
    response = match (head.persistent, head.is_http_10) {
        (false, _) => response.closing(),
        (true, true) => response.keeping_alive(),
        (true, false) => response,
    };
    response.write(writer, clock())?;
    Ok(head.persistent)
}

fn answer(head: &Head) -> Response {
    let page = match (&head.method, &head.target) {
        (Method::Unknown, _) => return Response::error(Status::NotImplemented),
        (_, Target::Path(path)) => site::find(path),
        // The other forms of a target are those of OPTIONS and CONNECT.
        (Method::NotAllowed, Target::Other) => return Response::error(Status::MethodNotAllowed),
        (_, Target::Other) => return Response::error(Status::BadRequest),
    };
    let Some(page) = page else {
        return Response::error(Status::NotFound);
    };
    match head.method {
        Method::Get | Method::Head if head.has_current(page.etag.as_str()) => Response::not_modified(page),
        Method::Get | Method::Head => Response::page(page),
        _ => Response::error(Status::MethodNotAllowed),
    }
}

socketserver_guest::export!(Http);

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    fn clock() -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(784_111_777)
    }

    fn exchange(input: impl AsRef<[u8]>) -> String {
        let mut output = Vec::new();
        serve(&mut input.as_ref(), &mut output, clock).unwrap();
        String::from_utf8(output).unwrap()
    }

    /// The statuses of the responses, in order.
    fn statuses(input: impl AsRef<[u8]>) -> Vec<u16> {
        let output = exchange(input);
        let lines = output.lines().filter_map(|line| line.strip_prefix("HTTP/1.1 "));
        lines.map(|line| line[..3].parse().unwrap()).collect()
    }

    #[test]
    fn a_page_comes_with_what_describes_it() {
        let output = exchange("GET /robots.txt HTTP/1.1\r\nHost: a\r\n\r\n");
        let (head, body) = output.split_once("\r\n\r\n").unwrap();
        assert_eq!(body, include_str!("site/robots.txt"));
        for line in [
            "HTTP/1.1 200 OK",
            "Date: Sun, 06 Nov 1994 08:49:37 GMT",
            "Content-Type: text/plain; charset=utf-8",
            "Content-Length: 23",
        ] {
            assert!(head.lines().any(|other| other == line), "{line} in {head}");
        }
        assert!(!head.contains("Connection:"));
    }

    #[test]
    fn head_has_the_fields_of_get_and_no_body() {
        let get = exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        let head = exchange("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_eq!(
            head.split_once("\r\n\r\n").unwrap(),
            (get.split_once("\r\n\r\n").unwrap().0, "")
        );
    }

    #[test]
    fn requests_follow_each_other() {
        let request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
        assert_eq!(statuses(request.repeat(3)), [200; 3]);
        // RFC 9112, section 2.2: an empty line before a request line is ignored.
        assert_eq!(statuses(format!("\r\n{request}\r\n{request}")), [200; 2]);
    }

    #[test]
    fn the_connection_ends_when_the_client_says_so() {
        let close = exchange("GET / HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n".repeat(2));
        assert_eq!(close.matches("HTTP/1.1 200").count(), 1);
        assert!(close.contains("\r\nConnection: close\r\n"));
        assert_eq!(statuses("GET / HTTP/1.0\r\n\r\n".repeat(2)), [200]);
        let kept = exchange("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n".repeat(2));
        assert_eq!(kept.matches("\r\nConnection: keep-alive\r\n").count(), 2);
    }

    #[test]
    fn a_page_that_the_client_has_is_not_sent_again() {
        let output = exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        let etag = output.lines().find_map(|line| line.strip_prefix("ETag: ")).unwrap();
        let with = |value: &str| exchange(format!("GET / HTTP/1.1\r\nHost: a\r\nIf-None-Match: {value}\r\n\r\n"));
        for current in [etag, "*", &format!("\"a\", W/{etag}")] {
            let output = with(current);
            assert!(output.starts_with("HTTP/1.1 304 Not Modified\r\n"), "{current}");
            assert!(output.contains(etag) && output.ends_with("\r\n\r\n"), "{output}");
            assert!(!output.contains("Content-"), "{output}");
        }
        assert!(with("\"a\"").starts_with("HTTP/1.1 200"));
    }

    #[test]
    fn bodies_are_read_and_thrown_away() {
        let next = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
        let length = "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";
        assert_eq!(statuses(format!("{length}{next}")), [200; 2]);
        let chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\
                       5;x=y\r\nhello\r\nA\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n";
        assert_eq!(statuses(format!("{chunked}{next}")), [405, 200]);
    }

    #[test]
    fn a_client_that_waits_for_it_is_told_to_continue() {
        let get = "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello";
        assert_eq!(statuses(get), [100, 200]);
        // Or gets the final status at once.
        assert_eq!(statuses(get.replace("GET", "POST")), [405]);
        assert_eq!(statuses(get.replace("100-continue", "200-ok")), [417]);
    }

    #[test]
    fn methods_that_a_page_has_not_are_told_from_those_that_nobody_has() {
        let output = exchange("DELETE / HTTP/1.1\r\nHost: a\r\n\r\n");
        assert!(output.starts_with("HTTP/1.1 405 Method Not Allowed\r\n"));
        assert!(output.contains("\r\nAllow: GET, HEAD\r\n"));
        assert_eq!(statuses("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"), [405]);
        assert_eq!(statuses("CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n"), [405]);
        assert_eq!(statuses("get / HTTP/1.1\r\nHost: a\r\n\r\n"), [501]);
    }

    #[test]
    fn targets_are_decoded() {
        for (target, status) in [
            ("/?query", 200),
            ("/%61bout.html", 200),
            ("http://other/about.html", 200),
            ("http://other", 200),
            ("/missing", 404),
            ("/../site/index.html", 404),
            ("/%", 400),
            ("/%zz", 400),
            ("*", 400),
            ("index.html", 400),
        ] {
            let request = format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n");
            assert_eq!(statuses(request), [status], "{target}");
        }
    }

    /// Each of these could be read in two ways by two servers, or not at all. Nothing after it may be served.
    #[test]
    fn ambiguous_requests_are_rejected() {
        for (fields, status) in [
            ("", 400),
            ("Host: a\r\nHost: a\r\n", 400),
            ("Host: a b\r\n", 400),
            ("Host: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n", 400),
            ("Host: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n", 400),
            ("Host: a\r\nContent-Length: 5, 5\r\n", 400),
            ("Host: a\r\nContent-Length: +5\r\n", 400),
            ("Host: a\r\nContent-Length: 99999999999999999999\r\n", 400),
            ("Host: a\r\nContent-Length: 1048577\r\n", 413),
            ("Host: a\r\nTransfer-Encoding: chunked, chunked\r\n", 400),
            ("Host: a\r\nTransfer-Encoding: gzip, chunked\r\n", 501),
            ("Host: a\r\nTransfer-Encoding: x\r\n", 501),
            ("Host: a\r\nA: b\r\n c\r\n", 400),
            ("Host: a\r\nA : b\r\n", 400),
            ("Host: a\r\nA: b\n", 400),
            ("Host: a\r\nA: b\rc\r\n", 400),
            ("Host: a\r\nA: b\0c\r\n", 400),
        ] {
            let request = format!("GET / HTTP/1.1\r\n{fields}\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
            assert_eq!(statuses(request), [status], "{fields:?}");
        }
        assert_eq!(
            statuses("GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
            [400]
        );
    }

    #[test]
    fn broken_chunks_are_rejected() {
        for chunks in [
            "x\r\n",
            "-1\r\n",
            "\r\n",
            "5\r\nhello!!",
            "5\nhello\r\n0\r\n\r\n",
            "ffffffffffffffffff\r\n",
        ] {
            let request = format!("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}");
            assert_eq!(statuses(request), [400], "{chunks:?}");
        }
        let large = "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n100001\r\n";
        assert_eq!(statuses(large), [413]);
    }

    #[test]
    fn versions_are_told_apart() {
        assert_eq!(statuses("GET / HTTP/2.0\r\nHost: a\r\n\r\n"), [505]);
        assert_eq!(statuses("GET / HTTP/x\r\nHost: a\r\n\r\n"), [400]);
        assert_eq!(statuses("GET /\r\n\r\n"), [400]);
        assert_eq!(statuses("nonsense\r\n\r\n"), [400]);
    }

    #[test]
    fn heads_are_bounded() {
        let long = "x".repeat(9000);
        assert_eq!(statuses(format!("GET /{long} HTTP/1.1\r\nHost: a\r\n\r\n")), [414]);
        assert_eq!(
            statuses(format!("GET / HTTP/1.1\r\nHost: a\r\nA: {long}\r\nB: {long}\r\n\r\n")),
            [431]
        );
        let many = "A: b\r\n".repeat(64);
        assert_eq!(statuses(format!("GET / HTTP/1.1\r\nHost: a\r\n{many}\r\n")), [431]);
    }

    #[test]
    fn a_request_that_ends_too_early_has_no_answer() {
        assert_eq!(exchange("GET / HT"), "");
        assert_eq!(exchange("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe"), "");
    }
}
