//! What `wit-bindgen` generates from `wit/` for the world `optional-imports`, and nothing else.
//!
//! A module of its own, so that a handler that does not ask has no such import.

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
    world: "optional-imports",
});
