//! Commands on values.

use std::mem::take;

use crate::command::wrong_number;
use crate::integer;
use crate::reply::{Error, Reply, Result};
use crate::state::State;

pub(crate) const NOT_AN_INTEGER: &str = "ERR value is not an integer or out of range";

pub(crate) fn get<'a>(state: &'a mut State, arguments: &mut [Vec<u8>]) -> Result<'a> {
    Ok(state.keyspace.get(&arguments[1]).map_or(Reply::Nil, Reply::Bulk))
}

pub(crate) fn mget<'a>(state: &'a mut State, arguments: &mut [Vec<u8>]) -> Result<'a> {
    let keyspace = &state.keyspace;
    let value = |key: &Vec<u8>| keyspace.peek(key).map_or(Reply::Nil, Reply::Bulk);
    Ok(Reply::Array(arguments[1..].iter().map(value).collect()))
}

pub(crate) fn mset<'a>(state: &'a mut State, arguments: &mut [Vec<u8>]) -> Result<'a> {
    let (pairs, rest) = arguments[1..].as_chunks_mut::<2>();
    if !rest.is_empty() {
        return Err(wrong_number("mset"));
    }
    for [key, value] in pairs {
        state.keyspace.set(take(key), take(value), None);
    }
    Ok(Reply::OK)
}

pub(crate) fn append<'a>(state: &'a mut State, arguments: &mut [Vec<u8>]) -> Result<'a> {
    let length = match state.keyspace.get_mut(&arguments[1]) {
        Some(value) => {
            value.extend_from_slice(&arguments[2]);
            value.len()
        }
        None => {
            let length = arguments[2].len();
            state
                .keyspace
                .set(take(&mut arguments[1]), take(&mut arguments[2]), None);
            length
        }
    };
    Ok(Reply::count(length))
}

pub(crate) fn strlen<'a>(state: &'a mut State, arguments: &mut [Vec<u8>]) -> Result<'a> {
    Ok(Reply::count(state.keyspace.get(&arguments[1]).map_or(0, <[u8]>::len)))
}

pub(crate) fn incr<'a>(state: &'a mut State, arguments: &mut [Vec<u8>]) -> Result<'a> {
    add(state, &mut arguments[1], 1)
}

pub(crate) fn decr<'a>(state: &'a mut State, arguments: &mut [Vec<u8>]) -> Result<'a> {
    add(state, &mut arguments[1], -1)
}

pub(crate) fn incrby<'a>(state: &'a mut State, arguments: &mut [Vec<u8>]) -> Result<'a> {
    let amount = parse(&arguments[2])?;
    add(state, &mut arguments[1], amount)
}

pub(crate) fn decrby<'a>(state: &'a mut State, arguments: &mut [Vec<u8>]) -> Result<'a> {
    let amount = parse(&arguments[2])?.checked_neg();
    add(state, &mut arguments[1], amount.ok_or("ERR decrement would overflow")?)
}

/// Keeps the time at which the key ends.
fn add<'a>(state: &'a mut State, key: &mut Vec<u8>, amount: i64) -> Result<'a> {
    let old = state.keyspace.get(key).map_or(Ok(0), parse)?;
    let new = old
        .checked_add(amount)
        .ok_or("ERR increment or decrement would overflow")?;
    let text = new.to_string().into_bytes();
    match state.keyspace.get_mut(key) {
        Some(value) => *value = text,
        None => state.keyspace.set(take(key), text, None),
    }
    Ok(Reply::Integer(new))
}

pub(crate) fn parse(text: &[u8]) -> std::result::Result<i64, Error> {
    integer::parse(text).ok_or_else(|| NOT_AN_INTEGER.into())
}

#[cfg(test)]
mod tests {
    use crate::command::answer;

    use super::*;

    #[test]
    fn values_are_read_as_they_were_written() {
        let mut state = State::default();
        assert_eq!(answer(&mut state, "MSET a 1 b 2 a 3"), "+OK\r\n");
        assert_eq!(answer(&mut state, "MGET a b c"), "*3\r\n$1\r\n3\r\n$1\r\n2\r\n$-1\r\n");
        assert_eq!(answer(&mut state, "GET c"), "$-1\r\n");
    }

    #[test]
    fn appending_makes_the_key() {
        let mut state = State::default();
        assert_eq!(answer(&mut state, "APPEND k ab"), ":2\r\n");
        assert_eq!(answer(&mut state, "APPEND k c"), ":3\r\n");
        assert_eq!(answer(&mut state, "STRLEN k"), ":3\r\n");
        assert_eq!(answer(&mut state, "STRLEN other"), ":0\r\n");
    }

    #[test]
    fn counting_begins_at_zero() {
        let mut state = State::default();
        assert_eq!(answer(&mut state, "INCR n"), ":1\r\n");
        assert_eq!(answer(&mut state, "INCRBY n 41"), ":42\r\n");
        assert_eq!(answer(&mut state, "DECR n"), ":41\r\n");
        assert_eq!(answer(&mut state, "DECRBY n 42"), ":-1\r\n");
        assert_eq!(answer(&mut state, "GET n"), "$2\r\n-1\r\n");
    }

    #[test]
    fn counting_keeps_the_end_of_a_key() {
        let mut state = State::default();
        answer(&mut state, "SET n 1 EX 100");
        answer(&mut state, "INCR n");
        assert_eq!(answer(&mut state, "TTL n"), ":100\r\n");
    }

    #[test]
    fn what_cannot_be_counted_stays_as_it_is() {
        let mut state = State::default();
        answer(&mut state, "MSET max 9223372036854775807 text abc");
        let not_an_integer = format!("-{NOT_AN_INTEGER}\r\n");
        assert_eq!(answer(&mut state, "INCR text"), not_an_integer);
        assert_eq!(answer(&mut state, "INCRBY n 1.5"), not_an_integer);
        assert_eq!(
            answer(&mut state, "INCR max"),
            "-ERR increment or decrement would overflow\r\n"
        );
        assert_eq!(
            answer(&mut state, "DECRBY n -9223372036854775808"),
            "-ERR decrement would overflow\r\n"
        );
        assert_eq!(answer(&mut state, "EXISTS n"), ":0\r\n");
    }
}
