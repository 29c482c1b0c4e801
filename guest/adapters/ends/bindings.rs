//! What `wit-bindgen` generates from `wit/`, and nothing else.

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
    path: "../wit",
    world: "socketserver:adapters/ends-of-received",
    with: { "socketserver:core/network@0.1.0": adapter_connection::network },
    generate_all,
});
