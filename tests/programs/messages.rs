//! Behaves: receives messages of up to 4 bytes and sends them back. For a longer one it first tries with less room than
//! the message needs, and sends what came of it: `too large, then 5 bytes`, or `lost`. The host must keep the boundaries of
//! messages, and cut none.

use socketserver_guest::bindings::exports::socketserver::core::stream_handler::Guest;
use socketserver_guest::bindings::socketserver::core::connections::Connection;
use socketserver_guest::bindings::socketserver::core::network::ErrorCode;

struct Messages;

impl Guest for Messages {
    fn handle(connection: Connection) -> Result<(), String> {
        loop {
            let answer = match connection.receive(4) {
                Ok(end) if end.is_empty() => return Ok(()),
                Ok(message) => message,
                Err(ErrorCode::DatagramTooLarge) => match connection.receive(u32::MAX) {
                    Ok(message) if message.len() > 4 => format!("too large, then {} bytes", message.len()).into_bytes(),
                    Ok(next) => [b"lost, then ", &next[..]].concat(),
                    Err(error) => return Err(error.to_string()),
                },
                Err(error) => return Err(error.to_string()),
            };
            connection.send_all(&answer).map_err(|error| error.to_string())?;
        }
    }
}

socketserver_guest::bindings::export_component!(Messages with_types_in socketserver_guest::bindings);
