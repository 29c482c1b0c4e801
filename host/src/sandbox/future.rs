//! The value of a future that crosses the boundary of a store.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::sync::oneshot;
use wasmtime::component::{FutureConsumer, FutureReader, Lift, Source};
use wasmtime::{AsContextMut, StoreContextMut};

/// Takes the value, and holds `held` until then: or until the writer's end is gone.
///
/// # Errors
///
/// The future is closed already.
pub(super) fn value_of<V, H>(
    store: impl AsContextMut,
    future: FutureReader<V>,
    held: H,
) -> wasmtime::Result<oneshot::Receiver<V>>
where
    V: Lift + Send + Sync + 'static,
    H: Send + Unpin + 'static,
{
    let (taken, value) = oneshot::channel();
    let taker = Taker {
        taken: Some(taken),
        _held: held,
    };
    future.pipe(store, taker)?;
    Ok(value)
}

struct Taker<V, H> {
    taken: Option<oneshot::Sender<V>>,
    _held: H,
}

impl<T, V, H> FutureConsumer<T> for Taker<V, H>
where
    T: 'static,
    V: Lift + Send + Sync + 'static,
    H: Send + Unpin + 'static,
{
    type Item = V;

    fn poll_consume(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        store: StoreContextMut<'_, T>,
        mut source: Source<'_, V>,
        _: bool,
    ) -> Poll<wasmtime::Result<()>> {
        let mut value = None;
        source.read(store, &mut value)?;
        if let (Some(value), Some(taken)) = (value, self.taken.take()) {
            // Whoever has dropped the receiver does not want to know.
            let _ = taken.send(value);
        }
        Poll::Ready(Ok(()))
    }
}
