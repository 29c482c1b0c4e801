//! Listening sockets, and an accept that never fails.

use std::net::SocketAddr;

use adapter_connection::{Connection, Pollables};
use adapter_sockets::{Arguments, announce, complain};
use wasi::clocks::monotonic_clock;
use wasi::sockets::instance_network::instance_network;
use wasi::sockets::network::{ErrorCode, IpAddressFamily};
use wasi::sockets::tcp::TcpSocket;
use wasi::sockets::tcp_create_socket::create_tcp_socket;

use crate::closing::Closing;
use crate::transport::Transport;

/// Sockets that listen.
#[derive(Debug)]
pub(crate) struct Listeners {
    sockets: Vec<TcpSocket>,
    /// Which one is asked first, so that a busy one does not keep another from being served.
    first: usize,
    idle_timeout: Option<u32>,
    /// Whether it was said that connections cannot be accepted.
    is_short: bool,
}

/// For how long nothing is accepted when there is no memory or descriptor for it.
const PAUSE: u64 = 100_000_000;

/// The backlog of connections, as the server `socketserver` has it; the system bounds it.
const BACKLOG: u64 = 1024;

impl Listeners {
    /// Listens where the arguments say, and says where that is once all of it has succeeded.
    pub(crate) fn bind(arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let arguments = Arguments::parse(adapter_sockets::Transport::Tcp, arguments)?;
        let sockets = arguments.addresses.iter().map(|address| {
            listen(*address).map_err(|error| match error {
                ErrorCode::AccessDenied => {
                    format!("cannot listen at {address}: the runtime does not allow it; wasmtime does with -S inherit-network")
                }
                error => format!("cannot listen at {address}: {}", error.name()),
            })
        });
        let sockets: Vec<TcpSocket> = sockets.collect::<Result<_, _>>()?;
        for socket in &sockets {
            let address = socket.local_address().map_err(|error| error.name().to_owned())?;
            announce(adapter_sockets::Transport::Tcp, adapter_sockets::from_wasi(address));
        }
        Ok(Self {
            sockets,
            first: 0,
            idle_timeout: arguments.idle_timeout,
            is_short: false,
        })
    }

    /// Waits for a connection, and meanwhile closes those that handlers are done with.
    pub(crate) fn accept(&mut self, closing: &mut Closing) -> Connection<Transport> {
        loop {
            closing.sweep();
            let accepted = self.try_accept();
            if let Ok(Some(transport)) = accepted {
                self.is_short = false;
                return Connection::new(transport, self.idle_timeout);
            }
            let mut pollables = Pollables::default();
            let mut until = closing.wake(&mut pollables);
            match accepted {
                Ok(_) => self.sockets.iter().for_each(|socket| pollables.add(socket.subscribe())),
                // A listener that cannot accept is ready all the time.
                Err(error) => {
                    if !self.is_short {
                        complain(&format!("cannot accept for now: {}", error.name()));
                    }
                    self.is_short = true;
                    let resume = monotonic_clock::now().saturating_add(PAUSE);
                    until = Some(until.map_or(resume, |until| until.min(resume)));
                }
            }
            pollables.wait(until);
        }
    }

    /// A connection, if one is there.
    fn try_accept(&mut self) -> Result<Option<Transport>, ErrorCode> {
        let count = self.sockets.len();
        for offset in 0..count {
            let index = (self.first + offset) % count;
            loop {
                match self.sockets[index].accept() {
                    Ok((socket, input, output)) => {
                        self.first = index + 1;
                        return Ok(Some(Transport::new(socket, input, output)));
                    }
                    Err(ErrorCode::WouldBlock) => break,
                    // The peer has gone before it was accepted: the next may be there.
                    Err(ErrorCode::ConnectionAborted | ErrorCode::ConnectionReset) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(None)
    }
}

fn listen(address: SocketAddr) -> Result<TcpSocket, ErrorCode> {
    let network = instance_network();
    let socket = create_tcp_socket(if adapter_sockets::is_of_ipv6(&address) {
        IpAddressFamily::Ipv6
    } else {
        IpAddressFamily::Ipv4
    })?;
    socket.start_bind(&network, adapter_sockets::to_wasi(address))?;
    wait_for(&socket, TcpSocket::finish_bind)?;
    // A runtime that cannot has a backlog of its own.
    let _ = socket.set_listen_backlog_size(BACKLOG);
    socket.start_listen()?;
    wait_for(&socket, TcpSocket::finish_listen)?;
    Ok(socket)
}

fn wait_for(socket: &TcpSocket, finish: fn(&TcpSocket) -> Result<(), ErrorCode>) -> Result<(), ErrorCode> {
    loop {
        match finish(socket) {
            Err(ErrorCode::WouldBlock) => socket.subscribe().block(),
            finished => return finished,
        }
    }
}
