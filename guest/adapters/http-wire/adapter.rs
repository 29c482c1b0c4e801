//! Defines connections over HTTP requests of WASI 0.2, for handlers that speak HTTP/1.1 themselves: what a handler receives is
//! the request as bytes, and the bytes that it sends are read as the response.

#![cfg(target_family = "wasm")]

mod bindings;
mod transport;

use self::transport::Transport;

adapter_exchange::export_exchange!(crate::bindings);
