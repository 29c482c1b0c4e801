//! Commands on the connection itself.

use crate::command::execute_subcommand;
use crate::reply::{Reply, Result};
use crate::server::VERSION;
use crate::state::State;
use crate::string::parse;

/// Each connection has a server of its own, so it is always the first.
const ID: i64 = 1;

pub(crate) fn ping<'a>(_: &'a mut State, arguments: &mut [Vec<u8>]) -> Result<'a> {
    match arguments {
        [_] => Ok(Reply::Simple("PONG")),
        [_, message] => Ok(Reply::Owned(std::mem::take(message))),
        _ => Err(crate::command::wrong_number("ping")),
    }
}

pub(crate) fn echo<'a>(_: &'a mut State, arguments: &mut [Vec<u8>]) -> Result<'a> {
    Ok(Reply::Owned(std::mem::take(&mut arguments[1])))
}

pub(crate) fn quit<'a>(state: &'a mut State, _: &mut [Vec<u8>]) -> Result<'a> {
    state.close();
    Ok(Reply::OK)
}

pub(crate) fn reset<'a>(state: &'a mut State, _: &mut [Vec<u8>]) -> Result<'a> {
    state.name.clear();
    Ok(Reply::Simple("RESET"))
}

pub(crate) fn select<'a>(_: &'a mut State, arguments: &mut [Vec<u8>]) -> Result<'a> {
    match parse(&arguments[1])? {
        0 => Ok(Reply::OK),
        _ => Err("ERR DB index is out of range".into()),
    }
}

/// Only the second version of the protocol is spoken.
pub(crate) fn hello<'a>(state: &'a mut State, arguments: &mut [Vec<u8>]) -> Result<'a> {
    let mut options = arguments[1..].iter_mut();
    if let Some(version) = options.next() {
        match crate::integer::parse(version) {
            Some(2) => {}
            Some(_) => return Err("NOPROTO unsupported protocol version".into()),
            None => return Err("ERR Protocol version is not an integer or out of range".into()),
        }
    }
    let mut name = None;
    while let Some(option) = options.next() {
        match (option.to_ascii_uppercase().as_slice(), options.next()) {
            (b"SETNAME", Some(argument)) => name = Some(checked_name(argument)?),
            (b"AUTH", Some(_)) if options.next().is_some() => return Err(NO_PASSWORD.into()),
            _ => {
                let text = [b"ERR Syntax error in HELLO option '", option.as_slice(), b"'"];
                return Err(text.concat().into());
            }
        }
    }
    if let Some(name) = name {
        state.name = name;
    }
    Ok(Reply::Array(vec![
        Reply::Bulk(b"server"),
        Reply::Bulk(b"redis"),
        Reply::Bulk(b"version"),
        Reply::Bulk(VERSION.as_bytes()),
        Reply::Bulk(b"proto"),
        Reply::Integer(2),
        Reply::Bulk(b"id"),
        Reply::Integer(ID),
        Reply::Bulk(b"mode"),
        Reply::Bulk(b"standalone"),
        Reply::Bulk(b"role"),
        Reply::Bulk(b"master"),
        Reply::Bulk(b"modules"),
        Reply::Array(Vec::new()),
    ]))
}

const NO_PASSWORD: &str = "ERR AUTH <password> called without any password configured for the default user. \
                           Are you sure your configuration is correct?";

pub(crate) fn client<'a>(state: &'a mut State, arguments: &mut [Vec<u8>]) -> Result<'a> {
    execute_subcommand(state, arguments)
}

pub(crate) fn client_id<'a>(_: &'a mut State, _: &mut [Vec<u8>]) -> Result<'a> {
    Ok(Reply::Integer(ID))
}

pub(crate) fn client_getname<'a>(state: &'a mut State, _: &mut [Vec<u8>]) -> Result<'a> {
    Ok(if state.name.is_empty() {
        Reply::Nil
    } else {
        Reply::Bulk(&state.name)
    })
}

/// An empty name takes the name away.
pub(crate) fn client_setname<'a>(state: &'a mut State, arguments: &mut [Vec<u8>]) -> Result<'a> {
    state.name = checked_name(&mut arguments[2])?;
    Ok(Reply::OK)
}

/// A library tells its name and version with this, before its first command. Nothing here shows them, so they are not kept.
pub(crate) fn client_setinfo<'a>(_: &'a mut State, arguments: &mut [Vec<u8>]) -> Result<'a> {
    match arguments[2].to_ascii_uppercase().as_slice() {
        b"LIB-NAME" | b"LIB-VER" => Ok(Reply::OK),
        _ => Err([b"ERR Unrecognized option '", arguments[2].as_slice(), b"'"]
            .concat()
            .into()),
    }
}

pub(crate) fn client_info<'a>(state: &'a mut State, _: &mut [Vec<u8>]) -> Result<'a> {
    let mut text = format!("id={ID} name=").into_bytes();
    text.extend_from_slice(&state.name);
    text.extend_from_slice(b" db=0 resp=2\n");
    Ok(Reply::Owned(text))
}

/// Names stand between blanks in the answer of `CLIENT INFO`.
fn checked_name(name: &mut Vec<u8>) -> std::result::Result<Vec<u8>, crate::reply::Error> {
    if name.iter().all(u8::is_ascii_graphic) {
        Ok(std::mem::take(name))
    } else {
        Err("ERR Client names cannot contain spaces, newlines or special characters.".into())
    }
}

#[cfg(test)]
mod tests {
    use crate::command::answer;

    use super::*;

    #[test]
    fn ping_and_echo_return_what_they_were_given() {
        let mut state = State::default();
        assert_eq!(answer(&mut state, "PING"), "+PONG\r\n");
        assert_eq!(answer(&mut state, "PING 'a b'"), "$3\r\na b\r\n");
        assert_eq!(
            answer(&mut state, "PING a b"),
            "-ERR wrong number of arguments for 'ping' command\r\n"
        );
        assert_eq!(answer(&mut state, "ECHO ''"), "$0\r\n\r\n");
    }

    #[test]
    fn a_connection_has_one_database() {
        let mut state = State::default();
        assert_eq!(answer(&mut state, "SELECT 0"), "+OK\r\n");
        assert_eq!(answer(&mut state, "SELECT 1"), "-ERR DB index is out of range\r\n");
    }

    #[test]
    fn a_connection_can_have_a_name() {
        let mut state = State::default();
        assert_eq!(answer(&mut state, "CLIENT GETNAME"), "$-1\r\n");
        assert_eq!(answer(&mut state, "CLIENT SETNAME me"), "+OK\r\n");
        assert_eq!(answer(&mut state, "CLIENT GETNAME"), "$2\r\nme\r\n");
        assert!(answer(&mut state, "CLIENT INFO").contains("name=me "));
        assert!(answer(&mut state, "CLIENT SETNAME 'a b'").starts_with("-ERR Client names"));
        assert_eq!(answer(&mut state, "RESET"), "+RESET\r\n");
        assert_eq!(answer(&mut state, "CLIENT GETNAME"), "$-1\r\n");
    }

    #[test]
    fn hello_agrees_on_the_second_version_alone() {
        let mut state = State::default();
        assert!(answer(&mut state, "HELLO").starts_with("*14\r\n$6\r\nserver\r\n"));
        assert!(answer(&mut state, "HELLO 2 SETNAME me").starts_with("*14\r\n"));
        assert_eq!(answer(&mut state, "CLIENT GETNAME"), "$2\r\nme\r\n");
        assert_eq!(
            answer(&mut state, "HELLO 3"),
            "-NOPROTO unsupported protocol version\r\n"
        );
        assert!(answer(&mut state, "HELLO x").starts_with("-ERR Protocol version"));
        assert!(answer(&mut state, "HELLO 2 AUTH a b").starts_with("-ERR AUTH"));
        assert_eq!(
            answer(&mut state, "HELLO 2 FOO"),
            "-ERR Syntax error in HELLO option 'FOO'\r\n"
        );
    }
}
