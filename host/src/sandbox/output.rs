//! A guest's standard output and error: lines for the log, bounded in length and rate.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::{io, mem};

use bytes::Bytes;
use tokio::io::AsyncWrite;
use tokio::time::Instant;
use wasmtime_wasi::async_trait;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};

use super::state::Shared;
use crate::event::{GuestLine, GuestStream};
use crate::meter::Meter;

/// How many times a connection's share all guests together may write in a second.
const SHARES: u64 = 16;

/// What the guests of one of so many workers may write together in a second.
pub(super) fn share(max_output: u64, workers: u16) -> u64 {
    max_output.saturating_mul(SHARES) / u64::from(workers.max(1))
}

/// One of a guest's two output streams. All handles that the guest opens to it share one line.
#[derive(Clone)]
pub(crate) struct GuestOutput(Arc<Mutex<Lines>>);

struct Lines {
    connection: u64,
    request: Option<u64>,
    stream: GuestStream,
    meter: Arc<Meter>,
    shared: Arc<Shared>,
    /// What this connection may write, on both streams.
    budget: Arc<OutputBudget>,
    /// The line that has no end yet.
    line: Vec<u8>,
}

impl GuestOutput {
    pub(super) fn new(
        (connection, request): (u64, Option<u64>),
        stream: GuestStream,
        budget: &Arc<OutputBudget>,
        meter: &Arc<Meter>,
        shared: &Arc<Shared>,
    ) -> Self {
        Self(Arc::new(Mutex::new(Lines {
            connection,
            request,
            stream,
            meter: Arc::clone(meter),
            shared: Arc::clone(shared),
            budget: Arc::clone(budget),
            line: Vec::new(),
        })))
    }

    /// Goes on for another request: a line that has no end yet is the last one's.
    pub(super) fn renew(&self, (connection, request): (u64, Option<u64>), meter: &Arc<Meter>) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !lines.line.is_empty() {
            lines.emit(false);
        }
        lines.connection = connection;
        lines.request = request;
        lines.meter = Arc::clone(meter);
    }

    fn write(&self, bytes: &[u8]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes);
    }
}

impl Lines {
    fn write(&mut self, bytes: &[u8]) {
        let wanted = bytes.len() as u64;
        let allowed = self.shared.output.take(self.budget.take(wanted));
        if allowed < wanted {
            self.meter.drop_output(wanted - allowed);
        }
        #[expect(clippy::cast_possible_truncation, reason = "at most the length of a slice")]
        let mut rest = &bytes[..allowed as usize];
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            self.extend(&rest[..end]);
            self.emit(false);
            rest = &rest[end + 1..];
        }
        self.extend(rest);
    }

    fn extend(&mut self, mut bytes: &[u8]) {
        while self.line.len() + bytes.len() > MAX_LINE {
            let (now, later) = bytes.split_at(MAX_LINE - self.line.len());
            self.line.extend_from_slice(now);
            self.emit(true);
            bytes = later;
        }
        self.line.extend_from_slice(bytes);
    }

    fn emit(&mut self, cut: bool) {
        let line = mem::take(&mut self.line);
        let line = line.strip_suffix(b"\r").unwrap_or(&line);
        self.shared.observer.guest_output(&GuestLine {
            connection: self.connection,
            request: self.request,
            stream: self.stream,
            text: &String::from_utf8_lossy(line),
            cut,
        });
    }
}

/// What was written without an end of line is a line when the guest is gone.
impl Drop for Lines {
    fn drop(&mut self) {
        if !self.line.is_empty() {
            self.emit(false);
        }
    }
}

/// How many bytes may still be written: a second's worth, filled up as time passes.
#[derive(Debug)]
pub(crate) struct OutputBudget {
    rate: u64,
    state: Mutex<(u64, Instant)>,
}

impl OutputBudget {
    pub(crate) fn new(rate: u64) -> Self {
        Self {
            rate,
            state: Mutex::new((rate, Instant::now())),
        }
    }

    /// Takes up to `wanted` bytes, and tells how many.
    fn take(&self, wanted: u64) -> u64 {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (left, filled) = &mut *state;
        let now = Instant::now();
        let passed = u64::try_from(now.duration_since(*filled).as_millis()).unwrap_or(u64::MAX);
        let more = passed.saturating_mul(self.rate) / 1000;
        if more > 0 {
            *left = left.saturating_add(more).min(self.rate);
            *filled = now;
        }
        let taken = wanted.min(*left);
        *left -= taken;
        taken
    }
}

impl IsTerminal for GuestOutput {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for GuestOutput {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

#[async_trait]
impl Pollable for GuestOutput {
    async fn ready(&mut self) {}
}

impl OutputStream for GuestOutput {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        Self::write(self, &bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(PERMIT)
    }
}

impl AsyncWrite for GuestOutput {
    fn poll_write(self: Pin<&mut Self>, _cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Self::write(&self, bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// A longer line is cut into pieces. Long enough for a message, short enough for a collector of logs.
const MAX_LINE: usize = 1024;

/// How much a guest may write at once, which is also what the host may be made to allocate.
const PERMIT: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use wasmtime_wasi_config::WasiConfigVariables;

    use super::*;
    use crate::config::Config;
    use crate::event::Observer;
    use crate::sandbox::outbound::OutboundGrant;
    use crate::sandbox::ticker::Ticks;

    #[derive(Default)]
    struct Recorder(Mutex<Vec<(String, bool)>>);

    impl Observer for Recorder {
        fn guest_output(&self, line: &GuestLine<'_>) {
            self.0.lock().unwrap().push((line.text.to_owned(), line.cut));
        }
    }

    fn output(max_output: u64) -> (GuestOutput, Arc<Meter>, Arc<Recorder>) {
        let recorder = Arc::new(Recorder::default());
        let observer: Arc<dyn Observer> = recorder.clone();
        let meter = Arc::new(Meter::new());
        let shared = Arc::new(Shared {
            ticks: Arc::new(Ticks::default()),
            max_cpu: None,
            max_memory: 0,
            max_output,
            output: Arc::new(OutputBudget::new(max_output * SHARES)),
            outbound: OutboundGrant::new(&Config::new("x.wasm"), &observer),
            environment: Vec::new(),
            variables: WasiConfigVariables::new(),
            has_sockets: false,
            observer: recorder.clone(),
        });
        let budget = Arc::new(OutputBudget::new(max_output));
        let output = GuestOutput::new((1, None), GuestStream::Stdout, &budget, &meter, &shared);
        (output, meter, recorder)
    }

    fn lines(recorder: &Recorder) -> Vec<String> {
        recorder
            .0
            .lock()
            .unwrap()
            .iter()
            .map(|(text, _)| text.clone())
            .collect()
    }

    #[tokio::test(start_paused = true)]
    async fn lines_are_put_together() {
        let (output, _, recorder) = output(1000);
        output.write(b"one\r\ntw");
        output.write(b"o\n\nthr\xffee");
        drop(output);
        assert_eq!(lines(&recorder), ["one", "two", "", "thr\u{fffd}ee"]);
    }

    #[tokio::test(start_paused = true)]
    async fn long_lines_are_cut() {
        let (output, _, recorder) = output(10_000);
        output.write(&[b'x'; MAX_LINE * 2 + 5]);
        output.write(b"\n");
        let lengths: Vec<_> = recorder
            .0
            .lock()
            .unwrap()
            .iter()
            .map(|(text, cut)| (text.len(), *cut))
            .collect();
        assert_eq!(lengths, [(MAX_LINE, true), (MAX_LINE, true), (5, false)]);
    }

    #[tokio::test(start_paused = true)]
    async fn too_much_is_dropped_and_counted() {
        let (output, meter, recorder) = output(10);
        output.write(b"123456789\n");
        output.write(b"lost\n");
        assert_eq!(lines(&recorder), ["123456789"]);
        assert_eq!(meter.output_dropped(), 5);
        tokio::time::advance(Duration::from_secs(1)).await;
        output.write(b"again\n");
        assert_eq!(lines(&recorder), ["123456789", "again"]);
    }
}
