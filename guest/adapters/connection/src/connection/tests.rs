use std::collections::VecDeque;

use super::*;
use crate::network::SocketAddress;

/// A transport that plays a script. Each step is what one call returns; at the end of a script all calls would wait.
#[derive(Debug, Default)]
struct Script {
    received: VecDeque<Poll<Result<Vec<u8>, ErrorCode>>>,
    /// How much each call of `send` takes; 0 is "would wait".
    room: VecDeque<usize>,
    sent: Vec<u8>,
    now: u64,
    waits: Vec<(Directions, Option<u64>)>,
    ended: Vec<&'static str>,
}

impl Transport for Script {
    fn receive(&mut self, _: usize) -> Poll<Result<Vec<u8>, ErrorCode>> {
        self.received.pop_front().unwrap_or(Poll::Pending)
    }

    fn send(&mut self, data: &[u8]) -> Poll<Result<usize, ErrorCode>> {
        match self.room.pop_front() {
            None => Poll::Ready(Err(ErrorCode::ConnectionReset)),
            Some(0) => Poll::Pending,
            Some(room) => {
                let taken = room.min(data.len());
                self.sent.extend_from_slice(&data[..taken]);
                Poll::Ready(Ok(taken))
            }
        }
    }

    fn can_send(&mut self) -> bool {
        self.room.front().is_none_or(|room| *room > 0)
    }

    fn end_receiving(&mut self) {
        self.ended.push("receiving");
    }

    fn end_sending(&mut self) {
        self.ended.push("sending");
    }

    /// Time passes as soon as something waits for it, and a wait for room finds some.
    fn wait(&mut self, directions: Directions, until: Option<u64>) {
        self.waits.push((directions, until));
        assert!(self.waits.len() < 100, "it waits for ever");
        self.now = until.unwrap_or(self.now);
        if directions.sending && self.room.front() == Some(&0) {
            self.room.pop_front();
        }
    }

    fn now(&self) -> u64 {
        self.now
    }

    fn remote_address(&self) -> SocketAddress {
        SocketAddress::Unix(None)
    }

    fn local_address(&self) -> SocketAddress {
        SocketAddress::Unix(None)
    }
}

fn receiving<const N: usize>(script: [Poll<Result<Vec<u8>, ErrorCode>>; N]) -> Connection<Script> {
    let script = Script {
        received: script.into(),
        ..Script::default()
    };
    Connection::new(script, None)
}

fn sending<const N: usize>(room: [usize; N]) -> Connection<Script> {
    let script = Script {
        room: room.into(),
        ..Script::default()
    };
    Connection::new(script, None)
}

fn bytes(text: &str) -> Poll<Result<Vec<u8>, ErrorCode>> {
    Poll::Ready(Ok(text.into()))
}

const MILLISECOND: u64 = 1_000_000;

#[test]
fn receive_returns_at_most_what_is_asked_for_and_keeps_the_rest() {
    let mut connection = receiving([Poll::Pending, bytes("abc"), bytes("")]);
    assert_eq!(connection.receive(0), Err(ErrorCode::InvalidArgument));
    assert_eq!(connection.receive(2), Ok(b"ab".into()));
    assert_eq!(connection.receive(9), Ok(b"c".into()));
    for _ in 0..2 {
        assert_eq!(connection.receive(1), Ok(Vec::new()));
    }
    assert_eq!(connection.transport().waits.len(), 1);
}

#[test]
fn receive_returns_at_most_64_kib() {
    let mut connection = receiving([Poll::Ready(Ok(vec![0; 65_540]))]);
    assert_eq!(connection.receive(u32::MAX).unwrap().len(), 65_536);
    assert_eq!(connection.receive(u32::MAX).unwrap().len(), 4);
}

#[test]
fn a_failure_is_told_once_and_then_the_stream_has_ended() {
    let mut connection = receiving([bytes("a"), Poll::Ready(Err(ErrorCode::ConnectionReset))]);
    assert_eq!(connection.receive(9), Ok(b"a".into()));
    assert_eq!(connection.receive(9), Err(ErrorCode::ConnectionReset));
    assert_eq!(connection.receive(9), Ok(Vec::new()));
}

#[test]
fn a_timeout_bounds_receiving_and_loses_nothing() {
    let mut connection = receiving([Poll::Pending, Poll::Pending, Poll::Pending, bytes("a")]);
    connection.set_timeout(Some(5));
    assert_eq!(connection.receive(1), Err(ErrorCode::Timeout));
    assert_eq!(
        connection.transport().waits,
        [(Directions::RECEIVING, Some(5 * MILLISECOND))]
    );
    connection.set_timeout(Some(0));
    assert_eq!(
        connection.receive(1),
        Err(ErrorCode::Timeout),
        "it does not wait at all"
    );
    assert_eq!(connection.transport().waits.len(), 1);
    assert_eq!(connection.receive(1), Ok(b"a".into()));
}

#[test]
fn send_takes_a_part_and_send_all_the_whole() {
    let mut connection = sending([0, 2, 3, 0, 100]);
    assert_eq!(connection.send(b""), Ok(0));
    assert_eq!(connection.send(b"abcde"), Ok(2));
    assert_eq!(connection.send_all(b"cdefghi"), Ok(()));
    assert_eq!(connection.transport().sent, b"abcdefghi");
    assert_eq!(connection.send(b"x"), Err(ErrorCode::ConnectionReset));
    assert_eq!(connection.send(b"x"), Err(ErrorCode::ConnectionBroken));
}

#[test]
fn a_timeout_bounds_the_whole_of_send_all() {
    let mut connection = sending([1, 0, 0, 0, 1]);
    connection.set_timeout(Some(5));
    assert_eq!(connection.send_all(b"abc"), Err(ErrorCode::Timeout));
    assert_eq!(connection.transport().sent, b"a");
}

#[test]
fn wait_promises_only_what_it_has_seen() {
    // Woken once for nothing.
    let mut connection = receiving([Poll::Pending, Poll::Pending, bytes("ab")]);
    connection.transport().room.push_back(0);
    assert_eq!(connection.wait(Directions::default()), Err(ErrorCode::InvalidArgument));
    assert_eq!(connection.wait(Directions::RECEIVING), Ok(Directions::RECEIVING));
    assert_eq!(connection.transport().waits.len(), 2);
    assert_eq!(connection.receive(1), Ok(b"a".into()));
    assert_eq!(connection.wait(Directions::RECEIVING), Ok(Directions::RECEIVING));
}

#[test]
fn wait_finds_an_end_and_a_failure_ready() {
    let mut failed = receiving([Poll::Ready(Err(ErrorCode::ConnectionReset))]);
    let both = Directions {
        receiving: true,
        sending: true,
    };
    assert_eq!(failed.wait(both), Ok(both));
    assert_eq!(failed.receive(1), Err(ErrorCode::ConnectionReset));
    let mut ended = sending([0, 0, 0]);
    ended.shutdown(both).unwrap();
    assert_eq!(ended.wait(Directions::SENDING), Ok(Directions::SENDING));
    assert_eq!(ended.wait(Directions::RECEIVING), Ok(Directions::RECEIVING));
}

#[test]
fn a_direction_is_shut_down_once() {
    let mut connection = receiving([bytes("abc")]);
    for _ in 0..2 {
        assert_eq!(connection.shutdown(Directions::RECEIVING), Ok(()));
        assert_eq!(connection.receive(1), Ok(Vec::new()));
    }
    for _ in 0..2 {
        assert_eq!(connection.shutdown(Directions::SENDING), Ok(()));
        assert_eq!(connection.send(b"x"), Err(ErrorCode::ConnectionBroken));
    }
    assert_eq!(connection.transport().ended, ["receiving", "sending"]);
}

#[test]
fn shutdown_of_a_connection_that_was_reset_is_an_invalid_state() {
    let mut connection = receiving([Poll::Ready(Err(ErrorCode::ConnectionReset))]);
    assert_eq!(connection.shutdown(Directions::SENDING), Err(ErrorCode::InvalidState));
    assert_eq!(connection.shutdown(Directions::SENDING), Ok(()));
}

#[test]
fn a_connection_that_is_idle_for_too_long_is_aborted() {
    let mut connection = Connection::new(Script::default(), Some(7));
    connection.set_timeout(Some(5));
    assert_eq!(connection.receive(1), Err(ErrorCode::Timeout));
    connection.set_timeout(None);
    assert_eq!(connection.receive(1), Err(ErrorCode::ConnectionAborted));
    assert_eq!(connection.receive(1), Ok(Vec::new()));
    assert_eq!(connection.send(b"x"), Err(ErrorCode::ConnectionBroken));
    assert_eq!(connection.transport().ended, ["receiving", "sending"]);
}
