//! The tasks of one connection of HTTP/2: one for each of its streams, and none outlives the connection.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::rt::Executor;
use tokio::time::{Instant, Sleep, sleep_until};
use tokio_util::task::TaskTracker;

use super::clock::AFTER_GUEST;
use super::exchange::{Exchange, Fault};
use crate::drain::Kill;
use crate::server::Shared;

/// What hyper spawns the streams with.
#[derive(Clone)]
pub(super) struct Streams(Arc<Inner>);

struct Inner {
    server: Arc<Shared>,
    tasks: TaskTracker,
    /// Said when the connection has ended.
    ended: Kill,
}

impl Streams {
    pub(super) fn new(server: &Arc<Shared>) -> Self {
        Self(Arc::new(Inner {
            server: Arc::clone(server),
            tasks: TaskTracker::new(),
            ended: Kill::default(),
        }))
    }

    /// Ends every stream, and waits until all of them have.
    pub(super) async fn end(&self) {
        self.0.ended.kill();
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }
}

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for Streams {
    fn execute(&self, stream: F) {
        let streams = Arc::clone(&self.0);
        let idle = streams.server.http.body_idle_timeout;
        let task = async move {
            let watched = Arc::new(Watched::default());
            let mut ended = pin!(streams.ended.killed());
            let mut stream = pin!(WATCHED.scope(Arc::clone(&watched), stream));
            let mut stall = Stall { idle, sleep: None };
            poll_fn(|cx| {
                let is_over = stream.as_mut().poll(cx).is_ready()
                    || ended.as_mut().poll(cx).is_ready()
                    || stall.poll(cx, &watched).is_ready();
                if is_over { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
        };
        self.0.server.drain.spawn(self.0.tasks.track_future(task));
    }
}

/// The exchange of a stream, for the task around it to see: hyper does not poll a response that it cannot send.
#[derive(Default)]
struct Watched(Mutex<Option<Arc<Exchange>>>);

tokio::task_local! {
    static WATCHED: Arc<Watched>;
}

/// Has the task of a stream look at whether the peer takes the response. To be called in the task.
pub(super) fn watch(exchange: &Arc<Exchange>) {
    let _ = WATCHED.try_with(|watched| {
        *watched.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(exchange));
    });
}

/// The clock of a stream: its response is taken, and whole in time.
struct Stall {
    idle: Duration,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Stall {
    /// Ready when the peer has taken nothing for too long, or the response is not whole in time.
    fn poll(&mut self, cx: &mut Context<'_>, watched: &Watched) -> Poll<()> {
        let watched = watched.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(exchange) = &*watched else {
            return Poll::Pending;
        };
        loop {
            let stalled = exchange.given_since().map(|since| (since + self.idle, Fault::Idle));
            // The guest's own clock comes first, if hyper polls the guest.
            let overdue = exchange.deadline().map(|at| (at + AFTER_GUEST, Fault::TimedOut));
            let Some((deadline, fault)) = [stalled, overdue].into_iter().flatten().min_by_key(|(at, _)| *at) else {
                return Poll::Pending;
            };
            if deadline <= Instant::now() {
                exchange.set_fault(fault);
                return Poll::Ready(());
            }
            let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
            // One that is set for earlier looks again when it fires, so that a part that is taken costs no timer operation.
            if deadline < sleep.deadline() || sleep.is_elapsed() {
                sleep.as_mut().reset(deadline);
            }
            if sleep.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
        }
    }
}
