//! The log of a server under test: JSON lines on its standard error.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use serde_json::{Map, Value};

use super::eventually::eventually;

/// All that was logged, while it grows.
#[derive(Debug, Default)]
pub(crate) struct Log {
    lines: Mutex<Vec<Line>>,
}

#[derive(Debug)]
enum Line {
    Record(Record),
    /// What is no JSON: lines in the text form, or the last words of a server that panics.
    Text(String),
}

/// One line of the log.
#[derive(Clone, Debug)]
pub(crate) struct Record(Map<String, Value>);

impl Log {
    /// Reads a server's standard error to its end, on a thread.
    pub(crate) fn follow(source: impl Read + Send + 'static) -> (Arc<Self>, JoinHandle<()>) {
        let log = Arc::new(Self::default());
        let reader = thread::spawn({
            let log = Arc::clone(&log);
            move || {
                for line in BufReader::new(source).split(b'\n').map_while(Result::ok) {
                    let line = String::from_utf8_lossy(&line).into_owned();
                    let line = match serde_json::from_str(&line) {
                        Ok(fields) => Line::Record(Record(fields)),
                        Err(_) => Line::Text(line),
                    };
                    log.lines.lock().unwrap_or_else(PoisonError::into_inner).push(line);
                }
            }
        });
        (log, reader)
    }

    /// Every record with this message.
    pub(crate) fn all(&self, message: &str) -> Vec<Record> {
        self.filter(|record| record.message() == message)
    }

    /// Every record with a message that starts so.
    pub(crate) fn starting_with(&self, start: &str) -> Vec<Record> {
        self.filter(|record| record.message().starts_with(start))
    }

    fn filter(&self, fits: impl Fn(&Record) -> bool) -> Vec<Record> {
        self.with(|lines| {
            let records = lines.iter().filter_map(|line| match line {
                Line::Record(record) if fits(record) => Some(record.clone()),
                _ => None,
            });
            records.collect()
        })
    }

    /// Waits for so many records with this message, and returns all there are.
    pub(crate) fn wait_for(&self, message: &str, count: usize) -> Vec<Record> {
        eventually(&format!("{count} log lines say `{message}`"), || {
            let records = self.all(message);
            (records.len() >= count).then_some(records)
        })
    }

    /// Waits for a record with this message that `fits`, and returns it.
    pub(crate) fn wait_for_one(&self, message: &str, fits: impl Fn(&Record) -> bool) -> Record {
        eventually(&format!("a certain log line says `{message}`"), || {
            self.all(message).into_iter().find(&fits)
        })
    }

    /// The lines that are no JSON.
    pub(crate) fn texts(&self) -> Vec<String> {
        self.with(|lines| {
            let texts = lines.iter().filter_map(|line| match line {
                Line::Text(text) => Some(text.clone()),
                Line::Record(_) => None,
            });
            texts.collect()
        })
    }

    /// The end of the log, for people.
    pub(crate) fn tail(&self) -> String {
        self.with(|lines| {
            let tail = lines[lines.len().saturating_sub(TAIL)..].iter();
            tail.map(|line| match line {
                Line::Record(Record(fields)) => Value::from(fields.clone()).to_string() + "\n",
                Line::Text(text) => text.clone() + "\n",
            })
            .collect()
        })
    }

    fn with<T>(&self, look: impl FnOnce(&[Line]) -> T) -> T {
        look(&self.lines.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Record {
    pub(crate) fn message(&self) -> &str {
        self.text("message")
    }

    /// A field that is text; empty when it is missing.
    pub(crate) fn text(&self, field: &str) -> &str {
        self.0.get(field).and_then(Value::as_str).unwrap_or_default()
    }

    /// A field that is a whole number.
    pub(crate) fn number(&self, field: &str) -> u64 {
        let value = self.0.get(field).and_then(Value::as_u64);
        value.unwrap_or_else(|| panic!("the log line has no number `{field}`: {self:?}"))
    }

    /// A field that is true or false.
    pub(crate) fn flag(&self, field: &str) -> bool {
        let value = self.0.get(field).and_then(Value::as_bool);
        value.unwrap_or_else(|| panic!("the log line has no flag `{field}`: {self:?}"))
    }

    /// A field that is a time in seconds.
    pub(crate) fn seconds(&self, field: &str) -> f64 {
        let value = self.0.get(field).and_then(Value::as_f64);
        value.unwrap_or_else(|| panic!("the log line has no time `{field}`: {self:?}"))
    }

    /// Whether a field is there at all.
    pub(crate) fn has(&self, field: &str) -> bool {
        self.0.contains_key(field)
    }
}

/// The counters of a server, as its log shows them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Books {
    pub(crate) accepted: u64,
    pub(crate) active: u64,
    pub(crate) accept_failures: u64,
    closed: BTreeMap<String, u64>,
    rejected: BTreeMap<String, u64>,
    /// Requests of HTTP, and those of them that are under way.
    pub(crate) requests: u64,
    pub(crate) active_requests: u64,
    requests_ended: BTreeMap<String, u64>,
}

impl Books {
    /// Reads a `status` or `stopped` line.
    pub(crate) fn of(record: &Record) -> Self {
        let books = Self {
            accepted: record.number("accepted"),
            active: record.number("active"),
            accept_failures: record.number("accept_failures"),
            closed: Self::by_reason(record.text("closed_by_reason")),
            rejected: Self::by_reason(record.text("rejected_by_reason")),
            // A server without HTTP does not speak of it.
            requests: if record.has("requests") {
                record.number("requests")
            } else {
                0
            },
            active_requests: if record.has("requests") {
                record.number("active_requests")
            } else {
                0
            },
            requests_ended: Self::by_reason(record.text("requests_ended_by_outcome")),
        };
        assert_eq!(books.closed_in_all(), record.number("closed"), "{record:?}");
        books
    }

    /// How many connections were closed for this reason.
    pub(crate) fn closed(&self, reason: &str) -> u64 {
        self.closed.get(reason).copied().unwrap_or(0)
    }

    pub(crate) fn closed_in_all(&self) -> u64 {
        self.closed.values().sum()
    }

    /// How many connections were rejected for this reason.
    pub(crate) fn rejected(&self, reason: &str) -> u64 {
        self.rejected.get(reason).copied().unwrap_or(0)
    }

    /// How many requests of HTTP ended in this way.
    pub(crate) fn requests_ended(&self, outcome: &str) -> u64 {
        self.requests_ended.get(outcome).copied().unwrap_or(0)
    }

    /// What holds of every server at every moment.
    pub(crate) fn assert_balanced(&self) {
        assert_eq!(
            self.accepted,
            self.active + self.closed_in_all(),
            "the books do not balance: {self:?}"
        );
        assert_eq!(
            self.requests,
            self.active_requests + self.requests_ended.values().sum::<u64>(),
            "the books of requests do not balance: {self:?}"
        );
        assert_eq!(self.closed("bug"), 0, "the server has a bug: {self:?}");
        assert_eq!(self.requests_ended("bug"), 0, "the server has a bug: {self:?}");
    }

    /// Reads `completed=1 trap=2`.
    fn by_reason(text: &str) -> BTreeMap<String, u64> {
        let entries = text.split_whitespace().map(|entry| {
            let (reason, count) = entry.split_once('=').expect("a reason has a count");
            (reason.to_owned(), count.parse().expect("a count is a number"))
        });
        entries.collect()
    }
}

/// How many lines a failed test shows.
const TAIL: usize = 200;
