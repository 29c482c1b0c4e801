use std::io::Write as _;
use std::time::Duration;

use socketserver_guest::Result;
use socketserver_guest::asynchronous::{AsyncHandler, AsyncRequest, timeout};

/// Answers each line in upper case, and says so when none comes for five seconds.
#[derive(Default)]
struct Shout;

impl AsyncHandler for Shout {
    async fn handle(&mut self, request: &mut AsyncRequest) -> Result {
        let AsyncRequest { receiver, sender, .. } = request;
        loop {
            match timeout(Duration::from_secs(5), receiver.receive_line(1024)).await {
                Ok(line) => match line? {
                    Some(line) => sender.buffer().write_all(&line.to_ascii_uppercase())?,
                    None => return Ok(()),
                },
                Err(_) => sender.buffer().write_all(b"still here\n")?,
            }
            sender.flush().await?;
        }
    }
}

socketserver_guest::export_async!(Shout);
