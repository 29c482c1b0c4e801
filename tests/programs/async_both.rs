//! Behaves: exports both handlers of connections, and each answers its name. The host must serve the blocking one.

use std::io::Write as _;

use socketserver_guest::asynchronous::{AsyncHandler, AsyncRequest};
use socketserver_guest::{Handler, Request, Result};

#[derive(Default)]
struct Both;

impl Handler for Both {
    fn handle(&mut self, request: &mut Request) -> Result {
        request.wfile.write_all(b"stream-handler\n")?;
        Ok(())
    }
}

impl AsyncHandler for Both {
    async fn handle(&mut self, request: &mut AsyncRequest) -> Result {
        request.sender.send_all(b"async-stream-handler\n").await?;
        Ok(())
    }
}

socketserver_guest::export!(Both);
socketserver_guest::export_async!(Both);
