//! Defines the socket that a datagram came through, over the sockets of WASI 0.2, and the sockets that receive them.
//!
//! A bundle has one instance of its handler, so there is one datagram at a time: what a handler keeps of one answers nothing
//! any more when the next is there.

#![cfg(target_family = "wasm")]

mod bindings;
mod reply;
mod sockets;

use std::cell::RefCell;

use adapter_connection::Current;
use adapter_connection::network::{ErrorCode, SocketAddress};

use self::bindings::exports::socketserver::adapters::udp_listener;
use self::bindings::exports::socketserver::core::datagrams;
use self::reply::Reply;
use self::sockets::Sockets;

thread_local! {
    static CURRENT: Current<Reply> = const { Current::new() };
    static SOCKETS: RefCell<Option<Sockets>> = const { RefCell::new(None) };
}

struct Adapter;

impl udp_listener::Guest for Adapter {
    fn listen() -> Result<(), String> {
        let sockets = Sockets::bind(std::env::args().skip(1))?;
        SOCKETS.set(Some(sockets));
        Ok(())
    }

    fn receive() -> (datagrams::Datagram, datagrams::DatagramSocket) {
        let (data, reply) = SOCKETS.with_borrow_mut(|sockets| {
            let sockets = sockets.as_mut().expect("`listen` comes first, as the interface says");
            sockets.receive()
        });
        let datagram = datagrams::Datagram {
            data,
            remote: reply.remote(),
            // The runtime has room for the longest that UDP carries.
            truncated: false,
        };
        let handle = Handle(CURRENT.with(|current| current.open(reply)));
        (datagram, datagrams::DatagramSocket::new(handle))
    }

    fn close(handled: Result<(), String>) {
        if let Err(error) = handled {
            adapter_sockets::complain(&format!("handler error: {error}"));
        }
        CURRENT.with(Current::take_last);
    }
}

/// What the handle to a datagram's socket is.
#[derive(Debug)]
struct Handle(u32);

impl datagrams::GuestDatagramSocket for Handle {
    fn send_to(&self, data: Vec<u8>, remote: SocketAddress) -> Result<(), ErrorCode> {
        SOCKETS.with_borrow_mut(|sockets| {
            let reply = CURRENT.with(|current| current.with(self.0, |reply| reply.clone()));
            match (reply, sockets) {
                (Some(reply), Some(sockets)) => sockets.send(&reply, data, &remote),
                _ => Err(ErrorCode::InvalidState),
            }
        })
    }

    fn set_timeout(&self, milliseconds: Option<u32>) {
        CURRENT.with(|current| current.with(self.0, |reply| reply.timeout = milliseconds));
    }

    fn get_local_address(&self) -> SocketAddress {
        let address = CURRENT.with(|current| current.with(self.0, |reply| reply.local()));
        address.unwrap_or(SocketAddress::Unix(None))
    }
}

impl datagrams::Guest for Adapter {
    type DatagramSocket = Handle;
}

#[allow(unsafe_code, reason = "generated code")]
mod export {
    use crate::Adapter;

    crate::bindings::export!(Adapter with_types_in crate::bindings);
}
