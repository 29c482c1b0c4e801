//! The way from a [`DatagramHandler`](crate::DatagramHandler) to the export of a component.

#[cfg(target_family = "wasm")]
use super::bindings::{exports::socketserver::core::datagram_handler::Guest, socketserver::core::datagrams};

#[cfg(target_family = "wasm")]
impl<H: crate::DatagramHandler> Guest for crate::Component<H> {
    fn handle(datagram: datagrams::Datagram, socket: datagrams::DatagramSocket) -> Result<(), String> {
        let request = super::host::request(datagram, socket);
        super::handler::serve::<H>(request).map_err(|error| error.to_string())
    }
}

/// Make a type that implements [`DatagramHandler`](crate::DatagramHandler) the handler of datagrams of this component.
///
/// Once in a crate, and outside of functions. Beside [`export!`](crate::export) it makes a component that serves both:
/// each listener takes the handler of its kind. The two types may be one and the same. On other targets than
/// WebAssembly it expands to nothing but a check of the type, so that a handler's tests run natively.
///
/// ```
/// use socketserver_guest::{DatagramHandler, DatagramRequest, Handler, Request, Result};
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
/// impl DatagramHandler for Nothing {
///     fn handle(&mut self, _: &mut DatagramRequest) -> Result {
///         Ok(())
///     }
/// }
///
/// socketserver_guest::export!(Nothing);
/// socketserver_guest::export_datagrams!(Nothing);
/// ```
#[macro_export]
macro_rules! export_datagrams {
    ($handler:ty) => {
        const _: () = {
            type Component = $crate::Component<$handler>;

            #[cfg(target_family = "wasm")]
    $crate::datagram_bindings::export_datagram_component!(Component with_types_in $crate::datagram_bindings);

            #[cfg(not(target_family = "wasm"))]
            const _: fn(&$crate::testing::Datagram) -> $crate::Result = $crate::testing::serve_datagram::<$handler>;
            #[cfg(not(target_family = "wasm"))]
            const _: Option<Component> = None;
        };
    };
}
