//! Bound sockets, and a receive that never fails.

use std::collections::VecDeque;
use std::net::SocketAddr;

use adapter_connection::network::{ErrorCode, SocketAddress};
use adapter_connection::{Deadline, Pollables};
use adapter_sockets::{Arguments, Transport, announce, complain, error_from_wasi};
use wasi::clocks::monotonic_clock;
use wasi::sockets::instance_network::instance_network;
use wasi::sockets::network::{ErrorCode as WasiError, IpAddressFamily};
use wasi::sockets::udp::{
    IncomingDatagram, IncomingDatagramStream, OutgoingDatagram, OutgoingDatagramStream, UdpSocket,
};
use wasi::sockets::udp_create_socket::create_udp_socket;

use crate::reply::Reply;

/// Sockets that receive.
#[derive(Debug)]
pub(crate) struct Sockets {
    sockets: Vec<Socket>,
    /// What was received and not handled yet, with the socket that it came through.
    received: VecDeque<(usize, IncomingDatagram)>,
    /// Which one is asked first, so that a busy one does not keep another from being served.
    first: usize,
    /// Whether it was said that datagrams cannot be received.
    is_short: bool,
}

/// The streams are children of the socket, so they stand before it: fields are dropped in this order.
#[derive(Debug)]
struct Socket {
    incoming: IncomingDatagramStream,
    outgoing: OutgoingDatagramStream,
    local: SocketAddr,
    #[expect(dead_code, reason = "the streams live as long as it does")]
    socket: UdpSocket,
}

/// How many datagrams are taken from the system at once; while one is handled the others wait here.
const RECEIVED_AT_ONCE: u64 = 16;

/// For how long nothing is received when there is no memory for it.
const PAUSE: u64 = 100_000_000;

impl Sockets {
    /// Listens where the arguments say, and says where that is once all of it has succeeded.
    pub(crate) fn bind(arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let arguments = Arguments::parse_without_idle_timeout(Transport::Udp, arguments)?;
        let sockets = arguments.addresses.iter().map(|address| {
            Socket::bind(*address).map_err(|error| match error {
                WasiError::AccessDenied => {
                    format!("cannot listen at {address}: the runtime does not allow it; wasmtime does with -S inherit-network")
                }
                error => format!("cannot listen at {address}: {}", error.name()),
            })
        });
        let sockets: Vec<Socket> = sockets.collect::<Result<_, _>>()?;
        for socket in &sockets {
            announce(Transport::Udp, socket.local);
        }
        Ok(Self {
            sockets,
            received: VecDeque::new(),
            first: 0,
            is_short: false,
        })
    }

    /// Waits for a datagram.
    pub(crate) fn receive(&mut self) -> (Vec<u8>, Reply) {
        loop {
            if let Some((socket, datagram)) = self.received.pop_front() {
                let reply = Reply {
                    socket,
                    remote: adapter_sockets::from_wasi(datagram.remote_address),
                    local: self.sockets[socket].local,
                    timeout: None,
                };
                return (datagram.data, reply);
            }
            let mut pollables = Pollables::default();
            let mut until = None;
            match self.try_receive() {
                Ok(true) => {
                    self.is_short = false;
                    continue;
                }
                Ok(false) => self
                    .sockets
                    .iter()
                    .for_each(|socket| pollables.add(socket.incoming.subscribe())),
                // A socket that cannot receive is ready all the time.
                Err(error) => {
                    if !self.is_short {
                        complain(&format!("cannot receive for now: {}", error.name()));
                    }
                    self.is_short = true;
                    until = Some(monotonic_clock::now().saturating_add(PAUSE));
                }
            }
            pollables.wait(until);
        }
    }

    /// Takes what there is at the first socket that has something, and returns whether there was anything.
    fn try_receive(&mut self) -> Result<bool, WasiError> {
        let count = self.sockets.len();
        for offset in 0..count {
            let index = (self.first + offset) % count;
            let received = match self.sockets[index].incoming.receive(RECEIVED_AT_ONCE) {
                Ok(received) => received,
                // A peer that an earlier datagram was sent to is not there: the system tells it here.
                Err(WasiError::ConnectionRefused | WasiError::ConnectionReset | WasiError::WouldBlock) => continue,
                Err(error) => return Err(error),
            };
            if !received.is_empty() {
                self.first = index + 1;
                self.received
                    .extend(received.into_iter().map(|datagram| (index, datagram)));
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// `datagram-socket.send-to`
    pub(crate) fn send(&mut self, reply: &Reply, data: Vec<u8>, remote: &SocketAddress) -> Result<(), ErrorCode> {
        if adapter_sockets::to_std(remote) != Some(reply.remote) {
            return Err(match remote {
                SocketAddress::Unix(None) => ErrorCode::InvalidArgument,
                _ => ErrorCode::AccessDenied,
            });
        }
        let outgoing = &self.sockets[reply.socket].outgoing;
        let datagram = [OutgoingDatagram {
            data,
            remote_address: Some(adapter_sockets::to_wasi(reply.remote)),
        }];
        let deadline = Deadline::new(monotonic_clock::now(), reply.timeout, None);
        loop {
            let sent = outgoing.check_send().and_then(|permit| match permit {
                0 => Ok(0),
                _ => outgoing.send(&datagram),
            });
            match sent {
                Ok(0) | Err(WasiError::WouldBlock) => {}
                Ok(_) => return Ok(()),
                Err(error) => return Err(error_from_wasi(error)),
            }
            if deadline.passed(monotonic_clock::now()).is_some() {
                return Err(ErrorCode::Timeout);
            }
            let mut pollables = Pollables::default();
            pollables.add(outgoing.subscribe());
            pollables.wait(deadline.next());
        }
    }
}

impl Socket {
    fn bind(address: SocketAddr) -> Result<Self, WasiError> {
        let network = instance_network();
        let socket = create_udp_socket(if adapter_sockets::is_of_ipv6(&address) {
            IpAddressFamily::Ipv6
        } else {
            IpAddressFamily::Ipv4
        })?;
        socket.start_bind(&network, adapter_sockets::to_wasi(address))?;
        loop {
            match socket.finish_bind() {
                Err(WasiError::WouldBlock) => socket.subscribe().block(),
                finished => break finished?,
            }
        }
        let local = adapter_sockets::from_wasi(socket.local_address()?);
        let (incoming, outgoing) = socket.stream(None)?;
        Ok(Self {
            incoming,
            outgoing,
            local,
            socket,
        })
    }
}
