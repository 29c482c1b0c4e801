//! A client of HTTP/1.1 that takes an answer apart itself, byte by byte: it notices what a library would forgive.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use super::eventually::DEADLINE;

/// A connection that requests are sent on, one after the other.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
}

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    pub(crate) target: &'a str,
    pub(crate) headers: &'a [(&'a str, &'a str)],
    pub(crate) body: Body<'a>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Body<'a> {
    /// Neither a body nor a word of one.
    None,
    /// With its length.
    Sized(&'a [u8]),
    /// In chunks of this many bytes.
    Chunked(&'a [u8], usize),
    /// In chunks that the test sends itself.
    Streamed,
}

impl<'a> Request<'a> {
    pub(crate) const fn get(target: &'a str) -> Self {
        Self {
            method: "GET",
            target,
            headers: &[],
            body: Body::None,
        }
    }

    pub(crate) const fn post(target: &'a str, body: Body<'a>) -> Self {
        Self {
            method: "POST",
            target,
            headers: &[],
            body,
        }
    }
}

/// The beginning of an answer.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
}

impl Head {
    /// The value of a header that comes at most once.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self
            .headers
            .iter()
            .filter(|(header, _)| header.eq_ignore_ascii_case(name));
        let (_, value) = values.next()?;
        assert!(values.next().is_none(), "more than one {name}: {self:?}");
        Some(value)
    }

    fn is_chunked(&self) -> bool {
        self.header("transfer-encoding")
            .is_some_and(|coding| coding == "chunked")
    }
}

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) head: Head,
    pub(crate) body: Vec<u8>,
}

impl Connection {
    pub(crate) fn open(server: SocketAddr) -> Self {
        Self::try_open(server).unwrap_or_else(|error| panic!("{server} takes no connection: {error}"))
    }

    pub(crate) fn try_open(server: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&server, DEADLINE)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(DEADLINE))?;
        stream.set_write_timeout(Some(DEADLINE))?;
        Ok(Self {
            stream: BufReader::new(stream),
        })
    }

    /// A second handle to the connection, to send from another thread.
    pub(crate) fn sender(&self) -> Sender {
        Sender(self.stream.get_ref().try_clone().expect("a descriptor is free"))
    }

    /// Sends a request and receives its answer, both at once: a server may answer before it has the whole body.
    pub(crate) fn ask(&mut self, request: Request<'_>) -> Response {
        let mut sender = self.sender();
        std::thread::scope(|scope| {
            // A server that does not want the body may close before it has it, and its answer says why.
            scope.spawn(move || drop(sender.try_send(request)));
            self.receive(request.method)
        })
    }

    pub(crate) fn receive(&mut self, method: &str) -> Response {
        self.try_receive(method)
            .unwrap_or_else(|error| panic!("no whole answer: {error}"))
    }

    /// Receives an answer.
    ///
    /// # Errors
    ///
    /// The connection ends in it, or in its place.
    pub(crate) fn try_receive(&mut self, method: &str) -> io::Result<Response> {
        let head = self.try_receive_head()?;
        let mut body = Vec::new();
        let is_empty = method == "HEAD" || matches!(head.status, 100..200 | 204 | 304);
        if is_empty {
        } else if head.is_chunked() {
            while let Some(chunk) = self.try_receive_chunk()? {
                body.extend(chunk);
            }
            // Trailers would be here. Nobody asked for any (RFC 9110, 10.1.4), and the end must be there all the same.
            self.fields()?;
        } else if let Some(length) = head.header("content-length") {
            let length = length.parse().expect("a length is a number");
            body.resize(length, 0);
            self.stream.read_exact(&mut body)?;
        } else {
            self.stream.read_to_end(&mut body)?;
        }
        Ok(Response { head, body })
    }

    pub(crate) fn receive_head(&mut self) -> Head {
        self.try_receive_head()
            .unwrap_or_else(|error| panic!("no answer: {error}"))
    }

    fn try_receive_head(&mut self) -> io::Result<Head> {
        let line = self.line()?;
        let status = line
            .strip_prefix("HTTP/1.1 ")
            .and_then(|rest| rest.get(..3)?.parse().ok());
        let status = status.unwrap_or_else(|| panic!("no status line: {line:?}"));
        let headers = self.fields()?;
        Ok(Head { status, headers })
    }

    /// The next chunk of a body that comes in chunks; nothing at its end, which the trailers follow.
    pub(crate) fn try_receive_chunk(&mut self) -> io::Result<Option<Vec<u8>>> {
        let line = self.line()?;
        let size = line.split(';').next().map(|size| usize::from_str_radix(size, 16));
        let Some(Ok(size)) = size else {
            panic!("no size of a chunk: {line:?}");
        };
        if size == 0 {
            return Ok(None);
        }
        let mut chunk = vec![0; size];
        self.stream.read_exact(&mut chunk)?;
        assert_eq!(self.line()?, "", "a chunk ends where it said");
        Ok(Some(chunk))
    }

    /// Receives chunks until there are so many bytes.
    pub(crate) fn receive_chunks(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        while bytes.len() < count {
            let chunk = self.try_receive_chunk().expect("the server sends");
            bytes.extend(chunk.expect("the body goes on"));
        }
        bytes
    }

    /// Expects that the server ends the connection without another byte.
    pub(crate) fn end(&mut self) {
        let mut rest = Vec::new();
        match self.stream.read_to_end(&mut rest) {
            Err(error) if error.kind() != io::ErrorKind::ConnectionReset => {
                panic!("the server should have closed: {error}")
            }
            _ => assert_eq!(rest.escape_ascii().to_string(), "", "the connection should have ended"),
        }
    }

    /// Lines of names and values, up to the empty one.
    fn fields(&mut self) -> io::Result<Vec<(String, String)>> {
        let mut fields = Vec::new();
        loop {
            let line = self.line()?;
            if line.is_empty() {
                return Ok(fields);
            }
            let (name, value) = line.split_once(':').unwrap_or_else(|| panic!("no field: {line:?}"));
            fields.push((name.to_owned(), value.trim().to_owned()));
        }
    }

    /// A line without its end, which must be CR LF.
    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        match line.strip_suffix("\r\n") {
            Some(line) => Ok(line.to_owned()),
            None if !line.ends_with('\n') => Err(io::ErrorKind::UnexpectedEof.into()),
            None => panic!("a line without CR: {line:?}"),
        }
    }
}

/// The sending side of a connection.
#[derive(Debug)]
pub(crate) struct Sender(TcpStream);

impl Sender {
    pub(crate) fn send(&mut self, request: Request<'_>) {
        self.try_send(request).expect("the server takes what is sent");
    }

    fn try_send(&mut self, request: Request<'_>) -> io::Result<()> {
        let Request {
            method,
            target,
            headers,
            body,
        } = request;
        let mut head = format!("{method} {target} HTTP/1.1\r\nhost: localhost\r\n");
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        head += &match body {
            Body::None => String::new(),
            Body::Sized(body) => format!("content-length: {}\r\n", body.len()),
            Body::Chunked(..) | Body::Streamed => "transfer-encoding: chunked\r\n".to_owned(),
        };
        head += "\r\n";
        self.0.write_all(head.as_bytes())?;
        match body {
            Body::None | Body::Streamed => Ok(()),
            Body::Sized(body) => self.0.write_all(body),
            Body::Chunked(body, size) => {
                for chunk in body.chunks(size) {
                    self.try_send_chunk(chunk)?;
                }
                self.try_send_chunk(b"")
            }
        }
    }

    /// Sends bytes that are no request.
    pub(crate) fn try_send_raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }

    /// Sends a chunk of a body; an empty one is its end.
    pub(crate) fn send_chunk(&mut self, chunk: &[u8]) {
        self.try_send_chunk(chunk).expect("the server takes what is sent");
    }

    fn try_send_chunk(&mut self, chunk: &[u8]) -> io::Result<()> {
        self.0.write_all(format!("{:x}\r\n", chunk.len()).as_bytes())?;
        self.0.write_all(chunk)?;
        self.0.write_all(b"\r\n")
    }
}
