//! An echo server without a sandbox: what the price of the sandbox is measured against.
//!
//! It is meant to be hard to beat, within what ours promises too: tokio's multi-thread runtime with as many
//! workers as ours, a task for each connection, no delay on. An idle connection holds no buffer: bytes pass through one buffer
//! for each thread, and only what the peer does not take at once is copied out of it. Datagrams have one loop.

use std::cell::RefCell;
use std::io;

use anyhow::{Context as _, Result};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream, UdpSocket};

use super::process::allow_many_connections;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Worker threads.
    #[arg(long)]
    threads: std::num::NonZero<usize>,
    /// Serve datagrams, not connections.
    #[arg(long)]
    datagrams: bool,
}

/// Serves until the process is told to stop.
pub(crate) fn serve(args: &Args) -> Result<()> {
    allow_many_connections()?;
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.worker_threads(args.threads.get()).enable_io().build()?;
    runtime.block_on(async {
        // The loop runs on a worker, as ours does: the thread of `block_on` would be one more.
        let serving = if args.datagrams {
            let socket = UdpSocket::bind("127.0.0.1:0").await?;
            println!("listening udp://{}", socket.local_addr()?);
            tokio::spawn(echo_datagrams(socket))
        } else {
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            println!("listening tcp://{}", listener.local_addr()?);
            tokio::spawn(accept(listener))
        };
        serving.await.context("the loop panicked")?
    })
}

/// No task for each datagram: to send one takes no longer than to start one.
async fn echo_datagrams(socket: UdpSocket) -> Result<()> {
    let mut buffer = vec![0; BUFFER_SIZE];
    loop {
        let (received, peer) = socket.recv_from(&mut buffer).await?;
        socket.send_to(&buffer[..received], peer).await?;
    }
}

async fn accept(listener: TcpListener) -> Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(async move {
            // A connection that fails concerns its peer, which checks every byte that it gets.
            let _ = echo(stream).await;
        });
    }
}

async fn echo(mut stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    loop {
        stream.readable().await?;
        match pass(&stream) {
            Ok(Passed::All) => {}
            Ok(Passed::Part(rest)) => stream.write_all(&rest).await?,
            Ok(Passed::End) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
}

enum Passed {
    /// All that was received has been sent.
    All,
    /// The peer takes no more at present; these bytes are left.
    Part(Vec<u8>),
    /// The peer has sent everything.
    End,
}

/// Receives once and sends once, without waiting.
fn pass(stream: &TcpStream) -> io::Result<Passed> {
    BUFFER.with_borrow_mut(|buffer| {
        let received = stream.try_read(buffer)?;
        if received == 0 {
            return Ok(Passed::End);
        }
        let sent = match stream.try_write(&buffer[..received]) {
            Ok(sent) => sent,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
            Err(error) => return Err(error),
        };
        Ok(if sent == received {
            Passed::All
        } else {
            Passed::Part(buffer[sent..received].to_vec())
        })
    })
}

thread_local! {
    static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; BUFFER_SIZE]);
}

/// As much as the benchmark's largest write.
const BUFFER_SIZE: usize = 64 << 10;
