//! What `wit-bindgen` generates from `wit/`, and nothing else.
//!
//! Public for the macro [`export!`](crate::export) alone: the rest of the crate gives these types a Rust shape.

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
    world: "handler",
    pub_export_macro: true,
    export_macro_name: "export_component",
    default_bindings_module: "socketserver_guest::bindings",
});
