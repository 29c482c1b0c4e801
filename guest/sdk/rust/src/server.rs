//! Server programs: components that drive servers themselves, with Python's classes.
//!
//! A handler alone is served by `socketserver serve`, whose loop is the host's. A program has its own: it makes the server,
//! calls [`serve_forever`](BaseServer::serve_forever), and can override every step of it. This is a whole one, with
//! its handler:
//!
//! ```no_run
#![doc = include_str!("../doc/threading-echo.rs")]
//! ```
//!
//! `socketserver run` runs it, and says with `--allow-bind` what it may bind.
//!
//! # What runs where
//!
//! There is one instance of the program, from its start to its end. Each request is handled in a fresh instance of a
//! handler all the same, with all that the [crate] promises of it: of the component itself, if it uses
//! [`export!`](crate::export) or [`export_datagrams!`](crate::export_datagrams) beside [`main!`](crate::main), or of
//! another component, which the operator names (`--handler name=path`). So a handler shares no state with the program,
//! and to handle requests in the background needs neither threads nor locks in either of them.
//!
//! # Python's names
//!
//! | Python | here |
//! |---|---|
//! | `ThreadingTCPServer(("127.0.0.1", 9999), MyServer)` | [`ThreadingTcpServer::new(("127.0.0.1", 9999))`](ThreadingTcpServer::new), [`with_handler`](ThreadingTcpServer::with_handler) |
//! | `bind_and_activate=False` | [`unbound`](ThreadingTcpServer::unbound), [`BaseServer::bind_and_activate`] |
//! | the other eleven classes | the same names, spelled as in Rust |
//! | `ThreadingMixIn`, `ForkingMixIn` | [`Concurrency`] |
//! | `address_family`, `socket_type` | the scheme of a URL as the address |
//! | `server.timeout = 5`, and the other attributes | fields of [`ServerCore`], which the classes dereference to |
//! | `server_address`, `socket` | [`ServerCore::server_address`], [`ServerCore::listener`] |
//! | a subclass | a type around a class, which implements [`BaseServer`] |
//! | `super().handle_error(…)` | [`Super(self).handle_error(…)`](Super) |
//! | `with ThreadingTCPServer(…) as server:` | dropping it closes it |
//! | the methods | the same names in [`BaseServer`] |
//!
//! [`testing::Host`](crate::testing) runs a program natively, against a script.

mod address;
mod base;
#[doc(hidden)]
pub mod bindings;
mod classes;
mod export;
#[cfg(target_family = "wasm")]
mod host;
mod listener;
mod outcome;
mod parent;
mod request;
mod server_core;
#[cfg(test)]
mod tests;

pub use address::{IpServerAddress, UnixServerAddress};
pub use base::{BaseServer, POLL_INTERVAL};
pub use classes::{
    ForkingTcpServer, ForkingUdpServer, ForkingUnixDatagramServer, ForkingUnixStreamServer, TcpServer,
    ThreadingTcpServer, ThreadingUdpServer, ThreadingUnixDatagramServer, ThreadingUnixStreamServer, UdpServer,
    UnixDatagramServer, UnixStreamServer,
};
#[cfg(target_family = "wasm")]
#[doc(hidden)]
pub use export::run;
pub use listener::{Counters, Event, Listener, Options};
pub use outcome::{Outcome, Reason};
pub use parent::Super;
pub use request::PendingRequest;
pub use server_core::{Concurrency, ServerCore};
