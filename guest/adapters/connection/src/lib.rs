//! What every connection of a bundle does, whatever it is made of.
//!
//! A component that defines `socketserver:core/connections` has a [`Transport`], which never waits, and wraps it in a
//! [`Connection`], which does all that `wit/connections.wit` promises: bounds, timeouts, readiness, and what the state
//! machine of `wit/README.md` says about an end in either direction.

pub mod bindings;
mod clock;
mod connection;
mod current;
mod export;
mod pollables;
mod transport;

pub use self::bindings::socketserver::core::network;
pub use self::clock::Deadline;
pub use self::connection::Connection;
pub use self::current::Current;
pub use self::pollables::Pollables;
pub use self::transport::{Directions, Transport};
