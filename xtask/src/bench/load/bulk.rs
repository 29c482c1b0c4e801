//! A stream in both directions at once, as fast as it goes.

use std::net::SocketAddrV4;
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{ReadHalf, WriteHalf};

use super::connect::open;
use super::payload::fill;
use super::recorder::Recorder;

pub(super) async fn run(address: SocketAddrV4, client: u32, recorder: Arc<Recorder>) -> Result<()> {
    let mut stream = open(address, client, 0).await?;
    stream.set_nodelay(true)?;
    let pattern = pattern(client);
    let (receiver, sender) = stream.split();
    let (sent, received) = tokio::try_join!(
        send(sender, &pattern, &recorder),
        receive(receiver, &pattern, &recorder)
    )?;
    ensure!(sent == received, "{sent} bytes were sent and {received} came back");
    Ok(())
}

async fn send(mut sender: WriteHalf<'_>, pattern: &[u8], recorder: &Recorder) -> Result<usize> {
    let mut sent = 0;
    while recorder.goes_on() {
        let block = &pattern[sent % PERIOD..][..BLOCK];
        sender.write_all(block).await.context("cannot send")?;
        sent += BLOCK;
    }
    sender.shutdown().await.context("cannot close")?;
    Ok(sent)
}

async fn receive(mut receiver: ReadHalf<'_>, pattern: &[u8], recorder: &Recorder) -> Result<usize> {
    let mut buffer = vec![0; BLOCK];
    let mut received = 0;
    loop {
        let count = receiver.read(&mut buffer).await.context("cannot receive")?;
        if count == 0 {
            return Ok(received);
        }
        let expected = &pattern[received % PERIOD..][..count];
        ensure!(buffer[..count] == *expected, "wrong bytes after {received} right ones");
        recorder.add(u64::try_from(count)?);
        received += count;
    }
}

/// A period of the stream of `client`, and enough of the next one for a block to start anywhere in it.
fn pattern(client: u32) -> Vec<u8> {
    let mut pattern = vec![0; PERIOD];
    fill(&mut pattern, client.into());
    pattern.extend_from_within(..);
    pattern.truncate(PERIOD + BLOCK);
    pattern
}

const BLOCK: usize = 64 << 10;
/// A prime a little above the size of a block, so that a block which is lost, doubled or swapped shows.
const PERIOD: usize = 65_537;
