//! Defines connections over the sockets of WASI 0.2, and the listeners that accept them.
//!
//! A bundle has one instance of its handler, so there is one connection at a time, and it is this component that closes it:
//! whatever the handler does with its handle, nothing of a connection is left open.

#![cfg(target_family = "wasm")]

mod bindings;
mod closing;
mod listeners;
mod transport;

use std::cell::RefCell;

use adapter_connection::{Connection, Current};

use self::bindings::exports::socketserver::adapters::tcp_listener;
use self::closing::Closing;
use self::listeners::Listeners;
use self::transport::Transport;

thread_local! {
    static CURRENT: Current<Connection<Transport>> = const { Current::new() };
    static LISTENERS: RefCell<Option<Listeners>> = const { RefCell::new(None) };
    static CLOSING: RefCell<Closing> = const { RefCell::new(Closing::new()) };
}

struct Adapter;

impl tcp_listener::Guest for Adapter {
    fn listen() -> Result<(), String> {
        let listeners = Listeners::bind(std::env::args().skip(1))?;
        LISTENERS.set(Some(listeners));
        Ok(())
    }

    fn accept() -> exported::Connection {
        let connection = LISTENERS.with_borrow_mut(|listeners| {
            let listeners = listeners.as_mut().expect("`listen` comes first, as the interface says");
            CLOSING.with_borrow_mut(|closing| listeners.accept(closing))
        });
        exported::Connection::new(Handle(CURRENT.with(|current| current.open(connection))))
    }

    fn close(handled: Result<(), String>) {
        if let Err(error) = handled {
            adapter_sockets::complain(&format!("handler error: {error}"));
        }
        if let Some(connection) = CURRENT.with(Current::take_last) {
            close(connection);
        }
    }
}

/// The handler has dropped its handle, which closes the connection whatever it does next.
fn dropped(number: u32) {
    if let Some(connection) = CURRENT.with(|current| current.take(number)) {
        close(connection);
    }
}

/// Ends a connection in order, and leaves the rest of that to later.
fn close(mut connection: Connection<Transport>) {
    let peer_has_ended = connection.has_ended_receiving();
    // It may have been shut down already, and may be lost.
    connection.transport().shut_down();
    CLOSING.with_borrow_mut(|closing| closing.add(connection.into_transport(), peer_has_ended));
}

impl exported::Guest for Adapter {
    type Connection = Handle;
}

adapter_connection::export_connections!(crate::bindings, CURRENT, dropped);

#[allow(unsafe_code, reason = "generated code")]
mod export {
    use crate::Adapter;

    crate::bindings::export!(Adapter with_types_in crate::bindings);
}
