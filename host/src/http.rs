//! HTTP connections: each carries requests, and each request is served in a sandbox.
//!
//! ```text
//!  driver ── polls ──▶ hyper ── calls ──▶ service ──▶ exchange ──▶ sandbox
//!    │  clocks, drain, eviction              │ head, permits        │
//!    └── socket ◀── bytes ── hyper ◀── response ◀── body ◀──────────┘
//! ```
//!
//! With HTTP/1 all of a connection is one task: the guest is polled where its response is written, so that a request costs no
//! task, no channel between threads, and no wake. With HTTP/2 each stream has a task ([`streams`]).
//!
//! A deadline is enforced where it can be seen. That of a request is the guest's own supervision, as for connections; but hyper
//! polls no guest whose response the peer does not take, so the driver has it too, and the task of a stream. That a peer does
//! not send the body that the guest reads is seen by the body ([`received`]). That a peer does not take what is sent is seen
//! by nobody who is polled meanwhile, so the driver looks at the socket, and the task of a stream at its response.

mod clock;
mod driver;
mod exchange;
mod head;
mod link;
mod received;
mod response;
mod service;
mod streams;
mod transport;
mod waiting;

use std::fmt::{self, Display, Formatter};

pub(crate) use self::driver::serve;
pub(crate) use self::exchange::Exchange;
pub(crate) use self::received::Received;
pub(crate) use self::waiting::Waiting;

/// Why a body cannot go on.
#[derive(Clone, Debug)]
pub(crate) enum BodyError {
    /// The connection has failed, or broke the rules of HTTP.
    Connection,
    /// The guest's own: what it sends is not what it said, or comes from something that failed.
    Guest(String),
    /// Nothing came for `body-idle-timeout`.
    Idle,
    /// It is longer than it may be.
    TooLong,
}

impl Display for BodyError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connection => f.write_str("the connection has failed"),
            Self::Guest(message) => f.write_str(message),
            Self::Idle => f.write_str("the body did not move for body-idle-timeout"),
            Self::TooLong => f.write_str("the body is longer than it may be"),
        }
    }
}

impl std::error::Error for BodyError {}
