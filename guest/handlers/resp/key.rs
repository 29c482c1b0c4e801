//! Commands on keys.

use crate::glob;
use crate::keyspace::Moment;
use crate::reply::{Reply, Result};
use crate::state::State;
use crate::string::parse;

pub(crate) fn del<'a>(state: &'a mut State, arguments: &mut [Vec<u8>]) -> Result<'a> {
    let keys = arguments[1..].iter();
    Ok(Reply::count(keys.filter(|key| state.keyspace.remove(key)).count()))
}

/// A key that is named twice counts twice.
pub(crate) fn exists<'a>(state: &'a mut State, arguments: &mut [Vec<u8>]) -> Result<'a> {
    let keys = arguments[1..].iter();
    Ok(Reply::count(keys.filter(|key| state.keyspace.contains(key)).count()))
}

pub(crate) fn keys<'a>(state: &'a mut State, arguments: &mut [Vec<u8>]) -> Result<'a> {
    let keys = state.keyspace.keys();
    let keys = keys.filter(|key| glob::matches(&arguments[1], key));
    Ok(Reply::Array(keys.map(Reply::Bulk).collect()))
}

pub(crate) fn kind<'a>(state: &'a mut State, arguments: &mut [Vec<u8>]) -> Result<'a> {
    let exists = state.keyspace.contains(&arguments[1]);
    Ok(Reply::Simple(if exists { "string" } else { "none" }))
}

/// Rounds to the next second, as Redis does.
pub(crate) fn ttl<'a>(state: &'a mut State, arguments: &mut [Vec<u8>]) -> Result<'a> {
    let keyspace = &mut state.keyspace;
    Ok(Reply::Integer(match keyspace.ends(&arguments[1]) {
        Some(ends) => (ends - keyspace.now()).max(0).saturating_add(500) / 1000,
        None if keyspace.contains(&arguments[1]) => -1,
        None => -2,
    }))
}

pub(crate) fn persist<'a>(state: &'a mut State, arguments: &mut [Vec<u8>]) -> Result<'a> {
    let ends = state.keyspace.ends(&arguments[1]);
    state.keyspace.set_ends(&arguments[1], None);
    Ok(Reply::Integer(ends.is_some().into()))
}

pub(crate) fn expire<'a>(state: &'a mut State, arguments: &mut [Vec<u8>]) -> Result<'a> {
    let keyspace = &mut state.keyspace;
    let ends =
        ends_after(keyspace.now(), parse(&arguments[2])?, 1000).ok_or("ERR invalid expire time in 'expire' command")?;
    let conditions = Conditions::parse(&arguments[3..])?;
    let key = &arguments[1];
    if !keyspace.contains(key) || !conditions.allow(keyspace.ends(key), ends) {
        return Ok(Reply::Integer(0));
    }
    // A time that is not in the future removes the key with the next look at it.
    keyspace.set_ends(key, Some(ends));
    Ok(Reply::Integer(1))
}

/// `None` where the moment is beyond all that can be counted.
pub(crate) fn ends_after(now: Moment, amount: i64, unit: i64) -> Option<Moment> {
    amount.checked_mul(unit)?.checked_add(now)
}

/// When `EXPIRE` is allowed to change the end of a key.
#[derive(Default)]
struct Conditions {
    has_none: bool,
    has_one: bool,
    is_later: bool,
    is_earlier: bool,
}

impl Conditions {
    fn parse(arguments: &[Vec<u8>]) -> std::result::Result<Self, crate::reply::Error> {
        let mut conditions = Self::default();
        for argument in arguments {
            match argument.to_ascii_uppercase().as_slice() {
                b"NX" => conditions.has_none = true,
                b"XX" => conditions.has_one = true,
                b"GT" => conditions.is_later = true,
                b"LT" => conditions.is_earlier = true,
                _ => return Err([b"ERR Unsupported option ", argument.as_slice()].concat().into()),
            }
        }
        if conditions.has_none && (conditions.has_one || conditions.is_later || conditions.is_earlier) {
            return Err("ERR NX and XX, GT or LT options at the same time are not compatible".into());
        }
        if conditions.is_later && conditions.is_earlier {
            return Err("ERR GT and LT options at the same time are not compatible".into());
        }
        Ok(conditions)
    }

    /// A key without an end counts as one that ends later than any.
    fn allow(&self, old: Option<Moment>, new: Moment) -> bool {
        !(self.has_none && old.is_some()
            || self.has_one && old.is_none()
            || self.is_later && old.is_none_or(|old| new <= old)
            || self.is_earlier && old.is_some_and(|old| new >= old))
    }
}

#[cfg(test)]
mod tests {
    use crate::command::answer;

    use super::*;

    #[test]
    fn keys_are_counted_removed_and_listed() {
        let mut state = State::default();
        answer(&mut state, "MSET one 1 two 2 three 3");
        assert_eq!(answer(&mut state, "EXISTS one one four"), ":2\r\n");
        assert_eq!(answer(&mut state, "KEYS t*"), "*2\r\n$5\r\nthree\r\n$3\r\ntwo\r\n");
        assert_eq!(answer(&mut state, "DEL one four"), ":1\r\n");
        assert_eq!(answer(&mut state, "TYPE one"), "+none\r\n");
        assert_eq!(answer(&mut state, "TYPE two"), "+string\r\n");
        assert_eq!(answer(&mut state, "DBSIZE"), ":2\r\n");
        assert_eq!(answer(&mut state, "FLUSHALL"), "+OK\r\n");
        assert_eq!(answer(&mut state, "KEYS *"), "*0\r\n");
    }

    #[test]
    fn a_key_can_be_given_an_end_and_freed_of_it() {
        let mut state = State::default();
        assert_eq!(answer(&mut state, "EXPIRE k 10"), ":0\r\n");
        assert_eq!(answer(&mut state, "TTL k"), ":-2\r\n");
        answer(&mut state, "SET k v");
        assert_eq!(answer(&mut state, "TTL k"), ":-1\r\n");
        assert_eq!(answer(&mut state, "PERSIST k"), ":0\r\n");
        assert_eq!(answer(&mut state, "EXPIRE k 10"), ":1\r\n");
        assert_eq!(answer(&mut state, "TTL k"), ":10\r\n");
        assert_eq!(answer(&mut state, "PERSIST k"), ":1\r\n");
        assert_eq!(answer(&mut state, "TTL k"), ":-1\r\n");
    }

    #[test]
    fn an_end_in_the_past_removes_the_key() {
        let mut state = State::default();
        answer(&mut state, "SET k v");
        assert_eq!(answer(&mut state, "EXPIRE k -1"), ":1\r\n");
        assert_eq!(answer(&mut state, "EXISTS k"), ":0\r\n");
    }

    #[test]
    fn conditions_on_the_end_hold() {
        let mut state = State::default();
        answer(&mut state, "SET k v");
        for (line, expected) in [
            ("EXPIRE k 100 XX", ":0\r\n"),
            ("EXPIRE k 100 GT", ":0\r\n"),
            ("EXPIRE k 100 LT", ":1\r\n"),
            ("EXPIRE k 50 NX", ":0\r\n"),
            ("EXPIRE k 50 GT", ":0\r\n"),
            ("EXPIRE k 200 XX GT", ":1\r\n"),
            ("EXPIRE k 1 FOO", "-ERR Unsupported option FOO\r\n"),
            (
                "EXPIRE k 9223372036854775807",
                "-ERR invalid expire time in 'expire' command\r\n",
            ),
        ] {
            assert_eq!(answer(&mut state, line), expected, "{line}");
        }
        assert_eq!(answer(&mut state, "TTL k"), ":200\r\n");
    }
}
