//! Echoes what it receives first, leaks its connection and 64 KiB of memory, and returns. The host must close the
//! connection all the same, and free everything.

use std::hint::black_box;
use std::mem::forget;

use socketserver_guest::bindings::exports::socketserver::core::stream_handler::Guest;
use socketserver_guest::bindings::socketserver::core::connections::Connection;

struct Leak;

impl Guest for Leak {
    fn handle(connection: Connection) -> Result<(), String> {
        for _ in 0..64 {
            forget(black_box(Box::new([1_u8; 1024])));
        }
        let echoed = connection
            .receive(u32::MAX)
            .and_then(|received| connection.send_all(&received));
        forget(connection);
        echoed.map_err(|code| code.to_string())
    }
}

socketserver_guest::bindings::export_component!(Leak with_types_in socketserver_guest::bindings);
