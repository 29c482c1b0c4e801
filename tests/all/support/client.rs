//! A peer of a server: a socket on which every operation has a deadline.

use std::ffi::OsStr;
use std::io::{self, BufRead as _, BufReader, ErrorKind, Read as _, Write as _};
use std::net::{IpAddr, Shutdown, SocketAddr};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::thread;
use std::time::Duration;

use socket2::{Domain, SockAddr, Socket, Type};
use socketserver::{Listen, UnixName};

use super::eventually::{DEADLINE, settled};

/// One end of a TCP or Unix connection.
#[derive(Debug)]
pub(crate) struct Client {
    socket: BufReader<Socket>,
}

/// How a stream ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum End {
    /// In order.
    Closed,
    /// With a reset.
    Reset,
}

impl Client {
    /// Connects to where a server said that it listens, such as `tcp://127.0.0.1:4711`.
    pub(crate) fn connect(to: &str) -> io::Result<Self> {
        Self::connect_socket(Self::socket_for(to)?, to)
    }

    /// Connects from a certain address, such as `127.0.0.2`.
    pub(crate) fn connect_from(from: &str, to: &str) -> io::Result<Self> {
        let socket = Self::socket_for(to)?;
        let from: IpAddr = from.parse().expect("an IP address");
        socket.bind(&SocketAddr::new(from, 0).into())?;
        Self::connect_socket(socket, to)
    }

    /// Connects from a Unix socket that has a path.
    pub(crate) fn connect_from_path(from: &Path, to: &str) -> io::Result<Self> {
        let socket = Self::socket_for(to)?;
        socket.bind(&SockAddr::unix(from)?)?;
        Self::connect_socket(socket, to)
    }

    fn socket_for(to: &str) -> io::Result<Socket> {
        let domain = address(to).domain();
        Socket::new(domain, Type::STREAM, None)
    }

    fn connect_socket(socket: Socket, to: &str) -> io::Result<Self> {
        let address = address(to);
        if address.domain() == Domain::UNIX {
            // Its connect does not wait for a peer: it succeeds or fails at once, or waits for room in the backlog, which
            // the timeout for sending bounds (unix(7)).
            socket.set_write_timeout(Some(DEADLINE))?;
            socket.connect(&address)?;
        } else {
            socket.connect_timeout(&address, DEADLINE)?;
            socket.set_tcp_nodelay(true)?;
        }
        socket.set_read_timeout(Some(DEADLINE))?;
        socket.set_write_timeout(Some(DEADLINE))?;
        Ok(Self {
            socket: BufReader::new(socket),
        })
    }

    /// The address of this side, as the server's log shows it.
    pub(crate) fn address(&self) -> SocketAddr {
        let address = self.socket().local_addr().expect("a connected socket has an address");
        address.as_socket().expect("an IP socket")
    }

    /// Sends all of `bytes`.
    pub(crate) fn send(&self, bytes: impl AsRef<[u8]>) {
        self.try_send(bytes).expect("the server takes what is sent");
    }

    pub(crate) fn try_send(&self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.socket().write_all(bytes.as_ref())
    }

    /// Says that nothing more will be sent.
    pub(crate) fn finish(&self) {
        self.socket().shutdown(Shutdown::Write).expect("the connection is open");
    }

    /// Receives so many bytes.
    pub(crate) fn receive(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        self.socket
            .read_exact(&mut bytes)
            .unwrap_or_else(|error| panic!("the server should have sent {count} bytes: {error}"));
        bytes
    }

    /// Receives so many bytes, unless the stream ends before.
    pub(crate) fn try_receive(&mut self, count: usize) -> Option<Vec<u8>> {
        let mut bytes = vec![0; count];
        self.socket.read_exact(&mut bytes).ok()?;
        Some(bytes)
    }

    /// Receives what there is, and returns how much; nothing is the end of the stream.
    pub(crate) fn receive_some(&mut self, buffer: &mut [u8]) -> usize {
        self.socket.read(buffer).expect("the server sends, or ends in order")
    }

    /// Receives a line, and returns it without its end.
    pub(crate) fn receive_line(&mut self) -> String {
        let mut line = String::new();
        self.socket.read_line(&mut line).expect("the server sends a line");
        let line = line.strip_suffix('\n');
        line.expect("the server ends the line before the stream").to_owned()
    }

    /// Sends a line, and returns the line that answers it.
    pub(crate) fn ask(&mut self, line: &str) -> String {
        self.send(format!("{line}\n"));
        self.receive_line()
    }

    /// As [`ask`](Self::ask), unless the connection has ended.
    pub(crate) fn try_ask(&mut self, line: &str) -> Option<String> {
        self.try_send(format!("{line}\n")).ok()?;
        let mut answer = String::new();
        self.socket.read_line(&mut answer).ok()?;
        Some(answer.strip_suffix('\n')?.to_owned())
    }

    /// Sends `bytes`, and expects them back.
    pub(crate) fn echo(&mut self, bytes: impl AsRef<[u8]>) {
        let bytes = bytes.as_ref();
        self.send(bytes);
        assert_eq!(self.receive(bytes.len()), bytes);
    }

    /// Sends all of `bytes` and their end, receives until the stream ends meanwhile, and tells how it did.
    pub(crate) fn exchange(&mut self, bytes: &[u8]) -> (Vec<u8>, End) {
        let sender = self.split();
        thread::scope(|scope| {
            scope.spawn(|| {
                sender.send(bytes);
                sender.finish();
            });
            self.receive_to_end()
        })
    }

    /// Receives until the stream ends, and tells how it did.
    pub(crate) fn receive_to_end(&mut self) -> (Vec<u8>, End) {
        let mut bytes = Vec::new();
        match self.socket.read_to_end(&mut bytes) {
            Ok(_) => (bytes, End::Closed),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => (bytes, End::Reset),
            Err(error) => panic!("the server should have ended the stream: {error}"),
        }
    }

    /// Expects that the stream ends without another byte, and tells how it did.
    pub(crate) fn end(&mut self) -> End {
        let (bytes, end) = self.receive_to_end();
        assert_eq!(bytes.escape_ascii().to_string(), "", "the stream should have ended");
        end
    }

    /// Whether there is nothing to receive: no byte, and no end of the stream.
    pub(crate) fn is_silent(&self) -> bool {
        self.socket().set_nonblocking(true).expect("a socket");
        let mut byte = [std::mem::MaybeUninit::uninit()];
        let peeked = self.socket().peek(&mut byte);
        self.socket().set_nonblocking(false).expect("a socket");
        self.socket.buffer().is_empty() && matches!(peeked, Err(error) if error.kind() == ErrorKind::WouldBlock)
    }

    /// Waits until no more bytes come in, because nobody takes those that are there: the server is stuck in sending.
    pub(crate) fn wait_until_sender_is_stuck(&self) {
        let waiting = || rustix::io::ioctl_fionread(self.socket()).expect("a socket");
        settled("the server sends no more", waiting);
    }

    /// Sends until the server takes no more for a while, and returns how much it took.
    pub(crate) fn send_until_full(&self) -> usize {
        self.socket().set_write_timeout(Some(FULL)).expect("a socket");
        let mut taken = 0;
        let full = loop {
            match self.socket().write(&[b'x'; 64 << 10]) {
                Ok(count) => taken += count,
                Err(error) => break error,
            }
            assert!(taken < 64 << 20, "the server takes without end");
        };
        assert_eq!(full.kind(), ErrorKind::WouldBlock, "{full}");
        self.socket().set_write_timeout(Some(DEADLINE)).expect("a socket");
        taken
    }

    /// Ends the connection with a reset.
    pub(crate) fn reset(self) {
        self.socket().set_linger(Some(Duration::ZERO)).expect("a socket");
    }

    fn socket(&self) -> &Socket {
        self.socket.get_ref()
    }

    /// A second handle to the same connection, for another thread.
    pub(crate) fn split(&self) -> Self {
        Self {
            socket: BufReader::new(self.socket().try_clone().expect("a descriptor is free")),
        }
    }
}

fn address(url: &str) -> SockAddr {
    match url.parse().expect("the server says where it listens as a URL") {
        Listen::Http { host, port } | Listen::Tcp { host, port } => {
            let host: IpAddr = host.parse().expect("the server says an IP address");
            SocketAddr::new(host, port).into()
        }
        Listen::HttpUnix {
            name: UnixName::Path(path),
            ..
        }
        | Listen::Unix {
            name: UnixName::Path(path),
            ..
        } => SockAddr::unix(path).expect("the path fits"),
        Listen::HttpUnix {
            name: UnixName::Abstract(name),
            ..
        }
        | Listen::Unix {
            name: UnixName::Abstract(name),
            ..
        } => SockAddr::unix(OsStr::from_bytes(&[b"\0", &name[..]].concat())).expect("the name fits"),
        other => panic!("an unknown kind of listener: {other:?}"),
    }
}

/// How long a stream must be stuck to count as full.
const FULL: Duration = Duration::from_millis(500);

/// Bytes without a pattern that a mistake could fall into step with, by Knuth's linear congruence.
pub(crate) fn noise(count: usize) -> Vec<u8> {
    let mut state = 0_u64;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        state.to_be_bytes()[0]
    };
    (0..count).map(|_| next()).collect()
}
