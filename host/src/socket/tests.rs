//! The operations of a socket over a pipe in memory.

use std::pin::Pin;
use std::sync::atomic::AtomicUsize;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::time::Instant;

use super::*;

/// One end of a pipe in memory. It always claims to be ready, as any readiness may be a false alarm.
struct Pipe(Mutex<DuplexStream>, Arc<AtomicUsize>);

impl Io for Pipe {
    fn poll_receive(&self, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0.lock().unwrap()).poll_read(cx, buffer)
    }

    fn poll_send(&self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.0.lock().unwrap()).poll_write(cx, bytes)
    }

    fn poll_readable(&self, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_writable(&self, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn local_address(&self) -> Option<Address> {
        None
    }

    fn shutdown(&self, _how: Shutdown) -> io::Result<()> {
        self.1.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn abort_on_close(&self) {}
}

fn socket() -> (Socket, DuplexStream, Arc<Meter>) {
    let (socket, theirs, meter, _) = counted_socket();
    (socket, theirs, meter)
}

/// With the number of its shutdowns.
fn counted_socket() -> (Socket, DuplexStream, Arc<Meter>, Arc<AtomicUsize>) {
    let (ours, theirs) = duplex(16);
    let (meter, shutdowns) = (Arc::new(Meter::new()), Arc::default());
    let pipe = Pipe(Mutex::new(ours), Arc::clone(&shutdowns));
    (
        Socket::new(Box::new(pipe), Arc::clone(&meter)),
        theirs,
        meter,
        shutdowns,
    )
}

#[tokio::test(start_paused = true)]
async fn bytes_come_in_order_and_end_with_an_empty_list() {
    let (socket, mut peer, meter) = socket();
    peer.write_all(b"hello").await.unwrap();
    drop(peer);
    assert_eq!(socket.receive(2).await.unwrap(), b"he");
    assert_eq!(socket.receive(100).await.unwrap(), b"llo");
    assert_eq!(socket.receive(100).await.unwrap(), b"");
    assert_eq!(socket.receive(100).await.unwrap(), b"");
    assert_eq!(meter.received(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_timeout_bounds_each_call_and_loses_nothing() {
    let (socket, mut peer, _) = socket();
    socket.set_timeout(Some(Duration::from_millis(50)));
    assert_eq!(socket.receive(1).await.unwrap_err().kind(), io::ErrorKind::TimedOut);
    assert_eq!(socket.failure(), Some(io::ErrorKind::TimedOut));
    peer.write_all(b"x").await.unwrap();
    assert_eq!(socket.receive(1).await.unwrap(), b"x");

    let more_than_fits = [0; 100];
    let all = socket.send_all(&more_than_fits).await;
    assert_eq!(all.unwrap_err().kind(), io::ErrorKind::TimedOut);
}

#[tokio::test(start_paused = true)]
async fn a_timeout_of_zero_fails_at_once_only_if_it_would_wait() {
    let (socket, mut peer, _) = socket();
    socket.set_timeout(Some(Duration::ZERO));
    peer.write_all(b"x").await.unwrap();
    assert_eq!(socket.receive(1).await.unwrap(), b"x");
    assert_eq!(socket.receive(1).await.unwrap_err().kind(), io::ErrorKind::TimedOut);
}

#[tokio::test(start_paused = true)]
async fn misuse_is_an_invalid_argument() {
    let (socket, _peer, _) = socket();
    assert_eq!(socket.receive(0).await.unwrap_err().kind(), io::ErrorKind::InvalidInput);
    let nothing = socket.wait(Ready::default()).await;
    assert_eq!(nothing.unwrap_err().kind(), io::ErrorKind::InvalidInput);
}

#[tokio::test(start_paused = true)]
async fn directions_that_are_shut_down_are_closed_and_ready() {
    let (socket, _peer, _) = socket();
    socket.shutdown(Shutdown::Read).unwrap();
    socket.shutdown(Shutdown::Read).unwrap();
    assert_eq!(socket.receive(1).await.unwrap(), b"");
    socket.shutdown(Shutdown::Write).unwrap();
    assert_eq!(socket.send(b"x").await.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    assert_eq!(socket.failure(), None, "it is the guest's own doing");
    let both = Ready {
        readable: true,
        writable: true,
    };
    assert_eq!(socket.wait(both).await.unwrap(), both);
}

#[tokio::test(start_paused = true)]
async fn closing_lets_a_peer_that_still_sends_finish() {
    let (socket, mut peer, _) = socket();
    let talk = tokio::join!(socket.close(Duration::from_secs(2)), async move {
        for _ in 0..10 {
            peer.write_all(&[0; 16]).await.unwrap();
        }
    });
    assert_eq!(talk, ((), ()));
}

#[tokio::test(start_paused = true)]
async fn closing_waits_no_longer_than_it_may() {
    let (socket, _peer, _) = socket();
    let started = Instant::now();
    socket.close(Duration::from_secs(2)).await;
    assert_eq!(started.elapsed(), Duration::from_secs(2));
}

#[tokio::test(start_paused = true)]
async fn closing_after_the_end_of_the_stream_does_not_wait() {
    let (socket, peer, _) = socket();
    drop(peer);
    assert_eq!(socket.receive(1).await.unwrap(), b"");
    let started = Instant::now();
    socket.close(Duration::from_secs(2)).await;
    assert_eq!(started.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn closing_its_own_receiving_side_is_not_the_end_of_the_peer() {
    let (socket, _peer, _) = socket();
    socket.shutdown(Shutdown::Read).unwrap();
    assert_eq!(socket.receive(1).await.unwrap(), b"");
    let started = Instant::now();
    socket.close(Duration::from_secs(2)).await;
    assert_eq!(started.elapsed(), Duration::from_secs(2), "the peer may still send");
}

#[tokio::test(start_paused = true)]
async fn a_released_connection_is_shut_down_once_when_the_guest_goes_on() {
    let (socket, _peer, _, shutdowns) = counted_socket();
    let count = || shutdowns.load(Ordering::Relaxed);
    socket.tell();
    socket.release();
    assert_eq!(count(), 0);
    socket.tell();
    socket.tell();
    assert_eq!(count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_released_connection_whose_peer_has_finished_is_closed_without_a_shutdown() {
    let (socket, peer, _, shutdowns) = counted_socket();
    drop(peer);
    assert_eq!(socket.receive(1).await.unwrap(), b"");
    socket.release();
    socket.close(Duration::from_secs(2)).await;
    assert_eq!(shutdowns.load(Ordering::Relaxed), 0);
}
