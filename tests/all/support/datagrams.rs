//! Peers that send and receive datagrams, with a deadline on whatever they wait for.

use std::fmt::Debug;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{self as unix, UnixDatagram};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use socketserver::{Listen, UnixName};

use super::eventually::DEADLINE;

/// A UDP socket that is bound to an address of its own, and connected to nobody.
#[derive(Debug)]
pub(crate) struct Peer {
    socket: UdpSocket,
    server: SocketAddr,
}

impl Peer {
    /// A peer of a server at this URL, such as `udp://127.0.0.1:4711`, on the loopback interface.
    pub(crate) fn of(server: &str) -> Self {
        let server = udp_address(server);
        let from: IpAddr = match server {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        };
        Self::bound(from, server)
    }

    /// As [`of`](Self::of), with an address such as `127.0.0.2`.
    pub(crate) fn from(from: &str, server: &str) -> Self {
        Self::bound(from.parse().expect("an IP address"), udp_address(server))
    }

    fn bound(from: IpAddr, server: SocketAddr) -> Self {
        let socket = UdpSocket::bind((from, 0)).expect("the loopback interface has the address");
        socket.set_read_timeout(Some(DEADLINE)).expect("a socket");
        socket.set_write_timeout(Some(DEADLINE)).expect("a socket");
        Self { socket, server }
    }

    /// The address of this side, as the server's log shows it.
    pub(crate) fn address(&self) -> SocketAddr {
        self.socket.local_addr().expect("a bound socket has an address")
    }

    /// Sends one datagram.
    pub(crate) fn send(&self, datagram: impl AsRef<[u8]>) {
        let datagram = datagram.as_ref();
        let sent = self.socket.send_to(datagram, self.server);
        assert_eq!(sent.expect("the kernel takes a datagram"), datagram.len());
    }

    /// Receives one datagram, from whomever.
    pub(crate) fn receive_from(&self) -> (Vec<u8>, SocketAddr) {
        received(|room| self.socket.recv_from(room))
    }

    /// Receives one datagram, which must come from the address that this peer sends to.
    pub(crate) fn receive(&self) -> Vec<u8> {
        let (datagram, from) = self.receive_from();
        assert_eq!(from, self.server, "an answer comes from where the question went");
        datagram
    }

    /// Sends a datagram, and returns the text that answers it.
    pub(crate) fn ask(&self, datagram: impl AsRef<[u8]>) -> String {
        self.send(datagram);
        text(self.receive())
    }

    /// Sends this datagram without a pause, while something else is done.
    pub(crate) fn flood<T>(&self, datagram: &str, meanwhile: impl FnOnce() -> T) -> T {
        /// Ends the flood, also when the test fails.
        struct End<'a>(&'a AtomicBool);
        impl Drop for End<'_> {
            fn drop(&mut self) {
                self.0.store(true, Ordering::Relaxed);
            }
        }

        let over = AtomicBool::new(false);
        thread::scope(|scope| {
            let _end = End(&over);
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    self.send(datagram);
                }
            });
            meanwhile()
        })
    }

    /// Whether there is nothing to receive. What the server has sent is there at once, over loopback.
    pub(crate) fn is_silent(&self) -> bool {
        is_silent(
            |nonblocking| self.socket.set_nonblocking(nonblocking),
            || self.socket.recv(&mut [0]),
        )
    }
}

/// A Unix datagram socket, with or without a name.
#[derive(Debug)]
pub(crate) struct UnixPeer {
    socket: UnixDatagram,
    server: unix::SocketAddr,
}

impl UnixPeer {
    /// A peer whose socket is a file.
    pub(crate) fn at_path(path: &Path, server: &str) -> Self {
        Self::new(UnixDatagram::bind(path), server)
    }

    /// A peer with a name in the abstract namespace.
    pub(crate) fn with_name(name: &str, server: &str) -> Self {
        let name = unix::SocketAddr::from_abstract_name(name).expect("the name fits");
        Self::new(UnixDatagram::bind_addr(&name), server)
    }

    /// A peer without a name, whom nobody can answer.
    pub(crate) fn nameless(server: &str) -> Self {
        Self::new(UnixDatagram::unbound(), server)
    }

    fn new(socket: io::Result<UnixDatagram>, server: &str) -> Self {
        let socket = socket.expect("the name is free");
        socket.set_read_timeout(Some(DEADLINE)).expect("a socket");
        socket.set_write_timeout(Some(DEADLINE)).expect("a socket");
        let server = unix_address(server);
        Self { socket, server }
    }

    /// Sends one datagram.
    pub(crate) fn send(&self, datagram: impl AsRef<[u8]>) {
        self.try_send(datagram).expect("the server is there");
    }

    pub(crate) fn try_send(&self, datagram: impl AsRef<[u8]>) -> io::Result<()> {
        self.socket.send_to_addr(datagram.as_ref(), &self.server).map(drop)
    }

    /// Sends datagrams to another socket until there is no more room, and returns how many it took.
    pub(crate) fn fill(&self, other: &Path) -> usize {
        self.socket.set_nonblocking(true).expect("a socket");
        let sent = (0..)
            .take_while(|_| self.socket.send_to(b"filled", other).is_ok())
            .count();
        self.socket.set_nonblocking(false).expect("a socket");
        sent
    }

    /// Receives one datagram.
    pub(crate) fn receive(&self) -> String {
        text(received(|room| self.socket.recv_from(room)).0)
    }

    /// Sends a datagram, and returns the text that answers it.
    pub(crate) fn ask(&self, datagram: impl AsRef<[u8]>) -> String {
        self.send(datagram);
        self.receive()
    }

    /// Whether there is nothing to receive.
    pub(crate) fn is_silent(&self) -> bool {
        is_silent(
            |nonblocking| self.socket.set_nonblocking(nonblocking),
            || self.socket.recv(&mut [0]),
        )
    }
}

fn received<A: Debug>(receive: impl FnOnce(&mut [u8]) -> io::Result<(usize, A)>) -> (Vec<u8>, A) {
    let mut room = vec![0; LONGEST];
    let (length, from) = receive(&mut room).expect("the server should have sent a datagram");
    room.truncate(length);
    (room, from)
}

fn is_silent(set_nonblocking: impl Fn(bool) -> io::Result<()>, receive: impl FnOnce() -> io::Result<usize>) -> bool {
    set_nonblocking(true).expect("a socket");
    let received = receive();
    set_nonblocking(false).expect("a socket");
    matches!(received, Err(error) if error.kind() == ErrorKind::WouldBlock)
}

fn text(datagram: Vec<u8>) -> String {
    String::from_utf8(datagram).expect("the tests send and expect text")
}

fn udp_address(url: &str) -> SocketAddr {
    match url.parse().expect("the server says where it listens as a URL") {
        Listen::Udp { host, port } => SocketAddr::new(host.parse().expect("the server says an IP address"), port),
        other => panic!("not UDP: {other:?}"),
    }
}

fn unix_address(url: &str) -> unix::SocketAddr {
    match url.parse().expect("the server says where it listens as a URL") {
        Listen::UnixGram {
            name: UnixName::Path(path),
            ..
        } => unix::SocketAddr::from_pathname(path).expect("the path fits"),
        Listen::UnixGram {
            name: UnixName::Abstract(name),
            ..
        } => unix::SocketAddr::from_abstract_name(name).expect("the name fits"),
        other => panic!("no Unix datagrams: {other:?}"),
    }
}

/// More than any datagram of IP has.
const LONGEST: usize = 1 << 17;
