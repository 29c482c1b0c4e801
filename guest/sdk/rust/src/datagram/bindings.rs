//! What `wit-bindgen` generates from `wit/` for the world `datagram-service`, and nothing else.
//!
//! A module of its own, because each embedded world demands all of its exports: in one world with the stream handler,
//! every component would have to export both. A component that uses the export macros of both modules gets both worlds,
//! which `wit-component` merges.
//!
//! Public for the macro [`export_datagrams!`](crate::export_datagrams) alone.

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
    world: "datagram-service",
    pub_export_macro: true,
    export_macro_name: "export_datagram_component",
    default_bindings_module: "socketserver_guest::datagram_bindings",
    // The same Rust types as for connections, so that there is one conversion of addresses and of errors.
    with: { "socketserver:core/network@0.1.0": crate::bindings::socketserver::core::network },
});
