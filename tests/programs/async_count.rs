//! Behaves: counts what it receives, and sends the number as a line when its peer has sent everything. The host must not
//! let the bytes pile up, nor the memory of the handler grow with them.
//!
//! When the first line is `send` and a number, that many bytes go the other way: number *n* of them is *n* modulo 251.

use socketserver_guest::Result;
use socketserver_guest::asynchronous::{AsyncHandler, AsyncRequest, Receiver, Sender};

const PERIOD: usize = 251;
const BLOCK: usize = 65_536;

#[derive(Default)]
struct Count;

impl AsyncHandler for Count {
    async fn handle(&mut self, request: &mut AsyncRequest) -> Result {
        let AsyncRequest { receiver, sender, .. } = request;
        let line = receiver.receive_line(64).await?.unwrap_or_default();
        if let Some(number) = line.strip_prefix(b"send ") {
            let number = str::from_utf8(number)?.trim_end().parse()?;
            return send(sender, number).await;
        }
        let first = line.len() as u64;
        let total = first + count(receiver).await?;
        sender.send_all(format!("{total}\n").as_bytes()).await?;
        Ok(())
    }
}

async fn count(receiver: &mut Receiver) -> Result<u64> {
    let mut buffer = Vec::with_capacity(BLOCK);
    let mut total = 0;
    loop {
        buffer.clear();
        match receiver.receive(&mut buffer).await? {
            0 => return Ok(total),
            received => total += received as u64,
        }
    }
}

async fn send(sender: &mut Sender, number: u64) -> Result {
    let pattern: Vec<u8> = (0..251).cycle().take(PERIOD + BLOCK).collect();
    let mut block = Vec::with_capacity(BLOCK);
    let mut sent = 0;
    while sent < number {
        let length = usize::try_from(number - sent).map_or(BLOCK, |left| left.min(BLOCK));
        let start = usize::try_from(sent % PERIOD as u64)?;
        block.extend_from_slice(&pattern[start..start + length]);
        sender.send_buffer(&mut block).await?;
        sent += length as u64;
    }
    Ok(())
}

socketserver_guest::export_async!(Count);
