//! What `wit-bindgen` generates from this crate's own `wit/`, and nothing else.
//!
//! A world of its own, so that a handler without timers imports no clock.

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
    path: "wit/timers",
    world: "timers",
    generate_all,
});
