//! Datagrams and their echo.

use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use tokio::net::UdpSocket;
use tokio::time::timeout;

use super::pattern;
use super::tally::Tally;
use crate::bench::load::Outcome;
use crate::bench::quantity::Quantity;

/// Sends a datagram when the one before has been answered, until it is told to stop. One whose answer does not come is
/// sent again.
pub(super) async fn client(server: SocketAddr, client: u32, tally: Rc<Tally>) -> Result<()> {
    tally.allow_losses();
    tally.begin();
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    socket.connect(server).await?;
    let mut position = pattern::start(client);
    while !tally.is_stopped() {
        let started = Instant::now();
        while !exchange(&socket, position).await? {
            tally.lose();
            if tally.is_stopped() {
                return Ok(());
            }
        }
        tally.record(started.elapsed());
        position += DATAGRAM as u64;
    }
    Ok(())
}

/// Sends a datagram, and tells whether it came back.
async fn exchange(socket: &UdpSocket, position: u64) -> Result<bool> {
    socket
        .send(pattern::at(position, DATAGRAM))
        .await
        .context("cannot send")?;
    match timeout(PATIENCE, receive(socket, position)).await {
        Ok(received) => received.map(|()| true),
        Err(_elapsed) => Ok(false),
    }
}

async fn receive(socket: &UdpSocket, position: u64) -> Result<()> {
    // One byte more, to see an answer that is too long.
    let mut answer = [0; DATAGRAM + 1];
    loop {
        let length = socket.recv(&mut answer).await.context("cannot receive")?;
        let answer = &answer[..length];
        // One that was taken for lost and sent again may come twice.
        if answer == pattern::at(position.wrapping_sub(DATAGRAM as u64), DATAGRAM) {
            continue;
        }
        ensure!(length == DATAGRAM, "an answer of {length} bytes to one of {DATAGRAM}");
        return pattern::verify(position, answer);
    }
}

/// UDP may lose some, but a server that loses many is not measured by those that it answers.
pub(super) fn judge(mut outcome: Outcome) -> Outcome {
    let lost = outcome.figures.get(&Quantity::Lost).copied().unwrap_or_default();
    if lost > MAX_LOST {
        outcome.errors += 1;
        outcome
            .first_error
            .get_or_insert_with(|| format!("{lost:.1} % of the datagrams were lost"));
    }
    outcome
}

const DATAGRAM: usize = 64;

/// Far longer than an answer takes on a machine that is not overloaded.
const PATIENCE: Duration = Duration::from_millis(200);

/// In percent of what was sent.
const MAX_LOST: f64 = 1.0;
