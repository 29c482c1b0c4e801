//! Sockets that receive datagrams: UDP, Unix, and raw ICMP.
//!
//! A [`Receiver`] belongs to the loop that receives; the [`DatagramSocket`] in it is shared with those who answer, and is
//! closed when the last of them is done. One datagram is received with one system call: several at once (`recvmmsg(2)`)
//! would save a call of 0.2 µs for each, a hundredth of what its sandbox costs.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use socket2::{Protocol, Socket, Type};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::time::timeout;

use super::bound::BoundSocket;
use super::ip::{bind_first, new_socket};
use super::unix::SocketFile;
use super::{BindProblem, register};
use crate::address::{Address, ListenAddress, Remote, Transport};
use crate::config::SocketOptions;

mod ip;
pub(super) mod local;

/// What was received, and from whom.
#[derive(Debug)]
pub(crate) struct Datagram {
    pub(crate) data: Vec<u8>,
    /// Whether it was longer than may be received.
    pub(crate) truncated: bool,
    pub(crate) origin: Origin,
}

/// Where a datagram came from, as far as it matters for an answer. Datagrams with the same origin are of the same session.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Origin {
    Ip(ip::Origin),
    Unix(local::Origin),
}

impl Origin {
    /// The peer.
    pub(crate) fn remote(&self) -> Remote {
        match self {
            Self::Ip(origin) => Remote {
                address: Address::from_ip(origin.remote),
                uid: None,
            },
            Self::Unix(origin) => Remote {
                address: Address::Unix(origin.name.clone()),
                uid: origin.uid,
            },
        }
    }

    /// Whether there is an address that tells the peer from others.
    pub(crate) fn has_name(&self) -> bool {
        match self {
            Self::Ip(_) => true,
            Self::Unix(origin) => origin.name.is_some(),
        }
    }

    /// The address that the peer sent to, where the socket itself has several.
    pub(crate) fn local_ip(&self) -> Option<IpAddr> {
        match self {
            Self::Ip(origin) => origin.to.map(|to| to.ip()),
            Self::Unix(_) => None,
        }
    }
}

/// A bound socket, as those use it who answer.
#[derive(Debug)]
pub(crate) struct DatagramSocket(AsyncFd<Arc<BoundSocket>>);

impl DatagramSocket {
    /// The address that was bound, with the port that the system chose.
    pub(crate) fn local_address(&self) -> &ListenAddress {
        self.0.get_ref().local_address()
    }

    /// Sends a datagram to where another came from.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for a peer without a name, or the system's.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future sends nothing.
    pub(crate) async fn answer(&self, data: &[u8], origin: &Origin) -> io::Result<()> {
        let send = |bound: &Arc<BoundSocket>| match origin {
            Origin::Ip(origin) => ip::send(&bound.socket, data, origin),
            Origin::Unix(origin) => local::send(&bound.socket, data, origin),
        };
        // The first try asks nobody: there is nearly always room.
        loop {
            match send(self.0.get_ref()) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                done => return done,
            }
            let waiting = self.0.async_io(Interest::WRITABLE, send);
            match origin {
                Origin::Ip(_) => return waiting.await,
                Origin::Unix(_) => {
                    if let Ok(done) = timeout(FULL_PAUSE, waiting).await {
                        return done;
                    }
                }
            }
        }
    }
}

/// How long to wait for room at a Unix socket before looking again. The kernel tells of room only when the peer has taken
/// one of our datagrams; what fills its queue may be all from others.
const FULL_PAUSE: Duration = Duration::from_millis(20);

/// A bound socket, and room for what it receives.
#[derive(Debug)]
pub(crate) struct Receiver {
    socket: Arc<DatagramSocket>,
    max: usize,
    room: Box<[u8]>,
    dropped: Dropped,
}

/// Datagrams that the kernel had no room for.
#[derive(Debug)]
struct Dropped {
    /// What the kernel last said, which counts from when the socket was made and wraps around (`SO_RXQ_OVFL`). Of a socket
    /// that is taken over it has said nothing yet, and what it counted until then is somebody else's.
    seen: Option<u32>,
    /// Those that nobody has been told of.
    new: u64,
}

impl Dropped {
    fn see(&mut self, count: u32) {
        let last = self.seen.replace(count).unwrap_or(count);
        self.new += u64::from(count.wrapping_sub(last));
    }
}

impl Receiver {
    pub(super) fn new(bound: Arc<BoundSocket>, max: u32) -> io::Result<Self> {
        let max = max as usize;
        let seen = (!bound.is_taken_over).then_some(0);
        Ok(Self {
            socket: Arc::new(DatagramSocket(register(bound)?)),
            max,
            room: vec![0; max + ip::MAX_HEADER].into(),
            dropped: Dropped { seen, new: 0 },
        })
    }

    /// The socket, for answers.
    pub(crate) fn socket(&self) -> &Arc<DatagramSocket> {
        &self.socket
    }

    /// Waits until there is a datagram to receive, or an error to report.
    ///
    /// # Errors
    ///
    /// The poller has failed.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub(crate) async fn ready(&self) -> io::Result<()> {
        self.registration().readable().await.map(drop)
    }

    /// Whether there is a datagram to take at this moment.
    pub(crate) fn is_asked(&self) -> bool {
        super::is_readable(self.registration()).unwrap_or(true)
    }

    pub(super) fn registration(&self) -> &AsyncFd<Arc<BoundSocket>> {
        &self.socket.0
    }

    /// Takes the next datagram.
    ///
    /// # Errors
    ///
    /// `WouldBlock` when there is none, or those of `recvmsg(2)`.
    pub(crate) fn receive(&mut self) -> io::Result<Datagram> {
        let Self {
            socket,
            max,
            room,
            dropped,
        } = self;
        socket
            .0
            .try_io(Interest::READABLE, |bound| match bound.local.transport {
                Transport::Icmp => {
                    ip::receive(&bound.socket, room, dropped).map(|packet| ip::without_header(packet, *max))
                }
                Transport::UnixGram => local::receive(&bound.socket, &mut room[..*max]),
                _ => ip::receive(&bound.socket, &mut room[..*max], dropped),
            })
    }

    /// How many datagrams the kernel has dropped since the last call, because they came faster than they were received. It
    /// says so with the next one that it does not drop.
    pub(crate) fn take_dropped(&mut self) -> u64 {
        std::mem::take(&mut self.dropped.new)
    }
}

/// Makes a socket say of each datagram what the server wants to know, for one that others have bound.
pub(super) fn prepare(socket: &Socket, address: &Address) -> io::Result<()> {
    match address {
        Address::Ip(address) => ip::prepare(socket, *address),
        Address::Unix(_) => local::prepare(socket),
    }
}

/// Binds a UDP socket.
pub(super) async fn bind_udp(
    host: &str,
    port: u16,
    options: &SocketOptions,
) -> Result<(Socket, Option<SocketFile>), BindProblem> {
    let bind = |address| {
        let socket = new_socket(address, Type::DGRAM, Protocol::UDP)?;
        socket.set_reuse_port(options.reuse_port)?;
        ip::prepare(&socket, address)?;
        socket.bind(&address.into())?;
        Ok(socket)
    };
    Ok((bind_first(host, port, bind).await?, None))
}

/// Binds a raw socket that gets ICMP messages.
pub(super) async fn bind_icmp(host: &str) -> Result<(Socket, Option<SocketFile>), BindProblem> {
    let bind = |address: SocketAddr| {
        let protocol = if address.is_ipv4() {
            Protocol::ICMPV4
        } else {
            Protocol::ICMPV6
        };
        let socket = new_socket(address, Type::RAW, protocol)?;
        ip::prepare(&socket, address)?;
        socket.bind(&address.into())?;
        Ok(socket)
    };
    Ok((bind_first(host, 0, bind).await?, None))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drops_are_counted_over_the_end_of_the_kernels_counter() {
        let mut dropped = Dropped {
            seen: Some(u32::MAX - 1),
            new: 0,
        };
        dropped.see(3);
        assert_eq!(dropped.new, 5);
        dropped.see(3);
        assert_eq!(dropped.new, 5);
    }

    #[test]
    fn drops_of_an_earlier_owner_are_not_counted_again() {
        let mut dropped = Dropped { seen: None, new: 0 };
        dropped.see(7);
        assert_eq!(dropped.new, 0);
        dropped.see(9);
        assert_eq!(dropped.new, 2);
    }
}
