//! Commands on the server: what it can do, how it is set up, and what it holds.

use crate::command::{Access, COMMANDS, Command, execute_subcommand, find};
use crate::frame::MAX_BULK;
use crate::glob;
use crate::reply::{Reply, Result};
use crate::state::State;

/// The version of Redis whose answers these commands give. Libraries choose what they send by it.
pub(crate) const VERSION: &str = "7.0.0";

pub(crate) fn dbsize<'a>(state: &'a mut State, _: &mut [Vec<u8>]) -> Result<'a> {
    Ok(Reply::count(state.keyspace.len()))
}

/// `ASYNC` and `SYNC` say when memory is freed, which is at once.
pub(crate) fn flush<'a>(state: &'a mut State, arguments: &mut [Vec<u8>]) -> Result<'a> {
    match arguments {
        [_] => {}
        [_, mode] if mode.eq_ignore_ascii_case(b"ASYNC") || mode.eq_ignore_ascii_case(b"SYNC") => {}
        _ => return Err("ERR syntax error".into()),
    }
    state.keyspace.clear();
    Ok(Reply::OK)
}

pub(crate) fn command<'a>(state: &'a mut State, arguments: &mut [Vec<u8>]) -> Result<'a> {
    if arguments.len() > 1 {
        return execute_subcommand(state, arguments);
    }
    Ok(Reply::Array(COMMANDS.iter().map(describe).collect()))
}

pub(crate) fn command_count<'a>(_: &'a mut State, _: &mut [Vec<u8>]) -> Result<'a> {
    Ok(Reply::count(COMMANDS.len()))
}

pub(crate) fn command_list<'a>(_: &'a mut State, _: &mut [Vec<u8>]) -> Result<'a> {
    let names = COMMANDS.iter().map(|command| Reply::Bulk(command.name.as_bytes()));
    Ok(Reply::Array(names.collect()))
}

pub(crate) fn command_info<'a>(_: &'a mut State, arguments: &mut [Vec<u8>]) -> Result<'a> {
    if arguments.len() == 2 {
        return Ok(Reply::Array(COMMANDS.iter().map(describe).collect()));
    }
    let commands = arguments[2..].iter().map(|name| find(name));
    Ok(Reply::Array(
        commands.map(|command| command.map_or(Reply::Nil, describe)).collect(),
    ))
}

fn describe(command: &'static Command) -> Reply<'static> {
    let flags = match command.access {
        Access::None => Vec::new(),
        Access::Read => vec![Reply::Simple("readonly")],
        Access::Write => vec![Reply::Simple("write")],
    };
    Reply::Array(vec![
        Reply::Bulk(command.name.as_bytes()),
        Reply::Integer(command.arity.into()),
        Reply::Array(flags),
        Reply::Integer(command.keys.0.into()),
        Reply::Integer(command.keys.1.into()),
        Reply::Integer(command.keys.2.into()),
    ])
}

pub(crate) fn config<'a>(state: &'a mut State, arguments: &mut [Vec<u8>]) -> Result<'a> {
    execute_subcommand(state, arguments)
}

/// Nothing can be set; these are the parameters that clients ask for.
pub(crate) fn config_get<'a>(_: &'a mut State, arguments: &mut [Vec<u8>]) -> Result<'a> {
    let parameters = [
        ("appendonly", "no".to_owned()),
        ("databases", "1".to_owned()),
        ("proto-max-bulk-len", MAX_BULK.to_string()),
        ("save", String::new()),
    ];
    let is_asked_for = |name: &str| {
        arguments[2..]
            .iter()
            .any(|pattern| glob::matches(&pattern.to_ascii_lowercase(), name.as_bytes()))
    };
    let found = parameters.into_iter().filter(|(name, _)| is_asked_for(name));
    Ok(Reply::Array(
        found
            .flat_map(|(name, value)| [Reply::Bulk(name.as_bytes()), Reply::Owned(value.into_bytes())])
            .collect(),
    ))
}

pub(crate) fn info<'a>(state: &'a mut State, arguments: &mut [Vec<u8>]) -> Result<'a> {
    let (keys, ending) = (state.keyspace.len(), state.keyspace.ending());
    let keyspace = match keys {
        0 => String::new(),
        _ => format!("db0:keys={keys},expires={ending},avg_ttl=0\r\n"),
    };
    let server = format!("redis_version:{VERSION}\r\nredis_mode:standalone\r\n");
    let sections = [
        ("Server", server),
        ("Clients", "connected_clients:1\r\n".to_owned()),
        ("Replication", "role:master\r\n".to_owned()),
        ("Keyspace", keyspace),
    ];
    let is_asked_for = |name: &str| {
        arguments.len() == 1
            || arguments[1..].iter().any(|asked| {
                [name.as_bytes(), b"default", b"all", b"everything"]
                    .iter()
                    .any(|name| asked.eq_ignore_ascii_case(name))
            })
    };
    let texts = sections
        .into_iter()
        .filter(|(name, _)| is_asked_for(name))
        .map(|(name, lines)| format!("# {name}\r\n{lines}"));
    Ok(Reply::Owned(texts.collect::<Vec<_>>().join("\r\n").into_bytes()))
}

#[cfg(test)]
mod tests {
    use crate::command::answer;

    use super::*;

    #[test]
    fn commands_are_described() {
        let mut state = State::default();
        let count = COMMANDS.len();
        assert_eq!(answer(&mut state, "COMMAND COUNT"), format!(":{count}\r\n"));
        assert!(answer(&mut state, "COMMAND").starts_with(&format!("*{count}\r\n*6\r\n$3\r\nget\r\n")));
        assert_eq!(
            answer(&mut state, "COMMAND INFO MSET nothing"),
            "*2\r\n*6\r\n$4\r\nmset\r\n:-3\r\n*1\r\n+write\r\n:1\r\n:-1\r\n:2\r\n$-1\r\n"
        );
        assert!(answer(&mut state, "COMMAND LIST").starts_with(&format!("*{count}\r\n$3\r\nget\r\n")));
    }

    #[test]
    fn parameters_are_found_by_pattern() {
        let mut state = State::default();
        assert_eq!(answer(&mut state, "CONFIG GET save"), "*2\r\n$4\r\nsave\r\n$0\r\n\r\n");
        assert_eq!(
            answer(&mut state, "CONFIG GET APPEND* dat*"),
            "*4\r\n$10\r\nappendonly\r\n$2\r\nno\r\n$9\r\ndatabases\r\n$1\r\n1\r\n"
        );
        assert_eq!(answer(&mut state, "CONFIG GET nothing"), "*0\r\n");
    }

    #[test]
    fn info_has_the_sections_that_are_asked_for() {
        let mut state = State::default();
        answer(&mut state, "MSET a 1 b 2");
        answer(&mut state, "EXPIRE a 100");
        let keyspace = "# Keyspace\r\ndb0:keys=2,expires=1,avg_ttl=0\r\n";
        let expected = format!("${}\r\n{keyspace}\r\n", keyspace.len());
        assert_eq!(answer(&mut state, "INFO keyspace"), expected);
        assert!(answer(&mut state, "INFO").contains("\r\n\r\n# Keyspace"));
    }

    #[test]
    fn flushing_takes_the_modes_of_redis() {
        let mut state = State::default();
        answer(&mut state, "SET k v");
        assert_eq!(answer(&mut state, "FLUSHDB later"), "-ERR syntax error\r\n");
        assert_eq!(answer(&mut state, "DBSIZE"), ":1\r\n");
        assert_eq!(answer(&mut state, "FLUSHDB ASYNC"), "+OK\r\n");
        assert_eq!(answer(&mut state, "DBSIZE"), ":0\r\n");
    }
}
