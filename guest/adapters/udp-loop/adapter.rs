//! The loop of a bundle over UDP: one handler instance, one datagram at a time.

#![cfg(target_family = "wasm")]

mod bindings;

use self::bindings::socketserver::adapters::udp_listener;
use self::bindings::socketserver::core::datagram_handler;

struct Loop;

impl wasi::exports::cli::run::Guest for Loop {
    fn run() -> Result<(), ()> {
        if let Err(error) = udp_listener::listen() {
            use std::io::Write as _;

            let _ = writeln!(std::io::stderr(), "error: {error}");
            return Err(());
        }
        loop {
            let (datagram, socket) = udp_listener::receive();
            let handled = datagram_handler::handle(&datagram, socket);
            udp_listener::close(handled.as_ref().copied().map_err(String::as_str));
        }
    }
}

wasi::cli::command::export!(Loop);
