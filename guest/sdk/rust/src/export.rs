//! The way from a [`Handler`](crate::Handler) to the export of a component. `datagram::export` is the same for
//! datagrams.

use std::marker::PhantomData;

/// What the component exports for the handler `H`: one type for both worlds, as `H` may be a handler of both kinds.
pub struct Component<H>(PhantomData<H>);

#[cfg(target_family = "wasm")]
impl<H: crate::Handler> crate::bindings::exports::socketserver::core::stream_handler::Guest for Component<H> {
    fn handle(connection: crate::bindings::socketserver::core::connections::Connection) -> Result<(), String> {
        let connection = crate::Connection::new(crate::host::Inner(connection));
        crate::handler::serve::<H>(connection).map_err(|error| error.to_string())
    }
}

/// Make a type that implements [`Handler`](crate::Handler) the handler of this component.
///
/// Once in a crate, and outside of functions; [`export_datagrams!`](crate::export_datagrams) may stand beside it. On
/// other targets than WebAssembly it expands to nothing but a check of the type, so that a handler's tests run
/// natively.
///
/// ```
/// use socketserver_guest::{Handler, Request, Result};
///
/// #[derive(Default)]
/// struct Nothing;
///
/// impl Handler for Nothing {
///     fn handle(&mut self, _: &mut Request) -> Result {
///         Ok(())
///     }
/// }
///
/// socketserver_guest::export!(Nothing);
/// ```
#[macro_export]
macro_rules! export {
    ($handler:ty) => {
        const _: () = {
            type Component = $crate::Component<$handler>;

            #[cfg(target_family = "wasm")]
    $crate::bindings::export_component!(Component with_types_in $crate::bindings);

            #[cfg(not(target_family = "wasm"))]
            const _: fn(&$crate::testing::Peer) -> $crate::Result = $crate::testing::serve::<$handler>;
            #[cfg(not(target_family = "wasm"))]
            const _: Option<Component> = None;
        };
    };
}
