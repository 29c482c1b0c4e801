//! Behaves: echoes, but drops each operation that is not done after 1 ms, and begins it anew. The host must lose no byte and
//! repeat none, whenever it is that a read or a write is cancelled.

use std::time::Duration;

use socketserver_guest::Result;
use socketserver_guest::asynchronous::{AsyncHandler, AsyncRequest, timeout};

const PATIENCE: Duration = Duration::from_millis(1);

#[derive(Default)]
struct Impatient;

impl AsyncHandler for Impatient {
    async fn handle(&mut self, request: &mut AsyncRequest) -> Result {
        let AsyncRequest { receiver, sender, .. } = request;
        let mut buffer = Vec::new();
        loop {
            if let Ok(received) = timeout(PATIENCE, receiver.receive(&mut buffer)).await
                && received? == 0
            {
                return Ok(());
            }
            // When the time was up before, what arrived until then is here all the same.
            while !buffer.is_empty() {
                if let Ok(sent) = timeout(PATIENCE, sender.send_buffer(&mut buffer)).await {
                    sent?;
                }
            }
        }
    }
}

socketserver_guest::export_async!(Impatient);
