//! The way from an [`AsyncHandler`](super::AsyncHandler) to the export of a component.

#[cfg(target_family = "wasm")]
use super::raw::{AsyncStreamHandler, Bytes, ConnectionInfo, End, ErrorCode, spawn, wit_future, wit_stream};

#[cfg(target_family = "wasm")]
impl<H: super::AsyncHandler> AsyncStreamHandler for crate::Component<H> {
    async fn handle(connection: ConnectionInfo, received: Bytes, received_end: End) -> Result<(Bytes, End), String> {
        use super::host::{Incoming, Outgoing};
        use super::{AsyncRequest, Receiver, Sender};

        let (stream, sent) = wit_stream::new();
        // What is told if the task is cancelled by the host: the contract wants a word in any case.
        let cancelled = || Err(ErrorCode::Other(Some("the handler was cancelled".to_owned())));
        let (end, sent_end) = wit_future::new(cancelled);
        let request = AsyncRequest::new(
            Receiver::new(Incoming::new(received, received_end)),
            Sender::new(Outgoing::new(stream)),
            connection.remote_address.into(),
            connection.local_address.into(),
        );
        spawn(async move {
            let result = super::handler::serve::<H>(request).await;
            // A host that has dropped its end does not want to know.
            let _ = end
                .write(result.map_err(|error| ErrorCode::Other(Some(error.to_string()))))
                .await;
        });
        // At once, for the host sends what it gets from here on.
        Ok((sent, sent_end))
    }
}

/// Make a type that implements [`AsyncHandler`](crate::asynchronous::AsyncHandler) the handler of this component.
///
/// Once in a crate, and outside of functions. [`export_datagrams!`](crate::export_datagrams) may stand beside it, and so
/// may [`export!`](crate::export): the host then serves connections through that, which costs less. On other targets than
/// WebAssembly it expands to nothing but a check of the type, so that a handler's tests run natively.
///
/// ```
/// use socketserver_guest::asynchronous::{AsyncHandler, AsyncRequest};
/// use socketserver_guest::Result;
///
/// #[derive(Default)]
/// struct Nothing;
///
/// impl AsyncHandler for Nothing {
///     async fn handle(&mut self, _: &mut AsyncRequest) -> Result {
///         Ok(())
///     }
/// }
///
/// socketserver_guest::export_async!(Nothing);
/// ```
#[macro_export]
macro_rules! export_async {
    ($handler:ty) => {
        const _: () = {
            type Component = $crate::Component<$handler>;

            #[cfg(target_family = "wasm")]
    $crate::asynchronous::bindings::export_async_component!(Component with_types_in $crate::asynchronous::bindings);

            #[cfg(not(target_family = "wasm"))]
            const _: fn(&$crate::testing::Peer) -> $crate::Result = $crate::testing::serve_async::<$handler>;
            #[cfg(not(target_family = "wasm"))]
            const _: Option<Component> = None;
        };
    };
}

/// Make a type that implements [`AsyncStreamHandler`](crate::asynchronous::raw::AsyncStreamHandler) the handler of this
/// component.
///
/// As [`export_async!`](crate::export_async), for handlers of the contract itself: see
/// [`raw`](crate::asynchronous::raw).
#[macro_export]
macro_rules! export_async_raw {
    ($handler:ty) => {
        const _: () = {
            type Component = $handler;

            #[cfg(target_family = "wasm")]
    $crate::asynchronous::bindings::export_async_component!(Component with_types_in $crate::asynchronous::bindings);

            #[cfg(not(target_family = "wasm"))]
            const fn is_handler<H: $crate::asynchronous::raw::AsyncStreamHandler>() {}
            #[cfg(not(target_family = "wasm"))]
            const _: () = is_handler::<Component>();
        };
    };
}
