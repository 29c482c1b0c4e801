//! The loop of a bundle over TCP: one handler instance, one connection at a time.

#![cfg(target_family = "wasm")]

mod bindings;

use self::bindings::socketserver::adapters::tcp_listener;
use self::bindings::socketserver::core::stream_handler;

struct Loop;

impl wasi::exports::cli::run::Guest for Loop {
    fn run() -> Result<(), ()> {
        if let Err(error) = tcp_listener::listen() {
            use std::io::Write as _;

            let _ = writeln!(std::io::stderr(), "error: {error}");
            return Err(());
        }
        loop {
            let handled = stream_handler::handle(tcp_listener::accept());
            tcp_listener::close(handled.as_ref().copied().map_err(String::as_str));
        }
    }
}

wasi::cli::command::export!(Loop);
