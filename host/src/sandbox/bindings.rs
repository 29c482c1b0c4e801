//! What `bindgen!` makes of `wit/`, and nothing else.

wasmtime::component::bindgen!({
    path: "../wit",
    inline: "
        package socketserver:host;

        /// Every export that is called here; a component has those that it likes.
        world exports {
            import socketserver:core/network@0.1.0;
            import socketserver:core/connections@0.1.0;
            import socketserver:core/datagrams@0.1.0;
            import socketserver:core/http-requests@0.1.0;
            import socketserver:core/server@0.1.0;
            export socketserver:core/stream-handler@0.1.0;
            export socketserver:core/async-stream-handler@0.1.0;
            export socketserver:core/datagram-handler@0.1.0;
        }
    ",
    world: "socketserver:host/exports",
    imports: {
        "socketserver:core/server": async | trappable,
    },
    exports: {
        "socketserver:core/async-stream-handler.handle": async | store,
        default: async,
    },
    additional_derives: [PartialEq],
    with: {
        "socketserver:core/connections.connection": super::state::ConnectionHandle,
        "socketserver:core/datagrams.datagram-socket": super::state::DatagramHandle,
        "socketserver:core/server.request": super::driven::RequestHandle,
        "socketserver:core/server.server": super::driven::ServerHandle,
    },
});
