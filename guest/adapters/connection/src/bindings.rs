//! What `wit-bindgen` generates from `wit/` for the types that all adapters share, and nothing else.

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
    world: "socketserver:adapters/shared",
    generate_all,
    additional_derives: [PartialEq],
});
