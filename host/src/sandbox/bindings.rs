//! What `bindgen!` makes of `wit/`, and nothing else.

#![expect(
    missing_docs,
    unreachable_pub,
    unnameable_types,
    unsafe_code,
    unused_qualifications,
    trivial_numeric_casts,
    clippy::allow_attributes_without_reason,
    clippy::needless_pass_by_ref_mut,
    clippy::use_self,
    reason = "generated code"
)]

wasmtime::component::bindgen!({
    path: "../wit",
    world: "handler",
    imports: {
        "socketserver:core/connections.[method]connection.receive": async | trappable,
        "socketserver:core/connections.[method]connection.send": async | trappable,
        "socketserver:core/connections.[method]connection.send-all": async | trappable,
        "socketserver:core/connections.[method]connection.wait": async | trappable,
        default: trappable,
    },
    exports: { default: async },
    with: {
        "socketserver:core/connections.connection": super::state::ConnectionHandle,
    },
});
