//! The datagram of the host, in the types of this crate.
//!
//! In a component alone. Its calls are static, so a handler imports those functions alone that it can reach.

use crate::address::Address;
use crate::bindings::socketserver::core::network::SocketAddress;
use crate::datagram::bindings::socketserver::core::datagrams::{Datagram, DatagramSocket as Handle};
use crate::datagram::request::DatagramRequest;
use crate::datagram::socket::DatagramSocket;
use crate::error::{ErrorCode, Result};

pub(crate) struct Inner(Handle);

pub(crate) fn request(datagram: Datagram, socket: Handle) -> DatagramRequest {
    let socket = DatagramSocket::new(Inner(socket));
    DatagramRequest::new(datagram.data, datagram.remote.into(), datagram.truncated, socket)
}

impl Inner {
    pub(crate) fn send_to(&self, data: &[u8], remote: &Address) -> Result<(), ErrorCode> {
        Ok(self.0.send_to(data, &SocketAddress::from(remote))?)
    }

    pub(crate) fn set_timeout(&self, milliseconds: Option<u32>) {
        self.0.set_timeout(milliseconds);
    }

    pub(crate) fn local_address(&self) -> Address {
        self.0.get_local_address().into()
    }
}
