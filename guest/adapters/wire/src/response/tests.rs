use super::*;

/// What a response comes to.
#[derive(Debug, Eq, PartialEq)]
struct Read {
    status: u16,
    fields: Vec<(String, String)>,
    body: String,
    /// What was not taken: it is behind the end.
    rest: usize,
}

/// Reads a response in pieces of `size` bytes, whose body is taken in parts of at most three.
fn read_pieces(data: &[u8], size: usize, is_of_head: bool) -> Result<Read, Malformed> {
    let mut response = Response::new(is_of_head);
    let mut head = None;
    let mut body = Vec::new();
    let mut taken_in_all = 0;
    'pieces: for piece in data.chunks(size) {
        let mut rest = piece;
        loop {
            let (taken, event) = response.next(rest)?;
            rest = &rest[taken..];
            taken_in_all += taken;
            match event {
                Event::More if rest.is_empty() => break,
                Event::More => {}
                Event::Head(found) => assert!(head.replace(found).is_none(), "one head"),
                Event::Body(part) => {
                    let part = &part[..part.len().min(3)];
                    body.extend_from_slice(part);
                    response.take(part.len());
                    rest = &rest[part.len()..];
                    taken_in_all += part.len();
                }
                Event::End => break 'pieces,
            }
        }
    }
    response.finish()?;
    let head = head.expect("a response that has ended has a head");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(Read {
        status: head.status,
        fields: head
            .fields
            .iter()
            .map(|(name, value)| (name.clone(), text(value)))
            .collect(),
        body: text(&body),
        rest: data.len() - taken_in_all,
    })
}

/// The same however it is cut.
fn read(data: impl AsRef<[u8]>) -> Result<Read, Malformed> {
    let data = data.as_ref();
    let whole = read_pieces(data, data.len().max(1), false);
    for size in 1..data.len() {
        assert_eq!(read_pieces(data, size, false), whole, "in pieces of {size}");
    }
    whole
}

fn body_of(data: &str) -> String {
    read(data).unwrap().body
}

#[test]
fn a_response_has_a_status_fields_and_a_body() {
    let data = "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello";
    let fields = [("Content-Type", "text/plain"), ("Content-Length", "5")];
    let expected = Read {
        status: 404,
        fields: fields.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        body: "hello".into(),
        rest: 0,
    };
    assert_eq!(read(data), Ok(expected));
}

#[test]
fn each_framing_is_understood() {
    assert_eq!(body_of("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), "");
    assert_eq!(body_of("HTTP/1.1 200 OK\r\n\r\nuntil the end"), "until the end");
    assert_eq!(body_of("HTTP/1.0 200\r\n\r\nold"), "old");
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\nX: y\r\n\r\n";
    let chunked = read(chunked).unwrap();
    assert_eq!((chunked.body.as_str(), chunked.fields.len()), ("hello world", 0));
}

#[test]
fn a_response_that_has_no_body_has_none() {
    let with_length = "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n";
    assert_eq!(read(with_length).unwrap().fields.len(), 1);
    let no_content = read("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n").unwrap();
    assert_eq!((no_content.fields.len(), no_content.body.as_str()), (0, ""));
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
    let of_head = read_pieces(head.as_bytes(), 9, true).unwrap();
    assert_eq!((of_head.fields.len(), of_head.body.as_str()), (1, ""));
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    assert_eq!(read_pieces(chunked.as_bytes(), 9, true).unwrap().body, "");
}

#[test]
fn informational_responses_are_left_out() {
    let data = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    let read = read(data).unwrap();
    assert_eq!((read.status, read.body.as_str(), read.fields.len()), (200, "ok", 1));
}

#[test]
fn what_is_of_the_connection_stays_there() {
    let data = "HTTP/1.1 200 OK\r\nConnection: close, x-own\r\nX-Own: 1\r\nKeep-Alive: timeout=5\r\nUpgrade: h2c\r\nX: y\r\n\r\n";
    assert_eq!(read(data).unwrap().fields, [("X".to_owned(), "y".to_owned())]);
}

#[test]
fn what_is_behind_the_end_is_not_taken() {
    let data = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n\r\n";
    assert_eq!(read_pieces(data.as_bytes(), data.len(), false).unwrap().rest, 19);
}

#[test]
fn what_is_malformed_is_refused() {
    for data in [
        "",
        "hello\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n",
        "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/1.1 099 x\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\n\r\n",
        "HTTP/2.0 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding:\r\n\r\n0\r\n\r\n",
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
    ] {
        assert!(read(data).is_err(), "{data:?}");
    }
}

#[test]
fn a_head_has_bounds() {
    let fields = "A: b\r\n".repeat(200);
    assert_eq!(
        read_pieces(format!("HTTP/1.1 200 OK\r\n{fields}\r\n").as_bytes(), 1000, false),
        Err(Malformed("more than 128 header fields"))
    );
    let long = format!("HTTP/1.1 200 OK\r\nA: {}", "b".repeat(70_000));
    assert_eq!(
        read_pieces(long.as_bytes(), 1000, false),
        Err(Malformed("a head of more than 64 KiB"))
    );
}
