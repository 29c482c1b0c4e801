//! A client of a server of any class, which wants something of its handler, or of the server itself.

use std::io;

use tempfile::TempDir;

use super::running::Running;
use crate::support::client::{Client, End};
use crate::support::datagrams::{Peer, UnixPeer};

/// What a client wants of the server itself. Its address says so, which is all that the hooks of both sides know of a
/// client.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wish {
    /// That `get_request` fails.
    Lose,
    Nothing,
    /// That `verify_request` refuses it.
    Refuse,
    /// That the server shuts itself down, in `verify_request`.
    Shutdown,
}

/// A client of a server of any class.
#[derive(Debug)]
pub(super) struct Caller {
    peer: Side,
    /// Where its socket is, if it is a file.
    _folder: TempDir,
}

#[derive(Debug)]
enum Side {
    Datagrams(Peer),
    Stream(Client),
    UnixDatagrams(UnixPeer),
}

impl Caller {
    pub(super) fn of(server: &Running) -> Self {
        Self::wishing(server, Wish::Nothing).expect("the server takes requests")
    }

    /// A client that wants something of the server. A connection may be over before its client knows it.
    pub(super) fn wishing(server: &Running, wish: Wish) -> io::Result<Self> {
        let (ip, name) = match wish {
            Wish::Nothing => ("127.0.0.1", "caller"),
            Wish::Refuse => ("127.0.0.2", "refuse"),
            Wish::Shutdown => ("127.0.0.3", "shutdown"),
            Wish::Lose => ("127.0.0.4", "lose"),
        };
        let folder = tempfile::tempdir()?;
        let path = folder.path().join(name);
        let peer = match server.class.scheme {
            "tcp" => Side::Stream(Client::connect_from(ip, &server.url)?),
            "udp" => Side::Datagrams(Peer::from(ip, &server.url)),
            "unix" => Side::Stream(Client::connect_from_path(&path, &server.url)?),
            _ => Side::UnixDatagrams(UnixPeer::at_path(&path, &server.url)),
        };
        Ok(Self { peer, _folder: folder })
    }

    /// Says what it wants of the handler.
    pub(super) fn send(&self, command: &str) {
        let line = format!("{command}\n");
        match &self.peer {
            Side::Datagrams(peer) => peer.send(line),
            Side::Stream(client) => client.send(line),
            Side::UnixDatagrams(peer) => peer.send(line),
        }
    }

    /// Waits for a line of the handler.
    pub(super) fn answer(&mut self) -> String {
        let answer = match &mut self.peer {
            Side::Datagrams(peer) => String::from_utf8(peer.receive()).expect("the handler sends text"),
            Side::Stream(client) => return client.receive_line(),
            Side::UnixDatagrams(peer) => peer.receive(),
        };
        answer.strip_suffix('\n').unwrap_or(&answer).to_owned()
    }

    /// Says what it wants of the handler, and returns what that answers.
    pub(super) fn ask(&mut self, command: &str) -> String {
        self.send(command);
        self.answer()
    }

    /// How a connection ends, without another byte; there is none of datagrams.
    pub(super) fn end(&mut self) -> Option<End> {
        match &mut self.peer {
            Side::Stream(client) => Some(client.end()),
            Side::Datagrams(_) | Side::UnixDatagrams(_) => None,
        }
    }

    /// Whether there is nothing to receive.
    pub(super) fn is_silent(&self) -> bool {
        match &self.peer {
            Side::Datagrams(peer) => peer.is_silent(),
            Side::Stream(client) => client.is_silent(),
            Side::UnixDatagrams(peer) => peer.is_silent(),
        }
    }
}
