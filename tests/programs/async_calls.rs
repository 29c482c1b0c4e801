//! Behaves: answers with how many connections its instance has served, a line, when its peer has sent everything. Under our
//! host that is 1.

use std::sync::atomic::{AtomicU32, Ordering};

use socketserver_guest::Result;
use socketserver_guest::asynchronous::{AsyncHandler, AsyncRequest};

static CALLS: AtomicU32 = AtomicU32::new(0);

#[derive(Default)]
struct Calls;

impl AsyncHandler for Calls {
    async fn handle(&mut self, request: &mut AsyncRequest) -> Result {
        let calls = CALLS.fetch_add(1, Ordering::Relaxed) + 1;
        while request.receiver.receive_line(64).await?.is_some() {}
        request.sender.send_all(format!("{calls}\n").as_bytes()).await?;
        Ok(())
    }
}

socketserver_guest::export_async!(Calls);
