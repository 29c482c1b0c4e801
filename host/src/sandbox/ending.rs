//! What the end of a guest's run means: one reason, and words for the log.

use std::io::ErrorKind;

use wasmtime::{Trap, WasmBacktrace};
use wasmtime_wasi::I32Exit;

use super::state::{CpuTimeExceeded, State};
use super::{Failure, Outcome};
use crate::event::CloseReason;
use crate::socket::is_broken;
use crate::supervise::Overrun;

/// How a connection's handler ended.
#[derive(Debug)]
pub(crate) struct Ending {
    pub(crate) reason: CloseReason,
    pub(crate) message: String,
    pub(crate) backtrace: Vec<String>,
}

impl Ending {
    pub(super) fn of(result: Result<Outcome, Overrun>, state: &State) -> Self {
        match result {
            Ok(Ok(Ok(()))) => Self::plain(CloseReason::Completed),
            Ok(Ok(Err(message))) => Self {
                reason: blame(state.given.failure()),
                message: shorten(message),
                backtrace: Vec::new(),
            },
            Ok(Err(failure)) => Self::of_failure(&failure, state),
            Err(Overrun::Idle) => Self::plain(CloseReason::Idle),
            Err(Overrun::Killed) => Self::plain(CloseReason::Killed),
            Err(Overrun::Lifetime) => Self::plain(CloseReason::Lifetime),
        }
    }

    fn plain(reason: CloseReason) -> Self {
        Self {
            reason,
            message: String::new(),
            backtrace: Vec::new(),
        }
    }

    fn of_failure(failure: &Failure, state: &State) -> Self {
        let (Failure::Instantiate(error) | Failure::Handle(error)) = failure;
        let mut message = error.root_cause().to_string();
        let reason = if error.is::<CpuTimeExceeded>() {
            CloseReason::CpuTime
        } else if state.memory.refused() {
            message = format!("the guest was refused memory beyond max-memory, then: {message}");
            CloseReason::Memory
        } else if error.is::<I32Exit>() {
            CloseReason::Exit
        } else if error.is::<Trap>() || matches!(failure, Failure::Handle(_)) {
            CloseReason::Trap
        } else {
            CloseReason::Instantiate
        };
        let backtrace = match reason {
            CloseReason::Exit => Vec::new(),
            _ => backtrace(error),
        };
        Self {
            reason,
            message: shorten(message),
            backtrace,
        }
    }
}

/// Whose doing a handler's error is: a handler that passes on what befell its connection has no fault of its own.
fn blame(failure: Option<ErrorKind>) -> CloseReason {
    match failure {
        Some(ErrorKind::TimedOut) => CloseReason::TimedOut,
        Some(failure) if is_broken(failure) => CloseReason::Reset,
        _ => CloseReason::HandlerError,
    }
}

/// The words of a trap, and the functions that the guest was in.
pub(super) fn describe(error: &wasmtime::Error) -> (String, Vec<String>) {
    (shorten(error.root_cause().to_string()), backtrace(error))
}

fn backtrace(error: &wasmtime::Error) -> Vec<String> {
    let Some(backtrace) = error.downcast_ref::<WasmBacktrace>() else {
        return Vec::new();
    };
    let name = |frame: &wasmtime::FrameInfo| match frame.func_name() {
        Some(name) => wasmtime_demangled(name),
        None => format!("function {}", frame.func_index()),
    };
    backtrace.frames().iter().take(MAX_FRAMES).map(name).collect()
}

fn wasmtime_demangled(name: &str) -> String {
    shorten(format!("{:#}", rustc_demangle::demangle(name)))
}

/// A guest chooses these words, so their length is bounded.
fn shorten(mut text: String) -> String {
    if text.len() > MAX_MESSAGE {
        text.truncate(text.floor_char_boundary(MAX_MESSAGE));
        text.push('…');
    }
    text
}

const MAX_MESSAGE: usize = 1024;

/// Enough to see where, few enough for one line of the log.
const MAX_FRAMES: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handler_is_not_blamed_for_its_peer() {
        assert_eq!(blame(None), CloseReason::HandlerError);
        assert_eq!(blame(Some(ErrorKind::ConnectionReset)), CloseReason::Reset);
        assert_eq!(blame(Some(ErrorKind::BrokenPipe)), CloseReason::Reset);
        assert_eq!(blame(Some(ErrorKind::NotConnected)), CloseReason::Reset);
        assert_eq!(blame(Some(ErrorKind::TimedOut)), CloseReason::TimedOut);
        assert_eq!(blame(Some(ErrorKind::InvalidInput)), CloseReason::HandlerError);
    }

    #[test]
    fn long_words_are_shortened_between_characters() {
        let short = shorten("é".repeat(MAX_MESSAGE));
        assert!(short.len() <= MAX_MESSAGE + '…'.len_utf8());
        assert!(short.ends_with("é…"));
    }
}
