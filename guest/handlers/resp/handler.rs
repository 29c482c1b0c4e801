//! A key-value store in the protocol of Redis, RESP2, whose data live as long as the connection.
//!
//! `frame` and `inline` read commands, `command` finds and checks them, `connection`, `key`, `server`, `set` and `string`
//! carry them out on a `state`, and `reply` writes the answer. Nothing below `Handler` knows that it is in a component.

mod command;
mod connection;
mod frame;
mod glob;
mod inline;
mod integer;
mod key;
mod keyspace;
mod reply;
mod server;
mod set;
mod state;
mod string;

use std::io::{self, BufRead, Write};

use socketserver_guest::{Handler, Request, Result};

use crate::frame::Fault;
use crate::reply::Reply;
use crate::state::State;

/// Serves the keys and values of one connection to that connection.
#[derive(Default)]
struct Resp;

impl Handler for Resp {
    fn handle(&mut self, request: &mut Request) -> Result {
        Ok(serve(&mut request.rfile, &mut request.wfile)?)
    }
}

/// Answers commands until the peer has sent its last, sends `QUIT`, or breaks the protocol.
///
/// Answers are left in the buffer of `writer`: its reader flushes it before it waits, which batches those to pipelined
/// commands.
fn serve(mut reader: impl BufRead, mut writer: impl Write) -> io::Result<()> {
    let mut state = State::default();
    let mut arguments = Vec::new();
    while state.is_open() {
        match frame::read(&mut reader, &mut arguments) {
            Ok(true) => command::execute(&mut state, &mut arguments).write(&mut writer)?,
            Ok(false) => break,
            Err(Fault::Io(error)) => return Err(error),
            // Where the next command begins cannot be told any more.
            Err(Fault::Protocol(text)) => {
                Reply::error(format!("ERR Protocol error: {text}")).write(&mut writer)?;
                break;
            }
        }
    }
    writer.flush()
}

socketserver_guest::export!(Resp);

#[cfg(test)]
mod tests {
    use socketserver_guest::testing::{self, Peer};

    use super::*;

    fn answers(sent: &str) -> String {
        let mut got = Vec::new();
        serve(sent.as_bytes(), &mut got).unwrap();
        String::from_utf8(got).unwrap()
    }

    #[test]
    fn commands_are_answered_in_order() {
        assert_eq!(
            answers("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$2\r\n\r\n\r\nGET k\r\nget other\nDEL k\r\n"),
            "+OK\r\n$2\r\n\r\n\r\n$-1\r\n:1\r\n"
        );
    }

    #[test]
    fn quit_ends_the_connection_and_what_follows_is_not_read() {
        assert_eq!(answers("QUIT\r\nPING\r\n"), "+OK\r\n");
    }

    #[test]
    fn a_broken_protocol_ends_the_connection() {
        let text = "-ERR Protocol error: invalid multibulk length\r\n";
        assert_eq!(answers("PING\r\n*x\r\nPING\r\n"), format!("+PONG\r\n{text}"));
    }

    #[test]
    fn an_error_does_not_end_the_connection() {
        assert_eq!(
            answers("GET\r\nPING\r\n"),
            "-ERR wrong number of arguments for 'get' command\r\n+PONG\r\n"
        );
    }

    #[test]
    fn the_answers_to_pipelined_commands_leave_together() {
        let peer = Peer::sending(["PING\r\nPING\r\n", "PING\r\n"]);
        testing::serve::<Resp>(&peer).unwrap();
        assert_eq!(peer.got(), [&b"+PONG\r\n+PONG\r\n"[..], b"+PONG\r\n"]);
    }
}
