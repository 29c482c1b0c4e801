//! Connect, exchange 64 bytes, close.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use nix::sys::socket::{setsockopt, sockopt::IpBindAddressNoPort};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

use super::payload::message;
use super::recorder::Recorder;

pub(super) async fn run(address: SocketAddrV4, client: u32, recorder: Arc<Recorder>) -> Result<()> {
    let mut sequence = 0;
    while recorder.goes_on() {
        let began = Instant::now();
        let mut stream = open(address, client, sequence).await?;
        exchange(&mut stream, client, sequence).await?;
        close(stream).await?;
        recorder.count(began);
        sequence += 1;
    }
    Ok(())
}

/// Connects, from one of many addresses of the loopback network.
///
/// The side that closes first, the client, keeps the pair of addresses in TIME_WAIT for a minute, so a single source
/// address runs out of ports after 28,000 connections. A reset (SO_LINGER 0) would leave none, but then the server would
/// handle a failure where it should handle an end.
pub(super) async fn open(address: SocketAddrV4, client: u32, sequence: u64) -> Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    // The port is chosen by connect, which knows the whole pair: bind alone would have to avoid every port in use.
    setsockopt(&socket, IpBindAddressNoPort, &true)?;
    socket.bind(SocketAddrV4::new(source(client, sequence), 0).into())?;
    socket.connect(address.into()).await.context("cannot connect")
}

fn source(client: u32, sequence: u64) -> Ipv4Addr {
    let turn = (u64::from(client) + sequence) % SOURCES;
    #[expect(clippy::cast_possible_truncation, reason = "less than SOURCES, which fits")]
    let last = turn as u8 + 1;
    Ipv4Addr::new(127, 0, 1, last)
}

/// Sends a message and takes the same message back.
pub(super) async fn exchange(stream: &mut TcpStream, client: u32, sequence: u64) -> Result<()> {
    let sent = message(client, sequence);
    stream.write_all(&sent).await.context("cannot send")?;
    let mut received = [0; _];
    stream.read_exact(&mut received).await.context("cannot receive")?;
    ensure!(received == sent, "the answer differs from what was sent");
    Ok(())
}

/// Closes in order: says that nothing more will come, and waits for the server to say so too.
pub(super) async fn close(mut stream: TcpStream) -> Result<()> {
    stream.shutdown().await.context("cannot close")?;
    let more = stream.read(&mut [0]).await.context("the server did not close in order")?;
    ensure!(more == 0, "the server sent more than it was sent");
    Ok(())
}

const SOURCES: u64 = 250;
