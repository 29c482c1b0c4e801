//! Returns what it receives as what it sends, and its end with it. The host must echo without a byte in the memory of the
//! handler.

use socketserver_guest::asynchronous::raw::{AsyncStreamHandler, Bytes, ConnectionInfo, End};

struct Pass;

impl AsyncStreamHandler for Pass {
    async fn handle(_: ConnectionInfo, received: Bytes, received_end: End) -> Result<(Bytes, End), String> {
        Ok((received, received_end))
    }
}

socketserver_guest::export_async_raw!(Pass);
