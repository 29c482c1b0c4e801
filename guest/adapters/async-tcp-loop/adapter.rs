//! The loop of a bundle of an async handler over TCP: one handler instance, many connections at once.
//!
//! The handler is given the stream of the socket itself, and the socket the stream of the handler, so no byte of a
//! connection enters the memory of this component.

#![cfg(target_family = "wasm")]

mod bindings;
mod connection;
mod convert;
mod listener;

use adapter_sockets::{Arguments, Transport, announce, complain};
use futures::future::join_all;

use self::listener::Listener;

struct Loop;

impl wasip3::exports::cli::run::Guest for Loop {
    async fn run() -> Result<(), ()> {
        let listeners = bind().map_err(|error| complain(&format!("error: {error}")))?;
        join_all(listeners.into_iter().map(Listener::serve)).await;
        Ok(())
    }
}

/// Listens where the arguments say, and says where that is once all of it has succeeded.
fn bind() -> Result<Vec<Listener>, String> {
    let arguments = Arguments::parse_without_idle_timeout(Transport::Tcp, std::env::args().skip(1))?;
    let listeners = arguments.addresses.into_iter().map(Listener::bind);
    let listeners: Vec<_> = listeners.collect::<Result<_, _>>()?;
    for listener in &listeners {
        announce(Transport::Tcp, listener.address());
    }
    Ok(listeners)
}

wasip3::cli::command::export!(Loop);
