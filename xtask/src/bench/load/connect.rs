//! Connections that come and go.

use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use nix::sys::socket::{setsockopt, sockopt::IpBindAddressNoPort};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

use super::pattern;
use super::tally::Tally;

/// What a client says before it closes, and a request of those that stay.
pub(super) const REQUEST: usize = 64;

/// Connects, exchanges one request and closes, until it is told to stop.
pub(super) async fn client(server: SocketAddr, client: u32, tally: Rc<Tally>) -> Result<()> {
    tally.begin();
    let mut position = pattern::start(client);
    while !tally.is_stopped() {
        let started = Instant::now();
        let mut stream = open(server).await?;
        exchange(&mut stream, position).await?;
        close(stream).await?;
        tally.record(started.elapsed());
        position += REQUEST as u64;
    }
    Ok(())
}

/// Opens a connection, from each loopback address in turn.
///
/// The side that closes first keeps the pair of addresses in TIME-WAIT for a minute, and one source address has only some
/// 28,000 ports: two seconds' worth. Closing with a reset would avoid that state, but it would also spare both sides the
/// work of an orderly close, and a server may answer a reset by other means than it answers an end. Linux takes the whole
/// of 127.0.0.0/8 for its own, so there are enough addresses instead.
pub(super) async fn open(server: SocketAddr) -> Result<TcpStream> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed) % SOURCES;
    let source = Ipv4Addr::from_bits(FIRST_SOURCE.to_bits() + number);

    let socket = TcpSocket::new_v4()?;
    socket.set_nodelay(true)?;
    // Leaves the choice of the port to `connect`, which knows the other end: `bind` alone would have to find a port that no
    // other connection of that address uses, whatever its other end.
    setsockopt(&socket, IpBindAddressNoPort, &true)?;
    socket.bind((source, 0).into())?;
    socket.connect(server).await.context("cannot connect")
}

const FIRST_SOURCE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

/// 5.6 million connections in a minute, more than any core opens.
const SOURCES: u32 = 200;

/// Sends one request, and receives it back.
pub(super) async fn exchange(stream: &mut TcpStream, position: u64) -> Result<()> {
    let mut answer = [0; REQUEST];
    stream
        .write_all(pattern::at(position, REQUEST))
        .await
        .context("cannot send")?;
    stream.read_exact(&mut answer).await.context("no answer")?;
    pattern::verify(position, &answer)
}

/// Closes in order: the server sees the end of the stream, closes in turn, and has nothing more to say.
pub(super) async fn close(mut stream: TcpStream) -> Result<()> {
    stream.shutdown().await.context("cannot shut down")?;
    let rest = stream.read(&mut [0]).await.context("no orderly end")?;
    ensure!(rest == 0, "the server sends more than it got");
    Ok(())
}
