//! Handlers that do several things at once, with the feature `async`.
//!
//! A [`Handler`](crate::Handler) waits for one thing at a time, and for most protocols that is all there is to do. An
//! [`AsyncHandler`] can wait for its peer, for its peer to take more, and for a clock, whichever comes first. This one
//! answers each line, and says that it is there when there was none for a while:
//!
//! ```
//! use std::io::ErrorKind;
//! use std::time::Duration;
//!
//! use socketserver_guest::asynchronous::{AsyncHandler, AsyncRequest, timeout};
//! use socketserver_guest::Result;
//!
//! #[derive(Default)]
//! struct Patient;
//!
//! impl AsyncHandler for Patient {
//!     async fn handle(&mut self, request: &mut AsyncRequest) -> Result {
//!         let AsyncRequest { receiver, sender, .. } = request;
//!         loop {
//!             match timeout(Duration::from_secs(5), receiver.receive_line(1024)).await {
//!                 Ok(line) => match line? {
//!                     Some(line) => sender.send_all(line).await?,
//!                     None => return Ok(()),
//!                 },
//!                 Err(_) => sender.send_all(b"still here\n").await?,
//!             }
//!         }
//!     }
//! }
//!
//! socketserver_guest::export_async!(Patient);
//! # use socketserver_guest::testing::{Peer, serve_async};
//! # let peer = Peer::sending(["a\n"]).then_quiet(Duration::from_secs(12)).then_sending("b\n");
//! # serve_async::<Patient>(&peer)?;
//! # assert_eq!(peer.got_bytes(), b"a\nstill here\nstill here\nb\n");
//! # Ok::<(), socketserver_guest::Error>(())
//! ```
//!
//! The host must serve the world `async-handler`. It costs more than the blocking one: a component that needs none of this
//! should not use it.
//!
//! # What goes on at once
//!
//! One handler has one thread. Several futures of it go on together by [`futures`]: `join!` waits for all of them,
//! `select_biased!` and `future::select` for the first. Code that computes or blocks stops them all, and a handler that
//! waits for none but its own futures, which the host could not wake, panics.
//!
//! Reading, sending and sleeping may be dropped before they are done, and no byte is lost: see "Cancel safety" of
//! [`Receiver`] and [`Sender`].
//!
//! # Python's names
//!
//! | Python | here |
//! |---|---|
//! | the callback of `asyncio.start_server()` | [`AsyncHandler::handle`] |
//! | `StreamReader.read()` | [`Receiver::receive`] |
//! | `StreamReader.readline()` | [`Receiver::receive_line`] |
//! | `StreamReader.at_eof()` | 0 bytes, or `None` |
//! | `StreamWriter.write()`, `StreamWriter.drain()` | [`Sender::send_all`], or [`Sender::buffer`] and [`Sender::flush`] |
//! | `StreamWriter.write_eof()` | [`Sender::shutdown`] |
//! | `StreamWriter.close()` | returning from `handle` |
//! | `get_extra_info('peername')` | [`AsyncRequest::remote_address`] |
//! | `asyncio.sleep()`, `asyncio.wait_for()` | [`sleep`], [`timeout`] |
//! | `asyncio.gather()`, `asyncio.wait()` | `futures::join!`, `futures::future::select` |
//!
//! [`raw`] is the contract without all of this: a handler as a function from a stream to a stream.

#[doc(hidden)]
pub mod bindings;
mod export;
mod handler;
#[cfg(target_family = "wasm")]
mod host;
pub mod raw;
mod receiver;
mod request;
mod sender;
mod timer;

pub use futures;
pub use handler::AsyncHandler;
#[cfg(not(target_family = "wasm"))]
pub(crate) use handler::serve;
pub use receiver::Receiver;
pub use request::AsyncRequest;
pub use sender::Sender;
pub use timer::{sleep, timeout};
