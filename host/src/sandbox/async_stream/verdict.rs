//! The guest's own word on how its sending ended.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::sync::oneshot;
use wasmtime::StoreContextMut;
use wasmtime::component::{Access, FutureConsumer, FutureReader, Source};

use super::End;
use crate::sandbox::convert;
use crate::sandbox::state::State;

/// Takes the value of the future.
pub(super) struct Verdict(Option<oneshot::Sender<End>>);

impl Verdict {
    /// What is returned is done when the guest has given its word: nothing, or words for the log.
    ///
    /// # Errors
    ///
    /// The future is closed already.
    pub(super) fn of(
        store: Access<'_, State>,
        future: FutureReader<End>,
    ) -> wasmtime::Result<impl Future<Output = Result<(), String>> + use<>> {
        let (sender, word) = oneshot::channel();
        future.pipe(store, Self(Some(sender)))?;
        Ok(async {
            match word.await {
                Ok(end) => end.map_err(convert::words),
                // A guest cannot drop its end without a value: that is a trap.
                Err(_) => Ok(()),
            }
        })
    }
}

impl FutureConsumer<State> for Verdict {
    type Item = End;

    fn poll_consume(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        store: StoreContextMut<'_, State>,
        mut source: Source<'_, End>,
        _: bool,
    ) -> Poll<wasmtime::Result<()>> {
        let mut word = None;
        source.read(store, &mut word)?;
        if let (Some(word), Some(sender)) = (word, self.0.take()) {
            let _ = sender.send(word);
        }
        Poll::Ready(Ok(()))
    }
}
