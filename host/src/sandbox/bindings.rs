//! What `bindgen!` makes of `wit/`, and nothing else.

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
