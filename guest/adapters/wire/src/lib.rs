//! HTTP/1.1 on the wire (RFC 9112): a request as bytes, and bytes as a response.
//!
//! Nothing here does input or output, so that both the blocking and the asynchronous adapter use it, and its tests run
//! natively.

mod chunks;
mod fields;
mod request;
mod response;

pub use self::fields::Field;
pub use self::request::{BadRequest, Request, RequestBody};
pub use self::response::{Event, Head, Malformed, Response};
