//! The keys, their values, and when they end.

use std::collections::BTreeMap;
use std::time::Instant;

/// A point in time, in milliseconds since the keyspace was made.
pub(crate) type Moment = i64;

/// Ordered: `KEYS` gives the same answer each time, and no hash has to be seeded with random numbers of the host.
pub(crate) struct Keyspace {
    entries: BTreeMap<Vec<u8>, Entry>,
    clock: Box<dyn Fn() -> Moment>,
}

struct Entry {
    value: Vec<u8>,
    ends: Option<Moment>,
}

impl Default for Keyspace {
    fn default() -> Self {
        let start = Instant::now();
        Self::with_clock(move || Moment::try_from(start.elapsed().as_millis()).unwrap_or(Moment::MAX))
    }
}

/// A key whose time is up is gone for every method, and is removed by the first that meets it.
impl Keyspace {
    pub(crate) fn with_clock(clock: impl Fn() -> Moment + 'static) -> Self {
        Self {
            entries: BTreeMap::new(),
            clock: Box::new(clock),
        }
    }

    pub(crate) fn now(&self) -> Moment {
        (self.clock)()
    }

    pub(crate) fn get(&mut self, key: &[u8]) -> Option<&[u8]> {
        self.remove_ended(key);
        self.value(key)
    }

    /// As `get`, without removing: several values can be borrowed at once.
    pub(crate) fn peek(&self, key: &[u8]) -> Option<&[u8]> {
        if self.has_ended(key) { None } else { self.value(key) }
    }

    pub(crate) fn get_mut(&mut self, key: &[u8]) -> Option<&mut Vec<u8>> {
        self.remove_ended(key);
        self.entries.get_mut(key).map(|entry| &mut entry.value)
    }

    pub(crate) fn contains(&mut self, key: &[u8]) -> bool {
        self.get(key).is_some()
    }

    pub(crate) fn set(&mut self, key: Vec<u8>, value: Vec<u8>, ends: Option<Moment>) {
        self.entries.insert(key, Entry { value, ends });
    }

    pub(crate) fn remove(&mut self, key: &[u8]) -> bool {
        self.remove_ended(key);
        self.entries.remove(key).is_some()
    }

    /// When the key ends, if it exists and does.
    pub(crate) fn ends(&mut self, key: &[u8]) -> Option<Moment> {
        self.remove_ended(key);
        self.entries.get(key)?.ends
    }

    /// Does nothing where there is no such key.
    pub(crate) fn set_ends(&mut self, key: &[u8], ends: Option<Moment>) {
        if let Some(entry) = self.entries.get_mut(key) {
            entry.ends = ends;
        }
    }

    pub(crate) fn keys(&mut self) -> impl Iterator<Item = &[u8]> {
        self.remove_all_ended();
        self.entries.keys().map(Vec::as_slice)
    }

    pub(crate) fn len(&mut self) -> usize {
        self.remove_all_ended();
        self.entries.len()
    }

    /// How many of the keys end.
    pub(crate) fn ending(&mut self) -> usize {
        self.remove_all_ended();
        self.entries.values().filter(|entry| entry.ends.is_some()).count()
    }

    pub(crate) fn clear(&mut self) {
        self.entries.clear();
    }

    fn value(&self, key: &[u8]) -> Option<&[u8]> {
        Some(&self.entries.get(key)?.value)
    }

    /// Asks the host for the time only if the key ends at all.
    fn has_ended(&self, key: &[u8]) -> bool {
        let ends = self.entries.get(key).and_then(|entry| entry.ends);
        ends.is_some_and(|ends| ends <= self.now())
    }

    fn remove_ended(&mut self, key: &[u8]) {
        if self.has_ended(key) {
            self.entries.remove(key);
        }
    }

    fn remove_all_ended(&mut self) {
        let now = self.now();
        self.entries.retain(|_, entry| entry.ends.is_none_or(|ends| ends > now));
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::rc::Rc;

    use super::*;

    #[test]
    fn a_key_is_gone_when_its_time_is_up() {
        let time = Rc::new(Cell::new(0));
        let clock = Rc::clone(&time);
        let mut keyspace = Keyspace::with_clock(move || clock.get());
        keyspace.set(b"a".to_vec(), b"1".to_vec(), Some(100));
        keyspace.set(b"b".to_vec(), b"2".to_vec(), None);

        time.set(99);
        assert_eq!(keyspace.get(b"a"), Some(&b"1"[..]));
        assert_eq!((keyspace.len(), keyspace.ending()), (2, 1));

        time.set(100);
        assert_eq!(keyspace.peek(b"a"), None);
        assert_eq!(keyspace.get(b"a"), None);
        assert!(!keyspace.remove(b"a"));
        assert_eq!(keyspace.keys().collect::<Vec<_>>(), [b"b"]);
        assert_eq!(keyspace.ending(), 0);
    }
}
