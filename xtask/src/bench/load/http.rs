//! Requests of HTTP/1.1 on connections that stay.

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::connect;
use super::tally::Tally;

const REQUEST: &[u8] = b"GET /hello HTTP/1.1\r\nhost: localhost\r\n\r\n";

/// What the handlers that are measured answer.
const BODY: &[u8] = b"Hello, HTTP!\n";

/// Asks when the answer to the request before is complete, until it is told to stop.
pub(super) async fn client(server: SocketAddr, tally: Rc<Tally>) -> Result<()> {
    let mut stream = connect::open(server).await?;
    let mut answer = Vec::with_capacity(1024);
    stream.write_all(REQUEST).await.context("cannot send")?;
    receive(&mut stream, &mut answer).await?;
    tally.begin();
    while !tally.is_stopped() {
        let started = Instant::now();
        stream.write_all(REQUEST).await.context("cannot send")?;
        receive(&mut stream, &mut answer).await?;
        tally.record(started.elapsed());
    }
    // The server waits for a next request, so it has nothing to say before its end.
    connect::close(stream).await
}

/// Receives one answer, which must be the right one.
async fn receive(stream: &mut TcpStream, answer: &mut Vec<u8>) -> Result<()> {
    answer.clear();
    loop {
        let count = stream.read_buf(answer).await.context("no answer")?;
        ensure!(
            count > 0,
            "the server ends the connection in an answer: {}",
            answer.escape_ascii()
        );
        if is_complete(answer)? {
            return Ok(());
        }
    }
}

/// Whether this is a whole answer, or the beginning of one.
///
/// # Errors
///
/// It is another one.
fn is_complete(answer: &[u8]) -> Result<bool> {
    let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") else {
        return Ok(false);
    };
    let (head, body) = answer.split_at(end + 4);
    let head = str::from_utf8(head).context("a head that is no text")?;
    ensure!(head.starts_with("HTTP/1.1 200 "), "another answer: {head}");
    let field = |name: &str| {
        head.lines().find_map(|line| {
            let (field, value) = line.split_once(": ")?;
            field.eq_ignore_ascii_case(name).then_some(value)
        })
    };
    let expected = if let Some(length) = field("content-length") {
        ensure!(length.parse() == Ok(BODY.len()), "another length: {head}");
        BODY.to_vec()
    } else if field("transfer-encoding") == Some("chunked") {
        [format!("{:X}\r\n", BODY.len()).as_bytes(), BODY, b"\r\n0\r\n\r\n"].concat()
    } else {
        bail!("an answer without an end: {head}");
    };
    ensure!(expected.starts_with(body), "another body: {}", body.escape_ascii());
    Ok(body.len() == expected.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_framings_are_complete_at_their_end_and_not_before() {
        for answer in [
            "HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\nHello, HTTP!\n",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nD\r\nHello, HTTP!\n\r\n0\r\n\r\n",
        ] {
            assert!(is_complete(answer.as_bytes()).unwrap());
            for length in 0..answer.len() {
                assert!(!is_complete(&answer.as_bytes()[..length]).unwrap(), "{length}");
            }
        }
    }

    #[test]
    fn another_answer_is_noticed() {
        for answer in [
            "HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 12\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 13\r\n\r\nHello, HTTPS!",
            "HTTP/1.1 200 OK\r\n\r\nHello, HTTP!\n",
        ] {
            assert!(is_complete(answer.as_bytes()).is_err(), "{answer}");
        }
    }
}
