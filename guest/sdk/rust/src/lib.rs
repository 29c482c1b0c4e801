//! Write network servers as WebAssembly components.
//!
//! This is Python's `socketserver` for handlers in Rust: implement one trait with one method, and the host `socketserver`
//! does the rest. This is a whole server, RFC 862's echo:
//!
//! ```
#![doc = include_str!("../doc/echo.rs")]
//! ```
//!
//! # What a handler can rely on
//!
//! - **It is alone.** The host makes a new instance for each connection and drops it afterwards. No other connection can
//!   see its memory, and calls never overlap: a handler is written as if its peer were the only one. Code that blocks,
//!   blocks one connection.
//! - **It has its connection and nothing else.** No files and no environment, and no other part of the network unless the
//!   operator grants it (`--allow-connect`): then [`std::net`] connects there, and says `PermissionDenied` elsewhere.
//!   Standard output and standard error go to the log of the server.
//! - **It may fail.** An error is logged and closes the connection in order; a panic or a limit of the operator (memory,
//!   time) aborts it. Other connections do not notice.
//!
//! # What it works with
//!
//! A [`Handler`] gets a [`Request`], with [`rfile`](Request::rfile) and [`wfile`](Request::wfile) as in Python. They are
//! [`BufRead`](std::io::BufRead) and [`Write`](std::io::Write), buffered, and tied: reading flushes before it waits, so no
//! dialogue stalls on a forgotten flush. [`Connection`] is the same connection without buffers, for full duplex.
//! Operations fail with [`std::io::Error`], in which [`ErrorCode::of`] finds the host's own code.
//!
//! | Python | here |
//! |---|---|
//! | `BaseRequestHandler`, `StreamRequestHandler` | [`Handler`] |
//! | `setup()`, `handle()`, `finish()` | the same |
//! | `rfile`, `wfile` | [`Request::rfile`], [`Request::wfile`] |
//! | `client_address` | [`Request::remote_address`] |
//! | `timeout` | [`Request::set_timeout`] |
//! | `request` | [`Request::connection`] |
//!
//! # Datagrams
//!
//! A [`DatagramHandler`] serves one datagram, over UDP, a Unix datagram socket or ICMP, and gets a [`DatagramRequest`]:
//! its `rfile` is the datagram, and what is in its `wfile` in the end is sent back as one. [`export_datagrams!`]
//! exports it, also beside [`export!`] in one component. All that a handler can rely on holds for it too, with a
//! datagram in the place of the connection.
//!
//! | Python | here |
//! |---|---|
//! | `DatagramRequestHandler` | [`DatagramHandler`] |
//! | `rfile`, `wfile` | [`DatagramRequest::rfile`], [`DatagramRequest::wfile`] |
//! | `packet` | [`DatagramRequest::data`] |
//! | `client_address` | [`DatagramRequest::remote_address`] |
//! | `socket` | [`DatagramRequest::socket`] |
//!
//! # Asynchronous handlers
//!
//! With the feature `async` a handler may do several things at once: see the module `asynchronous`, which is documented
//! where the feature is on.
//!
//! | Python | here |
//! |---|---|
//! | the callback of `asyncio.start_server()` | `asynchronous::AsyncHandler` |
//! | `StreamReader.read()`, `StreamReader.readline()` | `Receiver::receive`, `Receiver::receive_line` |
//! | `StreamWriter.write()` with `StreamWriter.drain()` | `Sender::send_all` |
//! | `StreamWriter.write_eof()` | `Sender::shutdown` |
//! | `asyncio.sleep()`, `asyncio.wait_for()` | `asynchronous::sleep`, `asynchronous::timeout` |
//!
//! # Behind HTTP
//!
//! A handler of bytes can be put behind HTTP (`socketserver bundle --for wasmtime-serve`): it receives the body of a request,
//! and sends the body of the response. [`http_request`] tells what else the request has.
//!
//! # Server programs
//!
//! A handler is served by the loop of the host. A program that makes the server itself, as a script with Python's
//! `socketserver.ThreadingTCPServer` does, is a component too: see [`server`].
//!
//! # Building and testing
//!
//! A handler is a library with `crate-type = ["cdylib"]`, built for the target `wasm32-wasip2`. The README of this crate
//! goes from nothing to a served handler. [`testing`] runs handlers and programs natively, without a host.

#![warn(missing_docs)]

mod address;
#[cfg(feature = "async")]
pub mod asynchronous;
#[doc(hidden)]
pub mod bindings;
mod connection;
mod datagram;
mod error;
mod export;
mod handler;
#[cfg(target_family = "wasm")]
mod host;
mod http;
mod output;
mod request;
pub mod server;
#[cfg(target_family = "wasm")]
mod stdio;
#[cfg(not(target_family = "wasm"))]
pub mod testing;

pub use address::Address;
pub use connection::{Connection, Readiness};
#[doc(hidden)]
pub use datagram::bindings as datagram_bindings;
pub use datagram::{DatagramHandler, DatagramRequest, DatagramSocket};
pub use error::{Error, ErrorCode, Result};
#[doc(hidden)]
pub use export::Component;
pub use handler::Handler;
pub use http::{HttpRequest, http_request};
pub use request::{Reader, Request, Writer};
#[doc(hidden)]
pub use server::bindings as server_bindings;
pub use std::net::Shutdown;

/// The README's handlers are compiled with the tests, one of which needs the feature.
#[cfg(all(doctest, feature = "async"))]
#[doc = include_str!("../README.md")]
mod readme {}

/// So are those of the project's.
#[cfg(all(doctest, feature = "async"))]
#[doc = include_str!("../../../../README.md")]
mod readme_of_the_project {}
