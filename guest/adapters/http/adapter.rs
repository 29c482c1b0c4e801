//! Defines connections over HTTP requests of WASI 0.2: what a handler receives is the body of the request, and what it sends
//! is the body of the response.

#![cfg(target_family = "wasm")]

mod bindings;
mod transport;

use self::transport::Transport;

adapter_exchange::export_exchange!(crate::bindings);
