//! Leaks its connection and 64 KiB of memory, and returns. The host must close the connection all the same.

use socketserver_guest::bindings::exports::socketserver::core::stream_handler::Guest;
use socketserver_guest::bindings::socketserver::core::connections::Connection;

struct Leak;

impl Guest for Leak {
    fn handle(connection: Connection) -> Result<(), String> {
        for _ in 0..64 {
            std::mem::forget(std::hint::black_box(Box::new([1_u8; 1024])));
        }
        let sent = connection.send_all(b"leaked\n");
        std::mem::forget(connection);
        sent.map_err(|code| code.to_string())
    }
}

socketserver_guest::bindings::export_component!(Leak with_types_in socketserver_guest::bindings);
