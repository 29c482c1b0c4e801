//! Finding a command by its name, and checking how many arguments it has.

use crate::reply::{Error, Reply, Result};
use crate::state::State;
use crate::{connection, key, server, set, string};

/// A command or a subcommand.
pub(crate) struct Command {
    /// In lower case. A subcommand has the name of its command before it: `config|get`.
    pub(crate) name: &'static str,
    /// How many arguments there are, the name among them; when negative, how many there are at least.
    pub(crate) arity: i8,
    /// What it does with keys.
    pub(crate) access: Access,
    /// Which arguments are keys.
    pub(crate) keys: Keys,
    run: Run,
}

type Run = for<'a> fn(&'a mut State, &mut [Vec<u8>]) -> Result<'a>;

#[derive(Clone, Copy)]
pub(crate) enum Access {
    None,
    Read,
    Write,
}

/// The first and the last argument that is a key, and the step between keys; a last one of -1 is the last argument.
#[derive(Clone, Copy)]
pub(crate) struct Keys(pub(crate) i8, pub(crate) i8, pub(crate) i8);

const NO_KEY: Keys = Keys(0, 0, 0);
const ONE_KEY: Keys = Keys(1, 1, 1);
const ALL_KEYS: Keys = Keys(1, -1, 1);
const PAIRS: Keys = Keys(1, -1, 2);

const fn row(name: &'static str, arity: i8, access: Access, keys: Keys, run: Run) -> Command {
    Command {
        name,
        arity,
        access,
        keys,
        run,
    }
}

/// Searched from the start, so the most frequent come first.
pub(crate) static COMMANDS: &[Command] = &[
    row("get", 2, Access::Read, ONE_KEY, string::get),
    row("set", -3, Access::Write, ONE_KEY, set::set),
    row("ping", -1, Access::None, NO_KEY, connection::ping),
    row("incr", 2, Access::Write, ONE_KEY, string::incr),
    row("mget", -2, Access::Read, ALL_KEYS, string::mget),
    row("mset", -3, Access::Write, PAIRS, string::mset),
    row("append", 3, Access::Write, ONE_KEY, string::append),
    row("client", -2, Access::None, NO_KEY, connection::client),
    row("command", -1, Access::None, NO_KEY, server::command),
    row("config", -2, Access::None, NO_KEY, server::config),
    row("dbsize", 1, Access::Read, NO_KEY, server::dbsize),
    row("decr", 2, Access::Write, ONE_KEY, string::decr),
    row("decrby", 3, Access::Write, ONE_KEY, string::decrby),
    row("del", -2, Access::Write, ALL_KEYS, key::del),
    row("echo", 2, Access::None, NO_KEY, connection::echo),
    row("exists", -2, Access::Read, ALL_KEYS, key::exists),
    row("expire", -3, Access::Write, ONE_KEY, key::expire),
    row("flushall", -1, Access::Write, NO_KEY, server::flush),
    row("flushdb", -1, Access::Write, NO_KEY, server::flush),
    row("hello", -1, Access::None, NO_KEY, connection::hello),
    row("incrby", 3, Access::Write, ONE_KEY, string::incrby),
    row("info", -1, Access::None, NO_KEY, server::info),
    row("keys", 2, Access::Read, NO_KEY, key::keys),
    row("persist", 2, Access::Write, ONE_KEY, key::persist),
    row("quit", -1, Access::None, NO_KEY, connection::quit),
    row("reset", 1, Access::None, NO_KEY, connection::reset),
    row("select", 2, Access::None, NO_KEY, connection::select),
    row("strlen", 2, Access::Read, ONE_KEY, string::strlen),
    row("ttl", 2, Access::Read, ONE_KEY, key::ttl),
    row("type", 2, Access::Read, ONE_KEY, key::kind),
];

static SUBCOMMANDS: &[Command] = &[
    row("client|getname", 2, Access::None, NO_KEY, connection::client_getname),
    row("client|id", 2, Access::None, NO_KEY, connection::client_id),
    row("client|info", 2, Access::None, NO_KEY, connection::client_info),
    row("client|list", -2, Access::None, NO_KEY, connection::client_info),
    row("client|setinfo", 4, Access::None, NO_KEY, connection::client_setinfo),
    row("client|setname", 3, Access::None, NO_KEY, connection::client_setname),
    row("command|count", 2, Access::None, NO_KEY, server::command_count),
    row("command|info", -2, Access::None, NO_KEY, server::command_info),
    row("command|list", 2, Access::None, NO_KEY, server::command_list),
    row("config|get", -3, Access::None, NO_KEY, server::config_get),
];

/// Carries out a command. `arguments` begin with its name, so there is at least one.
pub(crate) fn execute<'a>(state: &'a mut State, arguments: &mut [Vec<u8>]) -> Reply<'a> {
    let result = match find(&arguments[0]) {
        Some(command) => call(command, state, arguments),
        None => Err(unknown(arguments)),
    };
    result.unwrap_or_else(Reply::Error)
}

pub(crate) fn find(name: &[u8]) -> Option<&'static Command> {
    COMMANDS
        .iter()
        .find(|command| command.name.as_bytes().eq_ignore_ascii_case(name))
}

/// Carries out the subcommand that the second argument names.
pub(crate) fn execute_subcommand<'a>(state: &'a mut State, arguments: &mut [Vec<u8>]) -> Result<'a> {
    let name = arguments[..2].join(&b'|');
    let command = SUBCOMMANDS
        .iter()
        .find(|command| command.name.as_bytes().eq_ignore_ascii_case(&name));
    match command {
        Some(command) => call(command, state, arguments),
        None => {
            let mut text = b"ERR unknown subcommand '".to_vec();
            text.extend(quotable(&arguments[1]));
            text.extend_from_slice(b"'. Try ");
            text.extend(arguments[0].to_ascii_uppercase());
            text.extend_from_slice(b" HELP.");
            Err(text.into())
        }
    }
}

fn call<'a>(command: &Command, state: &'a mut State, arguments: &mut [Vec<u8>]) -> Result<'a> {
    let least = usize::from(command.arity.unsigned_abs());
    let fits = arguments.len() == least || (command.arity < 0 && arguments.len() > least);
    if !fits {
        return Err(wrong_number(command.name));
    }
    (command.run)(state, arguments)
}

pub(crate) fn wrong_number(name: &str) -> Error {
    format!("ERR wrong number of arguments for '{name}' command").into()
}

/// How much of what the peer sent an error quotes, in bytes, as Redis does.
const QUOTED: usize = 128;

fn quotable(argument: &[u8]) -> impl Iterator<Item = u8> {
    argument.iter().copied().take(QUOTED)
}

fn unknown(arguments: &[Vec<u8>]) -> Error {
    let mut quoted = Vec::new();
    for argument in &arguments[1..] {
        if quoted.len() >= QUOTED {
            break;
        }
        quoted.push(b'\'');
        quoted.extend(quotable(argument).take(QUOTED - quoted.len()));
        quoted.extend_from_slice(b"' ");
    }
    let mut text = b"ERR unknown command '".to_vec();
    text.extend(quotable(&arguments[0]));
    text.extend_from_slice(b"', with args beginning with: ");
    text.extend(quoted);
    text.into()
}

/// Carries out one inline command with a state of its own, and returns the bytes of its answer.
#[cfg(test)]
pub(crate) fn answer(state: &mut State, line: &str) -> String {
    let mut arguments = crate::inline::split(line.as_bytes()).unwrap();
    let mut written = Vec::new();
    execute(state, &mut arguments).write(&mut written).unwrap();
    String::from_utf8(written).unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_no_case() {
        let mut state = State::default();
        assert_eq!(answer(&mut state, "PiNg"), "+PONG\r\n");
        assert_eq!(answer(&mut state, "CLIENT getNAME"), "$-1\r\n");
    }

    #[test]
    fn unknown_names_are_told_in_the_words_of_redis() {
        let mut state = State::default();
        assert_eq!(
            answer(&mut state, "FOO a 'b c'"),
            "-ERR unknown command 'FOO', with args beginning with: 'a' 'b c' \r\n"
        );
        assert_eq!(
            answer(&mut state, "config foo"),
            "-ERR unknown subcommand 'foo'. Try CONFIG HELP.\r\n"
        );
    }

    #[test]
    fn an_error_quotes_no_more_than_a_line_of_the_peer() {
        let long = "x".repeat(10_000);
        let text = answer(&mut State::default(), &format!("{long} {long} {long}"));
        assert!(text.len() < 400, "{} bytes", text.len());
    }

    #[test]
    fn the_number_of_arguments_is_checked() {
        let mut state = State::default();
        for (line, name) in [
            ("GET", "get"),
            ("GET a b", "get"),
            ("SET k", "set"),
            ("MSET a 1 b", "mset"),
            ("CLIENT", "client"),
            ("CLIENT ID x", "client|id"),
            ("CONFIG GET", "config|get"),
        ] {
            let expected = format!("-ERR wrong number of arguments for '{name}' command\r\n");
            assert_eq!(answer(&mut state, line), expected, "{line}");
        }
    }
}
