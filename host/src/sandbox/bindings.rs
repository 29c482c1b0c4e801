//! What `bindgen!` makes of `wit/`, and nothing else.

wasmtime::component::bindgen!({
    path: "../wit",
    world: "handler",
    exports: { default: async },
    with: {
        "socketserver:core/connections.connection": super::state::ConnectionHandle,
    },
});
