//! What a guest was refused, for whoever has to grant it.

use std::fmt::{self, Display, Formatter};
use std::net::SocketAddr;

use super::{ConnectRule, Name};
use crate::address::Transport;

/// Something that a guest wanted of the network, and that no rule grants.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct ConnectRefused {
    /// The number of the guest's connection; `None` for a server program.
    pub connection: Option<u64>,
    /// What it wanted.
    pub wanted: Wanted,
    /// The narrowest rule that would grant it; `None` for what no rule grants.
    pub grant: Option<ConnectRule>,
}

/// What a guest wanted of the network.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Wanted {
    /// To bind an address of its own choice, or to listen at it.
    Bind(Transport, SocketAddr),
    /// To connect to an address, or to send a datagram to it.
    Connect(Transport, SocketAddr),
    /// To look up a name.
    LookUp(String),
}

impl ConnectRefused {
    pub(crate) fn bind(connection: Option<u64>, transport: Transport, address: SocketAddr) -> Self {
        Self {
            connection,
            wanted: Wanted::Bind(transport, address),
            grant: None,
        }
    }

    pub(crate) fn connect(connection: Option<u64>, transport: Transport, address: SocketAddr) -> Self {
        Self {
            connection,
            wanted: Wanted::Connect(transport, address),
            grant: Some(ConnectRule::of_address(transport, address)),
        }
    }

    pub(crate) fn look_up(connection: Option<u64>, name: Name) -> Self {
        Self {
            connection,
            wanted: Wanted::LookUp(name.as_str().to_owned()),
            grant: Some(ConnectRule::of_name(name)),
        }
    }
}

impl Display for Wanted {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bind(transport, address) => write!(f, "bind {address} over {}", transport.scheme()),
            Self::Connect(transport, address) => write!(f, "connect to {address} over {}", transport.scheme()),
            Self::LookUp(name) => write!(f, "look up {name}"),
        }
    }
}
