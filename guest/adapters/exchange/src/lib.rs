//! An HTTP request and its response, in WASI 0.2: what the adapters have in common that give a handler the body of a request,
//! and the whole of it.

mod export;
mod incoming;
mod outgoing;

/// What [`export_exchange`] needs of other crates.
#[doc(hidden)]
pub use adapter_connection as connection;
#[doc(hidden)]
pub use wasi::http::types as http;

pub use self::incoming::{Incoming, method_name, scheme_name};
pub use self::outgoing::{Outgoing, Status};

/// Says something to whoever runs the server.
pub fn complain(what: &str) {
    use std::io::Write as _;

    let _ = writeln!(std::io::stderr(), "{what}");
}
