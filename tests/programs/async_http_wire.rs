//! Behaves: speaks HTTP/1.1, as far as a test needs it. Its response is chunked, has in its head the path that it was told of
//! before it received anything, and in its body the head of the request and then how many bytes followed it. A request to `/cut` gets a response that ends before its end, and one to `/fail` an
//! error.

use socketserver_guest::asynchronous::{AsyncHandler, AsyncRequest};
use socketserver_guest::{Result, http_request};

#[derive(Default)]
struct Http;

impl AsyncHandler for Http {
    async fn handle(&mut self, request: &mut AsyncRequest) -> Result {
        let told = http_request().and_then(|request| request.path_with_query);
        let AsyncRequest { receiver, sender, .. } = request;
        let mut head = Vec::new();
        while let Some(line) = receiver.receive_line(8192).await? {
            head.extend_from_slice(line);
            if line == b"\r\n" {
                break;
            }
        }
        if head.starts_with(b"GET /fail ") {
            return Err("refused by choice".into());
        }
        sender
            .send_all(
                b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nX-Own: yes\r\nTransfer-Encoding: chunked\r\n",
            )
            .await?;
        let told = format!("X-Told: {}\r\n\r\n", told.unwrap_or_default());
        sender.send_all(told.as_bytes()).await?;
        sender.send_all(format!("{:x}\r\n", head.len()).as_bytes()).await?;
        sender.send_all(&head).await?;
        if head.starts_with(b"GET /cut ") {
            return Ok(());
        }
        let mut count = 0;
        let mut buffer = Vec::new();
        while receiver.receive(&mut buffer).await? > 0 {
            count += buffer.len();
            buffer.clear();
        }
        let text = format!("{count} bytes\n");
        sender
            .send_all(format!("\r\n{:x}\r\n{text}\r\n0\r\n\r\n", text.len()).as_bytes())
            .await?;
        Ok(())
    }
}

socketserver_guest::export_async!(Http);
