//! What `wit-bindgen` generates from `wit/` for the world `async-handler`, and nothing else.
//!
//! A module of its own for the reason that `datagram::bindings` has: a component gets the worlds of the macros that it
//! uses, merged.
//!
//! Public for the macros [`export_async!`](crate::export_async) and [`export_async_raw!`](crate::export_async_raw) alone:
//! [`raw`](super::raw) has what is of use to others.

#![allow(
    missing_docs,
    unsafe_code,
    unreachable_pub,
    unused_qualifications,
    elided_lifetimes_in_paths,
    clippy::all,
    reason = "generated code"
)]

wit_bindgen::generate!({
    path: "wit/core",
    world: "async-handler",
    pub_export_macro: true,
    export_macro_name: "export_async_component",
    default_bindings_module: "socketserver_guest::asynchronous::bindings",
    // The same Rust types as for connections, so that there is one conversion of addresses and of errors.
    with: { "socketserver:core/network@0.1.0": crate::bindings::socketserver::core::network },
});
