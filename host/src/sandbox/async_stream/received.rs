//! What the peer sends, as a stream that the guest reads.

use std::any::{Any, TypeId};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use rustix::io::Errno;
use tokio::sync::oneshot;
use wasmtime::component::{Destination, StreamProducer, StreamResult, VecBuffer};
use wasmtime::{AsContextMut as _, StoreContextMut};

use super::End;
use crate::sandbox::convert;
use crate::sandbox::state::State;
use crate::socket::Socket;

/// It has no buffer: bytes go from the system into the memory of the guest when the guest reads.
pub(super) struct Received {
    socket: Arc<Socket>,
    /// Where to tell why there is no more, until it has been told.
    end: Option<oneshot::Sender<End>>,
    /// Whether a message was longer than the room for it, so that the store may keep a part of it.
    has_rest: bool,
}

impl Received {
    /// Returns the stream, and the future of its end.
    pub(super) fn new(socket: Arc<Socket>) -> (Self, impl Future<Output = wasmtime::Result<End>> + Send + 'static) {
        let (end, ended) = oneshot::channel();
        let received = Self {
            socket,
            end: Some(end),
            has_rest: false,
        };
        // Only a store that is dropped drops the sender unused, and then nobody asks.
        (received, async { Ok(ended.await.unwrap_or(Ok(()))) })
    }

    fn tell(&mut self, end: End) {
        if let Some(sender) = self.end.take() {
            // A guest that has dropped the future does not want to know.
            let _ = sender.send(end);
        }
    }

    /// Sends what is received, to the end of the stream or until either direction fails.
    pub(super) async fn relay(mut self) {
        let end = async {
            loop {
                let bytes = self.socket.receive(usize::MAX).await?;
                if bytes.is_empty() {
                    return Ok(());
                }
                self.socket.send_all(&bytes).await?;
            }
        };
        let end: io::Result<()> = end.await;
        self.tell(end.map_err(convert::error_code));
    }

    /// A message that does not fit where the guest wants it.
    fn poll_long_message(
        &mut self,
        cx: &mut Context<'_>,
        destination: &mut Destination<'_, u8, VecBuffer<u8>>,
    ) -> Poll<StreamResult> {
        match self.socket.poll_receive(cx) {
            Poll::Ready(Ok(message)) => {
                self.has_rest = true;
                destination.set_buffer(message.into());
                Poll::Ready(StreamResult::Completed)
            }
            Poll::Ready(Err(error)) => {
                self.tell(Err(convert::error_code(error)));
                Poll::Ready(StreamResult::Dropped)
            }
            Poll::Pending => Poll::Pending,
        }
    }
}

impl Drop for Received {
    fn drop(&mut self) {
        self.tell(Ok(()));
    }
}

impl StreamProducer<State> for Received {
    type Item = u8;
    type Buffer = VecBuffer<u8>;

    fn poll_produce<'a>(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut store: StoreContextMut<'a, State>,
        mut destination: Destination<'a, u8, VecBuffer<u8>>,
        finish: bool,
    ) -> Poll<wasmtime::Result<StreamResult>> {
        let result = if destination.remaining(store.as_context_mut()) == Some(0) {
            // A read without room asks whether there is something to read.
            self.socket.poll_readable(cx).map(|()| StreamResult::Completed)
        } else {
            let mut direct = destination.reborrow().as_direct(store, HOST_BUFFER);
            match self.socket.poll_receive_into(cx, direct.remaining()) {
                Poll::Ready(Ok(0)) => {
                    self.tell(Ok(()));
                    Poll::Ready(StreamResult::Dropped)
                }
                Poll::Ready(Ok(bytes)) => {
                    direct.mark_written(bytes);
                    Poll::Ready(StreamResult::Completed)
                }
                Poll::Ready(Err(error)) if error.raw_os_error() == Some(Errno::MSGSIZE.raw_os_error()) => {
                    self.poll_long_message(cx, &mut destination)
                }
                Poll::Ready(Err(error)) => {
                    self.tell(Err(convert::error_code(error)));
                    Poll::Ready(StreamResult::Dropped)
                }
                Poll::Pending => Poll::Pending,
            }
        };
        match result {
            Poll::Pending if finish => Poll::Ready(Ok(StreamResult::Cancelled)),
            result => result.map(Ok),
        }
    }

    /// Gives the stream back to the host, if nothing of it is in the store.
    fn try_into(me: Pin<Box<Self>>, ty: TypeId) -> Result<Box<dyn Any>, Pin<Box<Self>>> {
        if ty == TypeId::of::<Self>() && !me.has_rest {
            let me: Box<Self> = Pin::into_inner(me);
            Ok(me)
        } else {
            Err(me)
        }
    }
}

/// For a host that reads: a guest may pass the stream on to a socket of its own. It is kept for as long as the stream.
const HOST_BUFFER: usize = 16 << 10;
