//! Sockets that are bound and listen, before anybody takes what comes in.
//!
//! Binding is one thing and taking is another: a socket outlives the server that bound it where the next server takes it
//! over, and several processes that have the same one share what comes in.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use rustix::net::sockopt::{socket_acceptconn, socket_type};
use socket2::{Socket, Type};

use super::unix::{self, SocketFile};
use super::{BindError, BindProblem, datagrams, tcp};
use crate::address::{Address, ListenAddress, Transport, UnixName};
use crate::config::SocketOptions;
use crate::listen::Listen;

/// A socket that was bound for a [`Listen`], and listens if that has connections to listen for.
///
/// Peers can connect from then on, and wait in the backlog until a server takes the socket
/// ([`Config::bound`](crate::Config::bound)) and accepts them. It is closed, and its file removed, when the last of its
/// [clones](Self::try_clone) and of the servers that took one is gone.
#[derive(Debug)]
pub struct BoundSocket {
    pub(super) listen: Listen,
    pub(super) local: ListenAddress,
    /// In non-blocking mode.
    pub(super) socket: Socket,
    /// Dropped after the socket, so that nobody finds a socket file that is still being closed.
    pub(super) file: Option<Arc<SocketFile>>,
    /// Whether somebody may have taken from it before.
    pub(super) is_taken_over: bool,
}

impl BoundSocket {
    /// Binds and listens. A host name is looked up here, once.
    ///
    /// # Errors
    ///
    /// Tells the listener that was asked for, the step that failed, and the system's error.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future binds nothing.
    pub async fn bind(listen: &Listen, options: &SocketOptions) -> Result<Self, BindError> {
        let bound = match listen {
            Listen::Icmp { host } => datagrams::bind_icmp(host).await,
            Listen::Http { host, port } | Listen::Tcp { host, port } => tcp::bind(host, *port, options).await,
            Listen::Udp { host, port } => datagrams::bind_udp(host, *port, options).await,
            Listen::HttpUnix { name, mode } | Listen::Unix { name, mode } => {
                unix::bind(unix::Kind::Stream, name, *mode, options.backlog).await
            }
            Listen::UnixGram { name, mode } => unix::bind(unix::Kind::Datagram, name, *mode, options.backlog).await,
            Listen::UnixPacket { name, mode } => unix::bind(unix::Kind::Packet, name, *mode, options.backlog).await,
        };
        bound
            .and_then(|(socket, file)| Self::new(listen, socket, file))
            .map_err(|problem| BindError::new(listen, problem))
    }

    /// Takes a socket that another process has bound for `listen`, and whose file, if it has one, that process removes.
    ///
    /// # Errors
    ///
    /// It is no socket, or none of this kind, or it is not bound, or it does not listen.
    pub fn adopt(listen: &Listen, socket: OwnedFd) -> Result<Self, BindError> {
        let socket = Socket::from(socket);
        is_of(listen.transport(), &socket)
            .and_then(|()| Self::new(listen, socket, None))
            .and_then(|mut bound| {
                if listen.transport().is_datagram() {
                    datagrams::prepare(&bound.socket, &bound.local.address)?;
                }
                bound.is_taken_over = true;
                Ok(bound)
            })
            .map_err(|problem| BindError::new(listen, problem))
    }

    fn new(listen: &Listen, socket: Socket, file: Option<SocketFile>) -> Result<Self, BindProblem> {
        let transport = listen.transport();
        socket.set_nonblocking(true)?;
        let address = local_address(transport, &socket)?;
        Ok(Self {
            listen: listen.clone(),
            local: ListenAddress { transport, address },
            socket,
            file: file.map(Arc::new),
            is_taken_over: false,
        })
    }

    /// The same socket once more: what comes in goes to whoever takes it first.
    ///
    /// # Errors
    ///
    /// There is no descriptor left.
    pub fn try_clone(&self) -> io::Result<Self> {
        Ok(Self {
            listen: self.listen.clone(),
            local: self.local.clone(),
            socket: self.socket.try_clone()?,
            file: self.file.clone(),
            is_taken_over: true,
        })
    }

    /// Lets others be bound at the same address from here on, which all share then (`SO_REUSEPORT`).
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn allow_others(&self) -> io::Result<()> {
        self.socket.set_reuse_port(true)
    }

    /// What to bind for another socket at the same address, with the port that the system chose.
    pub fn same_address(&self) -> Listen {
        let mut listen = self.listen.clone();
        if let (
            Listen::Http { host, port } | Listen::Tcp { host, port } | Listen::Udp { host, port },
            Address::Ip(bound),
        ) = (&mut listen, &self.local.address)
        {
            // The name may stand for several.
            *host = bound.ip().to_string();
            *port = bound.port();
        }
        listen
    }

    /// What it was bound for.
    pub fn listen(&self) -> &Listen {
        &self.listen
    }

    /// The address that was bound, with the port that the system chose.
    pub fn local_address(&self) -> &ListenAddress {
        &self.local
    }
}

impl AsRawFd for BoundSocket {
    fn as_raw_fd(&self) -> RawFd {
        self.socket.as_raw_fd()
    }
}

impl AsFd for BoundSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// Sockets that are bound before a server asks for them. Clones are the same sockets.
///
/// A server that is to listen at an address takes the first socket that was [offered](Self::offer) for just this
/// [`Listen`], and binds one only if there is none. So a server can go on where another one, or another process, has listened,
/// and no peer is refused in between.
#[derive(Clone, Debug, Default)]
pub struct BoundSockets(Arc<Mutex<Sockets>>);

#[derive(Debug, Default)]
struct Sockets {
    offered: Vec<BoundSocket>,
    taken: Vec<Weak<BoundSocket>>,
}

impl BoundSockets {
    /// Has a socket taken by the next server that is to listen at its address.
    pub fn offer(&self, socket: BoundSocket) {
        self.lock().offered.push(socket);
    }

    /// Closes what was offered and not taken.
    pub fn withdraw(&self) {
        self.lock().offered.clear();
    }

    /// The sockets that were taken or bound and are open, once more each: to offer them to who comes next.
    ///
    /// # Errors
    ///
    /// There is no descriptor left.
    pub fn open(&self) -> io::Result<Vec<BoundSocket>> {
        let sockets = self.lock();
        let open = sockets.taken.iter().filter_map(Weak::upgrade);
        open.map(|socket| socket.try_clone()).collect()
    }

    /// Takes the socket that was offered for an address, or binds it.
    pub(crate) async fn take_or_bind(
        &self,
        listen: &Listen,
        options: &SocketOptions,
    ) -> Result<Arc<BoundSocket>, BindError> {
        let offered = self.take(listen);
        let socket = match offered {
            Some(socket) => socket,
            None => BoundSocket::bind(listen, options).await?,
        };
        let socket = Arc::new(socket);
        let taken = &mut self.lock().taken;
        // A program may bind without end.
        taken.retain(|socket| socket.strong_count() > 0);
        taken.push(Arc::downgrade(&socket));
        Ok(socket)
    }

    fn take(&self, listen: &Listen) -> Option<BoundSocket> {
        let offered = &mut self.lock().offered;
        let place = offered.iter().position(|socket| socket.listen == *listen)?;
        Some(offered.remove(place))
    }

    fn lock(&self) -> MutexGuard<'_, Sockets> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a socket is of the kind that a transport has.
fn is_of(transport: Transport, socket: &Socket) -> Result<(), BindProblem> {
    let wanted = match transport {
        Transport::Http | Transport::HttpUnix | Transport::Tcp | Transport::Unix => Type::STREAM,
        Transport::Icmp => Type::RAW,
        Transport::Udp | Transport::UnixGram => Type::DGRAM,
        Transport::UnixPacket => Type::SEQPACKET,
    };
    let kind = Type::from(socket_type(socket)?.as_raw().cast_signed());
    if kind != wanted {
        return Err(BindProblem::Foreign("it is a socket of another type"));
    }
    if !transport.is_datagram() && !socket_acceptconn(socket)? {
        return Err(BindProblem::Foreign("it does not listen"));
    }
    Ok(())
}

fn local_address(transport: Transport, socket: &Socket) -> Result<Address, BindProblem> {
    let bound = socket.local_addr()?;
    let is_unix = matches!(
        transport,
        Transport::HttpUnix | Transport::Unix | Transport::UnixGram | Transport::UnixPacket
    );
    if !is_unix {
        let mut bound = bound
            .as_socket()
            .ok_or(BindProblem::Foreign("it is of another family"))?;
        if transport == Transport::Icmp {
            // The kernel shows the protocol where others have a port.
            bound.set_port(0);
        }
        return Ok(Address::Ip(bound));
    }
    if !bound.is_unix() {
        return Err(BindProblem::Foreign("it is of another family"));
    }
    let path = bound.as_pathname().map(|path| UnixName::Path(path.to_owned()));
    let name = path.or_else(|| {
        bound
            .as_abstract_namespace()
            .map(|name| UnixName::Abstract(name.to_owned()))
    });
    name.map(|name| Address::Unix(Some(name)))
        .ok_or(BindProblem::Foreign("it is not bound"))
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream, UdpSocket};
    use std::os::unix::net::UnixListener;

    use super::*;

    fn tcp() -> Listen {
        "tcp://127.0.0.1:0".parse().unwrap()
    }

    #[test]
    fn a_socket_of_another_kind_is_refused() {
        let refused = |listen: &str, socket: OwnedFd| {
            let refused = BoundSocket::adopt(&listen.parse().unwrap(), socket).unwrap_err();
            std::error::Error::source(&refused).unwrap().to_string()
        };
        let listener = || TcpListener::bind("127.0.0.1:0").unwrap();
        assert!(refused("udp://127.0.0.1:0", listener().into()).contains("another type"));
        assert!(refused("unix:///x", listener().into()).contains("another family"));
        assert!(refused("tcp://127.0.0.1:0", UdpSocket::bind("127.0.0.1:0").unwrap().into()).contains("another type"));
        let stream = TcpStream::connect(listener().local_addr().unwrap());
        assert!(stream.is_err() || refused("tcp://127.0.0.1:0", stream.unwrap().into()).contains("does not listen"));
        let file = std::fs::File::open("/dev/null").unwrap();
        assert!(BoundSocket::adopt(&tcp(), file.into()).is_err());
        let folder = tempfile::tempdir().unwrap();
        let unix = UnixListener::bind(folder.path().join("s")).unwrap();
        assert!(refused("tcp://127.0.0.1:0", unix.into()).contains("another family"));
    }

    /// Its path is where it was bound, whatever is asked for; and who has adopted it does not remove its file.
    #[tokio::test]
    async fn a_unix_socket_is_adopted_with_its_path_and_without_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        let listen: Listen = format!("unix://{}", path.display()).parse().unwrap();
        let bound = BoundSocket::bind(&listen, &SocketOptions::default()).await.unwrap();
        let adopted = BoundSocket::adopt(&listen, bound.socket.try_clone().unwrap().into()).unwrap();
        assert_eq!(adopted.local_address(), bound.local_address());
        drop(adopted);
        assert!(path.exists());
        let clone = bound.try_clone().unwrap();
        drop(bound);
        assert!(path.exists(), "there is one left");
        drop(clone);
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn who_comes_next_goes_on_with_what_is_open() {
        let (first, next, options) = (
            BoundSockets::default(),
            BoundSockets::default(),
            SocketOptions::default(),
        );
        let closed = first.take_or_bind(&tcp(), &options).await.unwrap();
        let open = first.take_or_bind(&tcp(), &options).await.unwrap();
        assert_ne!(closed.local_address(), open.local_address());
        drop(closed);
        first.open().unwrap().into_iter().for_each(|socket| next.offer(socket));
        let taken = next.take_or_bind(&tcp(), &options).await.unwrap();
        assert_eq!(taken.local_address(), open.local_address());
        let another = next.take_or_bind(&tcp(), &options).await.unwrap();
        assert_ne!(another.local_address(), open.local_address(), "it can be taken once");
    }

    #[tokio::test]
    async fn what_was_closed_takes_no_room() {
        let sockets = BoundSockets::default();
        for _ in 0..100 {
            drop(sockets.take_or_bind(&tcp(), &SocketOptions::default()).await.unwrap());
        }
        assert!(sockets.lock().taken.len() <= 1);
    }

    #[tokio::test]
    async fn what_is_withdrawn_is_closed() {
        let sockets = BoundSockets::default();
        let socket = BoundSocket::bind(&tcp(), &SocketOptions::default()).await.unwrap();
        let Address::Ip(address) = socket.local_address().address else {
            unreachable!("it was bound to one")
        };
        sockets.offer(socket);
        assert!(TcpStream::connect(address).is_ok());
        sockets.withdraw();
        assert!(TcpStream::connect(address).is_err());
    }

    #[tokio::test]
    async fn a_peer_waits_while_one_of_its_clones_is_left() {
        let bound = BoundSocket::bind(&tcp(), &SocketOptions::default()).await.unwrap();
        let clone = bound.try_clone().unwrap();
        let Address::Ip(address) = bound.local_address().address else {
            unreachable!("it was bound to one")
        };
        drop(bound);
        let peer = TcpStream::connect(address).unwrap();
        let (_accepted, remote) = clone.socket.accept().unwrap();
        assert_eq!(remote.as_socket(), peer.local_addr().ok());
    }
}
