//! The contract itself: what `wit-bindgen` makes of `async-stream-handler.wit`.
//!
//! For handlers that are a function from a stream to a stream. This one is an echo whose bytes never enter its memory,
//! because the stream that it received is the one that it returns:
//!
//! ```
//! use socketserver_guest::asynchronous::raw::{AsyncStreamHandler, Bytes, ConnectionInfo, End};
//!
//! struct Pass;
//!
//! impl AsyncStreamHandler for Pass {
//!     async fn handle(_: ConnectionInfo, received: Bytes, received_end: End) -> Result<(Bytes, End), String> {
//!         Ok((received, received_end))
//!     }
//! }
//!
//! socketserver_guest::export_async_raw!(Pass);
//! ```
//!
//! Streams of its own it makes with [`wit_stream::new`], and their ends with [`wit_future::new`], which takes what is told
//! when the writer is dropped without a word; work that goes on after `handle` has returned is [`spawn`]ed. Natively
//! none of this does anything: an [`AsyncHandler`](super::AsyncHandler) can be tested.

use wit_bindgen::{FutureReader, StreamReader};

pub use super::bindings::exports::socketserver::core::async_stream_handler::{
    ConnectionInfo, Guest as AsyncStreamHandler,
};
pub use super::bindings::{wit_future, wit_stream};
pub use crate::bindings::socketserver::core::network::ErrorCode;
pub use wit_bindgen::{FutureWriter, StreamResult, StreamWriter, spawn_local as spawn, yield_async};

/// The readable end of one direction of a connection.
pub type Bytes = StreamReader<u8>;

/// The readable end of how a direction ended.
pub type End = FutureReader<Result<(), ErrorCode>>;
