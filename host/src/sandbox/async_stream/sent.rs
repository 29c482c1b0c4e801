//! What the guest writes, sent to the peer.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::sync::oneshot;
use wasmtime::StoreContextMut;
use wasmtime::component::{Access, Source, StreamConsumer, StreamReader, StreamResult};

use crate::sandbox::state::State;
use crate::socket::Socket;

/// It has no buffer: bytes go to the system from where they lie in the memory of the guest.
pub(super) struct Sent {
    socket: Arc<Socket>,
    /// Dropped with this value, which tells that the stream has ended.
    _ended: oneshot::Sender<()>,
}

impl Sent {
    /// Sends what the guest writes; what is returned is done when the stream has ended, or the peer takes no more.
    ///
    /// # Errors
    ///
    /// The stream is closed already.
    pub(super) fn pipe(
        store: Access<'_, State>,
        stream: StreamReader<u8>,
        socket: Arc<Socket>,
    ) -> wasmtime::Result<impl Future<Output = ()> + use<>> {
        let (ended, all) = oneshot::channel::<()>();
        let sent = Self { socket, _ended: ended };
        stream.pipe(store, sent)?;
        Ok(async {
            let _ = all.await;
        })
    }
}

impl StreamConsumer<State> for Sent {
    type Item = u8;

    fn poll_consume(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        store: StoreContextMut<'_, State>,
        source: Source<'_, u8>,
        finish: bool,
    ) -> Poll<wasmtime::Result<StreamResult>> {
        let mut source = source.as_direct(store);
        let result = if source.remaining().is_empty() {
            // A write of nothing asks whether more would be taken.
            self.socket.poll_writable(cx).map(|()| StreamResult::Completed)
        } else {
            self.socket.poll_send(cx, source.remaining()).map(|sent| match sent {
                Ok(bytes) => {
                    source.mark_read(bytes);
                    StreamResult::Completed
                }
                Err(_) => StreamResult::Dropped,
            })
        };
        match result {
            Poll::Pending if finish => Poll::Ready(Ok(StreamResult::Cancelled)),
            result => result.map(Ok),
        }
    }
}
