//! One HTTP connection's life: hyper serves it, and the driver looks at its clocks, the drain and the limits.

use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use hyper_util::rt::TokioIo;
use hyper_util::server::conn::auto;
use tokio::time::{Instant, timeout};

use super::clock::{Clock, Due};
use super::link::Link;
use super::service::Service;
use super::streams::Streams;
use super::transport::Transport;
use crate::address::{ListenAddress, Remote};
use crate::config::Http;
use crate::event::CloseReason;
use crate::limit::{Permit, SourcePermit};
use crate::listener::Io;
use crate::meter::Meter;
use crate::record::{Ended, Record};
use crate::sandbox::Ending;
use crate::server::Shared;
use crate::socket::{Socket, is_broken};

/// Serves a connection to its end. The permits are given back when its socket is closed; a guest that goes on after its
/// response has one of its own.
///
/// # Cancel safety
///
/// Dropping the future ends the connection and its requests; it is accounted for as a bug.
pub(crate) async fn serve(
    io: Box<dyn Io>,
    remote: Remote,
    listener: Arc<ListenAddress>,
    server: Arc<Shared>,
    permits: (Permit, SourcePermit),
) -> Ended {
    let meter = Arc::new(Meter::new());
    let record = Record::open(remote, listener, &server, &meter);
    let socket = Arc::new(Socket::new(io, Arc::clone(&meter)));
    let link = Arc::new(Link::new(
        Arc::clone(&record.connection),
        Arc::clone(&server),
        Arc::clone(&meter),
    ));
    server.waiting.enter(&link);
    let streams = Streams::new(&server);
    let end = {
        let builder = builder(&server.http, streams.clone());
        let transport = Transport {
            link: Arc::clone(&link),
            socket: Arc::clone(&socket),
        };
        let hyper = builder.serve_connection(TokioIo::new(transport), Service(Arc::clone(&link)));
        drive(pin!(hyper), &link, &socket).await
    };
    streams.end().await;
    close(&link, &socket, end).await;
    drop(socket);
    link.set_closed();
    let ended = record.close(end.ending());
    drop(permits);
    ended
}

fn builder(http: &Http, streams: Streams) -> auto::Builder<Streams> {
    let mut builder = auto::Builder::new(streams);
    let head = usize::try_from(http.max_request_head).unwrap_or(usize::MAX);
    builder
        .http1()
        // A peer that has sent all it has to say may close its direction, and is answered all the same.
        .half_close(true)
        .max_buf_size(head);
    builder
        .http2()
        .max_concurrent_streams(http.max_streams)
        .max_header_list_size(http.max_request_head);
    builder
}

/// How a connection ended, before the books.
#[derive(Clone, Copy, Debug)]
struct End {
    reason: CloseReason,
    message: &'static str,
    /// Whether a head had begun that is answered 408.
    in_head: bool,
}

impl End {
    fn of(reason: CloseReason) -> Self {
        Self {
            reason,
            message: "",
            in_head: false,
        }
    }

    fn ending(self) -> Ending {
        Ending {
            reason: self.reason,
            message: self.message.to_owned(),
            backtrace: Vec::new(),
        }
    }
}

/// The connection as hyper serves it.
trait Served: Future<Output = Result<(), Box<dyn std::error::Error + Send + Sync>>> {
    /// Has it end when the requests that are under way have.
    fn finish(self: Pin<&mut Self>);
}

impl Served for auto::Connection<'_, TokioIo<Transport>, Service, Streams> {
    fn finish(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}

async fn drive(mut hyper: Pin<&mut impl Served>, link: &Arc<Link>, socket: &Socket) -> End {
    let drain = &link.server.drain;
    let signals = [drain.kill(), drain.stop(), link.evicted()];
    let [mut killed, mut stopped, mut evicted] = signals.map(|signal| Box::pin(signal.killed()));
    let mut registered: Option<Waker> = None;
    let mut clock = Clock::new(link);
    let mut is_finishing = false;
    // How it ends if it does not finish in time.
    let mut finish_as = CloseReason::Lifetime;
    std::future::poll_fn(|cx: &mut Context<'_>| {
        loop {
            if let Poll::Ready(served) = hyper.as_mut().poll(cx) {
                return Poll::Ready(match served {
                    Ok(()) => End::of(CloseReason::Completed),
                    Err(error) if is_finishing && is_unbegun(&*error) => End::of(CloseReason::Completed),
                    Err(error) => classify(&*error, link, socket),
                });
            }
            // They have the waker since the first wait, and looking costs a load each.
            if !registered.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
                registered = Some(cx.waker().clone());
                let _ = (
                    killed.as_mut().poll(cx),
                    stopped.as_mut().poll(cx),
                    evicted.as_mut().poll(cx),
                );
            }
            let [kill, stop, evict] = signals;
            if kill.is_killed() {
                return Poll::Ready(End::of(CloseReason::Killed));
            }
            if evict.is_killed() && link.is_waiting() {
                return Poll::Ready(End::of(CloseReason::Evicted));
            }
            let max = link.server.http.max_connection_requests;
            let is_over = stop.is_killed() || max.is_some_and(|max| link.begun() >= u64::from(max));
            if is_over && !is_finishing {
                is_finishing = true;
                hyper.as_mut().finish();
                continue;
            }
            return match clock.poll(cx) {
                Poll::Pending => Poll::Pending,
                Poll::Ready(Due::Lifetime) => {
                    // What is under way may finish, as when the server drains.
                    clock.finish_by(Instant::now() + link.server.timeouts.drain_grace);
                    finish_as = CloseReason::Lifetime;
                    if !std::mem::replace(&mut is_finishing, true) {
                        hyper.as_mut().finish();
                    }
                    continue;
                }
                // A peer of HTTP/2 is told, by a GOAWAY, that its next request has to take another connection, and has a
                // round trip's time to say which it had sent before (RFC 9113, section 6.8).
                Poll::Ready(Due::KeepAlive) if link.is_http2() => {
                    clock.finish_by(Instant::now() + link.server.timeouts.linger);
                    finish_as = CloseReason::Idle;
                    if !std::mem::replace(&mut is_finishing, true) {
                        hyper.as_mut().finish();
                    }
                    continue;
                }
                Poll::Ready(Due::Finish) => Poll::Ready(End::of(finish_as)),
                Poll::Ready(Due::Request) => {
                    link.set_overdue();
                    Poll::Ready(End::of(CloseReason::Aborted))
                }
                Poll::Ready(Due::Header) => Poll::Ready(End {
                    in_head: clock.has_head_begun(),
                    ..End::of(CloseReason::HeaderTimeout)
                }),
                Poll::Ready(Due::KeepAlive | Due::Stalled) => Poll::Ready(End::of(CloseReason::Idle)),
            };
        }
    })
    .await
}

/// Whether this is what hyper makes of a connection that was told to finish before its first bytes had come.
fn is_unbegun(error: &(dyn std::error::Error + 'static)) -> bool {
    let error = error.downcast_ref::<io::Error>();
    error.is_some_and(|error| error.kind() == io::ErrorKind::Interrupted)
}

/// Whose doing an error of hyper's is.
fn classify(error: &(dyn std::error::Error + 'static), link: &Link, socket: &Socket) -> End {
    // The guest is told before the connection.
    if link.server.drain.kill().is_killed() {
        return End::of(CloseReason::Killed);
    }
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<hyper::Error>() {
            if error.is_parse() {
                return End {
                    message: "the peer does not speak HTTP as it should",
                    ..End::of(CloseReason::Protocol)
                };
            }
            if error.is_user() {
                return End::of(CloseReason::Aborted);
            }
        }
        if error
            .downcast_ref::<io::Error>()
            .is_some_and(|error| is_broken(error.kind()))
        {
            return End::of(CloseReason::Reset);
        }
        cause = error.source();
    }
    let reason = if socket.failure().is_some_and(is_broken) {
        CloseReason::Reset
    } else {
        CloseReason::Protocol
    };
    End::of(reason)
}

/// Closes the socket in the way that the end asks for.
async fn close(link: &Link, socket: &Socket, end: End) {
    if !end.reason.is_orderly() {
        // A peer that was only idle has missed nothing, and is still to get what the kernel has for it.
        let is_idle = matches!(end.reason, CloseReason::Evicted | CloseReason::Idle);
        if !is_idle || link.blocked_since().is_some() {
            socket.abort();
        }
        return;
    }
    let linger = link.server.timeouts.linger;
    let kill = link.server.drain.kill();
    let closing = async {
        if end.in_head && !link.is_http2() {
            let _ = timeout(linger, socket.send_all(REQUEST_TIMEOUT)).await;
        }
        if end.in_head || end.reason == CloseReason::Protocol || link.has_unread() {
            socket.close(linger).await;
        }
    };
    tokio::select! {
        biased;
        () = closing => {}
        () = kill.killed() => {}
    }
}

/// RFC 9110, section 15.5.9: "a server SHOULD send the "close" connection option".
const REQUEST_TIMEOUT: &[u8] = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
