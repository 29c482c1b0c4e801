//! One listening socket, and an accept that never fails.

use std::net::SocketAddr;

use adapter_sockets::complain;
use wasip3::clocks::monotonic_clock;
use wasip3::sockets::types::{ErrorCode, IpAddressFamily, TcpSocket};
use wit_bindgen::{StreamReader, spawn_local};

use crate::{connection, convert};

/// A socket that listens.
#[derive(Debug)]
pub(crate) struct Listener {
    accepted: StreamReader<TcpSocket>,
    address: SocketAddr,
    #[expect(dead_code, reason = "it listens as long as it lives")]
    socket: TcpSocket,
}

/// For how long nothing is accepted when there is no memory or descriptor for it, in nanoseconds.
const PAUSE: u64 = 100_000_000;

/// The backlog of connections, as the server `socketserver` has it; the system bounds it.
const BACKLOG: u64 = 1024;

impl Listener {
    pub(crate) fn bind(address: SocketAddr) -> Result<Self, String> {
        Self::try_bind(address).map_err(|error| match error {
            ErrorCode::AccessDenied => {
                format!(
                    "cannot listen at {address}: the runtime does not allow it; wasmtime does with -S inherit-network"
                )
            }
            error => format!("cannot listen at {address}: {error}"),
        })
    }

    fn try_bind(address: SocketAddr) -> Result<Self, ErrorCode> {
        let socket = TcpSocket::create(if adapter_sockets::is_of_ipv6(&address) {
            IpAddressFamily::Ipv6
        } else {
            IpAddressFamily::Ipv4
        })?;
        socket.bind(convert::address_to_wasi(address))?;
        // A runtime that cannot has a backlog of its own.
        let _ = socket.set_listen_backlog_size(BACKLOG);
        let accepted = socket.listen()?;
        let address = convert::address_from_wasi(socket.get_local_address()?);
        Ok(Self {
            accepted,
            address,
            socket,
        })
    }

    /// Where it listens.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves each connection in a task of its own, for ever.
    pub(crate) async fn serve(mut self) {
        let mut is_short = false;
        while let Some(socket) = self.accepted.next().await {
            match socket.get_remote_address() {
                Ok(remote) => {
                    is_short = false;
                    spawn_local(connection::serve(
                        socket,
                        convert::address_from_wasi(remote),
                        self.address,
                    ));
                }
                // What a runtime could not accept, it tells by a socket that has failed.
                Err(ErrorCode::OutOfMemory | ErrorCode::Other(_)) => {
                    if !is_short {
                        complain("cannot accept for now: the runtime has no memory or no descriptor for it");
                    }
                    is_short = true;
                    monotonic_clock::wait_for(PAUSE).await;
                }
                // The peer has gone before it was accepted.
                Err(_) => {}
            }
        }
    }
}
