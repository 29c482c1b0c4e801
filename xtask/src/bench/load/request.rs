//! Round trips on a long-lived connection.

use std::net::SocketAddrV4;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;

use super::connect::{close, exchange, open};
use super::recorder::Recorder;

pub(super) async fn run(address: SocketAddrV4, client: u32, recorder: Arc<Recorder>) -> Result<()> {
    let mut stream = open(address, client, 0).await?;
    stream.set_nodelay(true)?;
    let mut sequence = 0;
    while recorder.goes_on() {
        let began = Instant::now();
        exchange(&mut stream, client, sequence).await?;
        recorder.count(began);
        sequence += 1;
    }
    close(stream).await
}
