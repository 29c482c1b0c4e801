//! Events as lines of a log.

use std::error::Error;
use std::io;
use std::iter;
use std::time::Duration;

use tracing::{debug, error, info, warn};

use crate::address::{ListenAddress, Remote};
use crate::event::{
    AcceptFailure, CloseReason, Closed, Connection, GuestLine, GuestStream, Observer, Outcome, RejectReason,
    RequestEnded,
};
use crate::listen::Listen;
use crate::outbound::ConnectRefused;
use crate::sandbox::LoadError;

/// Writes every event to `tracing`, with the target `socketserver`; what guests write has the target
/// `socketserver::guest`.
///
/// Levels say who has to act: `error` the authors of the server, or the operator at once; `warn` the operator or the
/// author of the handler; `info` nobody, it is one line for each connection opened and closed; `debug` is what peers do
/// to their own harm.
#[derive(Clone, Copy, Debug, Default)]
pub struct LogObserver;

impl Observer for LogObserver {
    fn opened(&self, connection: &Connection) {
        info!(
            target: "socketserver",
            connection = connection.id,
            listener = %connection.listener,
            remote = %connection.remote,
            "connection opened"
        );
    }

    fn closed(&self, connection: &Connection, closed: &Closed) {
        macro_rules! line {
            ($level:ident) => {
                $level!(
                    target: "socketserver",
                    connection = connection.id,
                    listener = %connection.listener,
                    remote = %connection.remote,
                    duration = seconds(closed.duration),
                    cpu_time = seconds(closed.cpu_time),
                    received = closed.received,
                    sent = closed.sent,
                    reason = closed.reason.name(),
                    error = non_empty(&closed.message),
                    backtrace = non_empty(&closed.backtrace.join(" < ")),
                    output_dropped = (closed.output_dropped > 0).then_some(closed.output_dropped),
                    connects_refused = (closed.connects_refused > 0).then_some(closed.connects_refused),
                    "connection closed"
                )
            };
        }
        match closed.reason {
            CloseReason::Aborted
            | CloseReason::Completed
            | CloseReason::Evicted
            | CloseReason::HeaderTimeout
            | CloseReason::Idle
            | CloseReason::Lifetime
            | CloseReason::Protocol
            | CloseReason::Reset
            | CloseReason::TimedOut => line!(info),
            CloseReason::CpuTime
            | CloseReason::Exit
            | CloseReason::HandlerError
            | CloseReason::Killed
            | CloseReason::Memory
            | CloseReason::Trap => line!(warn),
            CloseReason::Bug | CloseReason::Instantiate | CloseReason::WorkerDied => line!(error),
        }
    }

    fn request_ended(&self, connection: &Connection, ended: &RequestEnded<'_>) {
        macro_rules! line {
            ($level:ident) => {
                $level!(
                    target: "socketserver",
                    connection = connection.id,
                    request = ended.number,
                    remote = %connection.remote,
                    method = ended.method,
                    path = ended.path,
                    status = ended.status,
                    duration = seconds(ended.duration),
                    cpu_time = seconds(ended.cpu_time),
                    received = ended.received,
                    sent = ended.sent,
                    outcome = ended.outcome.name(),
                    error = non_empty(&ended.message),
                    backtrace = non_empty(&ended.backtrace.join(" < ")),
                    output_dropped = (ended.output_dropped > 0).then_some(ended.output_dropped),
                    connects_refused = (ended.connects_refused > 0).then_some(ended.connects_refused),
                    "request ended"
                )
            };
        }
        match ended.outcome {
            Outcome::Aborted | Outcome::Completed | Outcome::Idle | Outcome::Refused | Outcome::RequestSize => {
                line!(info)
            }
            Outcome::CpuTime
            | Outcome::Exit
            | Outcome::HandlerError
            | Outcome::Killed
            | Outcome::Memory
            | Outcome::ResponseSize
            | Outcome::TimedOut
            | Outcome::Trap => line!(warn),
            Outcome::Bug | Outcome::Instantiate | Outcome::WorkerDied => line!(error),
        }
    }

    fn rejected(&self, listener: &ListenAddress, remote: &Remote, reason: RejectReason) {
        info!(
            target: "socketserver",
            listener = %listener,
            remote = %remote,
            reason = reason.name(),
            "connection rejected"
        );
    }

    fn bind_denied(&self, listen: &Listen) {
        warn!(target: "socketserver", %listen, "the program may not bind this; grant it with --allow-bind {listen}");
    }

    fn bind_failed(&self, error: &(dyn Error + 'static)) {
        // The program learns no more than a code of it.
        let words = iter::successors(Some(error), |&error| error.source());
        let words: Vec<_> = words.map(ToString::to_string).collect();
        warn!(target: "socketserver", "the program {}", words.join(": "));
    }

    fn connect_refused(&self, refused: &ConnectRefused) {
        let ConnectRefused {
            connection,
            wanted,
            grant,
        } = refused;
        match grant {
            Some(rule) => {
                warn!(target: "socketserver", connection, "refused to {wanted}; --allow-connect {rule} grants it")
            }
            None => {
                warn!(target: "socketserver", connection, "refused to {wanted}; a guest connects, and nothing grants more")
            }
        }
    }

    fn datagrams_dropped(&self, listener: &ListenAddress, count: u64) {
        info!(target: "socketserver", listener = %listener, count, "datagrams dropped by the kernel");
    }

    fn accept_failed(&self, listener: &ListenAddress, failure: AcceptFailure, error: &io::Error) {
        macro_rules! line {
            ($level:ident, $message:literal) => {
                $level!(target: "socketserver", listener = %listener, kind = failure.name(), %error, $message)
            };
        }
        match failure {
            AcceptFailure::Connection => line!(debug, "accept failed"),
            AcceptFailure::Exhausted | AcceptFailure::Other => {
                line!(
                    error,
                    "accept paused; connections wait in the backlog until it works again"
                );
            }
        }
    }

    fn accept_recovered(&self, listener: &ListenAddress) {
        warn!(target: "socketserver", listener = %listener, "accept works again");
    }

    fn full(&self, max_connections: u32) {
        warn!(target: "socketserver", max_connections, "server full; connections wait in the backlog");
    }

    fn memory_reset_changed(&self, error: Option<&LoadError>) {
        match error {
            None => warn!(target: "socketserver", "swap was turned on; memory is reset by decommit from here on"),
            Some(error) => {
                error!(target: "socketserver", %error, "swap was turned on, and memory cannot be reset safely; draining");
            }
        }
    }

    fn guest_output(&self, line: &GuestLine<'_>) {
        macro_rules! line {
            ($level:ident) => {
                $level!(
                    target: "socketserver::guest",
                    connection = line.connection,
                    request = line.request,
                    stream = line.stream.name(),
                    text = line.text,
                    cut = line.cut.then_some(true),
                    "guest output"
                )
            };
        }
        match line.stream {
            GuestStream::Stderr => line!(warn),
            GuestStream::Stdout => line!(info),
        }
    }
}

/// The base unit of time in logs and metrics, to the microsecond.
fn seconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e6
}

fn non_empty(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}
