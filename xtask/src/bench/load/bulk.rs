//! As many bytes as the server takes, while they come back.

use std::net::SocketAddr;
use std::rc::Rc;

use anyhow::{Context as _, Result, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::tally::Tally;
use super::{connect, pattern};

/// Sends and receives at the same time, until it is told to stop and the last byte is back.
pub(super) async fn client(server: SocketAddr, client: u32, tally: Rc<Tally>) -> Result<()> {
    let mut stream = connect::open(server).await?;
    tally.begin();
    let (mut receiving, mut sending) = stream.split();
    let start = pattern::start(client);

    let send = async {
        let mut sent = 0;
        while !tally.is_stopped() {
            let data = pattern::at(start + sent, pattern::WRITE);
            sending.write_all(data).await.context("cannot send")?;
            sent += pattern::WRITE as u64;
        }
        sending.shutdown().await.context("cannot shut down")?;
        Ok(sent)
    };
    let receive = async {
        let mut buffer = vec![0; pattern::WRITE];
        let mut received = 0;
        loop {
            let length = receiving.read(&mut buffer).await.context("cannot receive")?;
            if length == 0 {
                return Ok::<_, anyhow::Error>(received);
            }
            pattern::verify(start + received, &buffer[..length])?;
            received += length as u64;
            tally.add(length as f64 / MIB);
        }
    };
    let (sent, received) = tokio::try_join!(send, receive)?;
    ensure!(sent == received, "{received} of {sent} bytes came back");
    Ok(())
}

const MIB: f64 = 1_048_576.0;
