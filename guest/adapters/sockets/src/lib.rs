//! Arguments, addresses and errors of the adapters that listen.

mod address;
mod arguments;
mod error;

pub use self::address::{from_std, from_wasi, is_of_ipv6, to_std, to_wasi};
pub use self::arguments::{Arguments, Transport};
pub use self::error::{from_wasi as error_from_wasi, of_stream as error_of_stream};

/// Says where a socket listens, as the server `socketserver` does.
pub fn announce(transport: Transport, address: std::net::SocketAddr) {
    use std::io::Write as _;

    let mut output = std::io::stdout();
    // Nobody reads it when standard output is gone.
    let _ = writeln!(output, "listening {transport}://{address}").and_then(|()| output.flush());
}

/// Says something to whoever runs the process.
pub fn complain(what: &str) {
    use std::io::Write as _;

    let _ = writeln!(std::io::stderr(), "{what}");
}
