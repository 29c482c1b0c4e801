//! Datagrams: the trait of their handlers, what such a handler is given, and the way to the host.
//!
//! Beside the modules for connections and not among them, so that a component that serves connections alone has nothing
//! of this in it. Addresses and errors are those of connections.

pub mod bindings;
mod export;
mod handler;
#[cfg(target_family = "wasm")]
mod host;
mod request;
mod socket;

pub use handler::DatagramHandler;
#[cfg(not(target_family = "wasm"))]
pub(crate) use handler::serve;
pub use request::DatagramRequest;
pub use socket::DatagramSocket;
