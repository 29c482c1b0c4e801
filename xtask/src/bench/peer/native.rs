//! An echo server without a sandbox: what the price of the sandbox is measured against.
//!
//! It is meant to be hard to beat, within what ours promises too: tokio's multi-thread runtime with as many
//! workers as ours, or a runtime for each thread; a task for each connection, no delay on. An idle connection holds no buffer: bytes pass through one buffer
//! for each thread, and only what the peer does not take at once is copied out of it. Datagrams have one loop.

use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, anyhow};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpSocket, TcpStream, UdpSocket};
use tokio::runtime::Builder;

use crate::bench::process::allow_many_connections;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Threads that serve.
    #[arg(long)]
    threads: std::num::NonZero<usize>,
    /// A runtime of its own for each thread, and a listener that shares the port with the others', in place of a common
    /// runtime.
    #[arg(long)]
    per_core: bool,
    #[arg(long)]
    service: Service,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Service {
    Echo,
    Datagrams,
    Time,
}

/// Serves until the process is told to stop.
pub(crate) fn serve(args: &Args) -> Result<()> {
    allow_many_connections()?;
    let service = args.service;
    if args.per_core {
        return serve_per_core(service, args.threads.get());
    }
    let mut builder = Builder::new_multi_thread();
    let runtime = builder.worker_threads(args.threads.get()).enable_io().build()?;
    runtime.block_on(async move {
        // The loop runs on a worker, as ours does: the thread of `block_on` would be one more.
        let serving = if matches!(service, Service::Datagrams) {
            let socket = UdpSocket::bind("127.0.0.1:0").await?;
            println!("listening udp://{}", socket.local_addr()?);
            tokio::spawn(echo_datagrams(socket))
        } else {
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            println!("listening tcp://{}", listener.local_addr()?);
            tokio::spawn(accept(listener, service))
        };
        serving.await.context("the loop panicked")?
    })
}

/// Nothing is shared between the threads: the kernel deals the connections out to the listeners.
fn serve_per_core(service: Service, threads: usize) -> Result<()> {
    let first = Builder::new_current_thread().enable_io().build()?;
    let listener = first.block_on(async { shared_listener(SocketAddr::from(([127, 0, 0, 1], 0))) })?;
    let address = listener.local_addr()?;
    let others: Vec<_> = (1..threads)
        .map(|_| {
            thread::spawn(move || {
                let runtime = Builder::new_current_thread().enable_io().build()?;
                runtime.block_on(async { accept(shared_listener(address)?, service).await })
            })
        })
        .collect();
    println!("listening tcp://{address}");
    first.block_on(accept(listener, service))?;
    for other in others {
        other.join().map_err(|_| anyhow!("a thread panicked"))??;
    }
    Ok(())
}

fn shared_listener(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.set_reuseport(true)?;
    socket.bind(address)?;
    socket.listen(1024)
}

/// No task for each datagram: to send one takes no longer than to start one.
async fn echo_datagrams(socket: UdpSocket) -> Result<()> {
    let mut buffer = vec![0; BUFFER_SIZE];
    loop {
        let (received, peer) = socket.recv_from(&mut buffer).await?;
        socket.send_to(&buffer[..received], peer).await?;
    }
}

async fn accept(listener: TcpListener, service: Service) -> Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(async move {
            // A connection that fails concerns its peer, which checks every byte that it gets.
            let _ = match service {
                Service::Time => time(stream).await,
                Service::Echo | Service::Datagrams => echo(stream).await,
            };
        });
    }
}

/// RFC 868.
async fn time(mut stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let [_, _, _, _, seconds @ ..] = (now.as_secs() + UNIX_EPOCH_SINCE_1900).to_be_bytes();
    stream.write_all(&seconds).await
}

/// The seconds from 1900, where RFC 868 begins to count, to 1970.
pub(in crate::bench) const UNIX_EPOCH_SINCE_1900: u64 = 2_208_988_800;

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
