//! `SET` and its options.

use std::mem::take;

use crate::key::ends_after;
use crate::keyspace::Moment;
use crate::reply::{Error, Reply, Result};
use crate::state::State;
use crate::string::parse;

const SYNTAX: &str = "ERR syntax error";

#[derive(Default)]
struct Options {
    condition: Option<Condition>,
    ends: Option<Ends>,
    returns_old: bool,
}

#[derive(Clone, Copy)]
enum Condition {
    IsNew,
    Exists,
}

#[derive(Clone, Copy)]
enum Ends {
    Keep,
    At(Moment),
}

pub(crate) fn set<'a>(state: &'a mut State, arguments: &mut [Vec<u8>]) -> Result<'a> {
    let keyspace = &mut state.keyspace;
    let options = Options::parse(&arguments[3..], || keyspace.now())?;
    let (key, value) = (take(&mut arguments[1]), take(&mut arguments[2]));

    let old = options.returns_old.then(|| keyspace.get(&key).map(<[u8]>::to_vec));
    let is_met = match options.condition {
        None => true,
        Some(Condition::IsNew) => !keyspace.contains(&key),
        Some(Condition::Exists) => keyspace.contains(&key),
    };
    if is_met {
        let ends = match options.ends {
            None => None,
            Some(Ends::Keep) => keyspace.ends(&key),
            Some(Ends::At(moment)) => Some(moment),
        };
        keyspace.set(key, value, ends);
    }
    Ok(match old {
        Some(old) => old.map_or(Reply::Nil, Reply::Owned),
        None if is_met => Reply::OK,
        None => Reply::Nil,
    })
}

impl Options {
    fn parse(arguments: &[Vec<u8>], now: impl Fn() -> Moment) -> std::result::Result<Self, Error> {
        let mut options = Self::default();
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let mut duration = |unit| {
                let amount = parse(arguments.next().ok_or(SYNTAX)?)?;
                if amount <= 0 {
                    return Err(Error::from(INVALID_TIME));
                }
                ends_after(now(), amount, unit).ok_or_else(|| INVALID_TIME.into())
            };
            // Options that exclude each other, or the same one twice, are an error of syntax.
            match argument.to_ascii_uppercase().as_slice() {
                b"NX" if options.condition.is_none() => options.condition = Some(Condition::IsNew),
                b"XX" if options.condition.is_none() => options.condition = Some(Condition::Exists),
                b"GET" if !options.returns_old => options.returns_old = true,
                b"EX" if options.ends.is_none() => options.ends = Some(Ends::At(duration(1000)?)),
                b"PX" if options.ends.is_none() => options.ends = Some(Ends::At(duration(1)?)),
                b"KEEPTTL" if options.ends.is_none() => options.ends = Some(Ends::Keep),
                _ => return Err(SYNTAX.into()),
            }
        }
        Ok(options)
    }
}

const INVALID_TIME: &str = "ERR invalid expire time in 'set' command";

#[cfg(test)]
mod tests {
    use crate::command::answer;

    use super::*;

    #[test]
    fn a_condition_that_is_not_met_changes_nothing() {
        let mut state = State::default();
        assert_eq!(answer(&mut state, "SET k 1 XX"), "$-1\r\n");
        assert_eq!(answer(&mut state, "SET k 1 NX"), "+OK\r\n");
        assert_eq!(answer(&mut state, "SET k 2 nx"), "$-1\r\n");
        assert_eq!(answer(&mut state, "GET k"), "$1\r\n1\r\n");
        assert_eq!(answer(&mut state, "SET k 2 XX"), "+OK\r\n");
    }

    #[test]
    fn get_returns_what_was_there() {
        let mut state = State::default();
        assert_eq!(answer(&mut state, "SET k 1 GET"), "$-1\r\n");
        assert_eq!(answer(&mut state, "SET k 2 GET"), "$1\r\n1\r\n");
        assert_eq!(answer(&mut state, "SET k 3 NX GET"), "$1\r\n2\r\n");
        assert_eq!(answer(&mut state, "GET k"), "$1\r\n2\r\n");
    }

    #[test]
    fn setting_forgets_the_end_unless_it_is_kept() {
        let mut state = State::default();
        answer(&mut state, "SET k 1 EX 100");
        answer(&mut state, "SET k 2 KEEPTTL");
        assert_eq!(answer(&mut state, "TTL k"), ":100\r\n");
        answer(&mut state, "SET k 3");
        assert_eq!(answer(&mut state, "TTL k"), ":-1\r\n");
        answer(&mut state, "SET k 3 PX 5000");
        assert_eq!(answer(&mut state, "TTL k"), ":5\r\n");
    }

    #[test]
    fn options_are_checked_before_anything_is_set() {
        let mut state = State::default();
        for (options, text) in [
            ("NX XX", SYNTAX),
            ("EX", SYNTAX),
            ("EX 1 PX 1", SYNTAX),
            ("EX 1 KEEPTTL", SYNTAX),
            ("FOO", SYNTAX),
            ("EX 0", INVALID_TIME),
            ("PX -1", INVALID_TIME),
            ("EX 9223372036854775807", INVALID_TIME),
            ("EX x", crate::string::NOT_AN_INTEGER),
        ] {
            let line = format!("SET k v {options}");
            assert_eq!(answer(&mut state, &line), format!("-{text}\r\n"), "{line}");
        }
        assert_eq!(answer(&mut state, "EXISTS k"), ":0\r\n");
    }
}
