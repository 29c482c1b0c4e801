//! The connections of each source, over all workers.
//!
//! A hash table with linear probing, in memory that the workers share. A place has a source and the number of connections
//! that each worker has of it, so that what a worker had goes with it. Every change is the store of one number, so a worker
//! that dies in the middle of something leaves a table that is whole.
//!
//! A source without connections keeps its place, because others may have been put behind it, until the places are used up:
//! then those that have some are copied to the other half of the memory, and the table is there from then on.

use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher, RandomState};
use std::net::IpAddr;
use std::num::NonZeroU64;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::process::{Pid, getpid, test_kill_process};

use super::Words;
use crate::source::Source;

/// As many places as are needed for so many connections: twice as many, so that probes are short.
pub(super) fn places(connections: u32) -> usize {
    (connections.max(32) as usize * 2).next_power_of_two()
}

/// As many numbers as there are in a table with so many places.
pub(super) fn words(workers: u16, places: usize) -> usize {
    if places == 0 {
        0
    } else {
        HEAD + 2 * places * (1 + place(workers))
    }
}

/// As many numbers as a place has.
fn place(workers: u16) -> usize {
    1 + usize::from(workers)
}

/// What is before the places.
const HEAD: usize = 5;
/// Which process has the lock.
const LOCK: usize = 0;
/// Which half is in use.
const HALF: usize = 1;
/// How many places of each half have a source.
const USED: [usize; 2] = [2, 3];
/// What nobody outside knows, so that nobody can choose sources that all belong at the same place.
const SEED: usize = 4;

/// The table, as one worker sees it.
#[derive(Debug)]
pub(crate) struct Table {
    words: Words,
    places: usize,
    worker: usize,
    workers: u16,
}

impl Table {
    pub(super) fn new(words: Words, places: usize, worker: u16, workers: u16) -> Self {
        // The first worker that comes decides.
        let seed = RandomState::new().hash_one(worker) | 1;
        let _ = words[SEED].compare_exchange(0, seed, Ordering::Relaxed, Ordering::Relaxed);
        Self {
            words,
            places,
            worker: worker.into(),
            workers,
        }
    }

    /// Counts a connection for its source, unless that has `max` already; tells whether it did.
    pub(crate) fn admit(&self, source: Source, max: u32) -> bool {
        let key = key(source);
        let _lock = Lock::take(&self.words[LOCK]);
        let place = match self.find(key) {
            Ok(place) => place,
            Err(free) => self.settle(key, free),
        };
        let counts = self.counts(place);
        let total: u64 = counts.iter().map(|count| count.load(Ordering::Relaxed)).sum();
        if total >= u64::from(max) {
            return false;
        }
        counts[self.worker].fetch_add(1, Ordering::Relaxed);
        true
    }

    /// Takes a connection of this worker off its source.
    pub(crate) fn release(&self, source: Source) {
        let _lock = Lock::take(&self.words[LOCK]);
        if let Ok(place) = self.find(key(source)) {
            let count = &self.counts(place)[self.worker];
            count.store(count.load(Ordering::Relaxed).saturating_sub(1), Ordering::Relaxed);
        }
    }

    /// Takes all connections of this worker off their sources: it has died.
    pub(super) fn bury(&self) {
        let _lock = Lock::take(&self.words[LOCK]);
        for place in self.used(self.half()) {
            self.counts(place)[self.worker].store(0, Ordering::Relaxed);
        }
    }

    /// Where a source is; `Err` tells where its place would be.
    fn find(&self, key: NonZeroU64) -> Result<usize, Option<usize>> {
        let found = self
            .probe(key, self.half())
            .find_map(|place| match self.key(place).load(Ordering::Relaxed) {
                0 => Some(Err(Some(place))),
                there if there == key.get() => Some(Ok(place)),
                _ => None,
            });
        found.unwrap_or(Err(None))
    }

    /// Gives a source its place, after making room if few places are left.
    fn settle(&self, key: NonZeroU64, free: Option<usize>) -> usize {
        let used = &self.words[USED[self.half()]];
        let free = free.filter(|_| used.load(Ordering::Relaxed) < self.places as u64 / 4 * 3);
        let free = free.unwrap_or_else(|| {
            self.rebuild();
            match self.find(key) {
                Ok(place) | Err(Some(place)) => place,
                Err(None) => unreachable!("there are twice as many places as connections"),
            }
        });
        self.put(key, free, self.half());
        free
    }

    /// Writes a source into a place. It is in the list before it is in the place, so a place that has one is in the list.
    fn put(&self, key: NonZeroU64, place: usize, half: usize) {
        let used = &self.words[USED[half]];
        let count = used.load(Ordering::Relaxed);
        self.list(half)[to_usize(count)].store(place as u64, Ordering::Relaxed);
        used.store(count + 1, Ordering::Relaxed);
        self.key(place).store(key.get(), Ordering::Relaxed);
    }

    /// Copies the sources that have connections to the other half. Places that nobody has used are not looked at: the kernel
    /// has no memory for them yet.
    fn rebuild(&self) {
        let (from, to) = (self.half(), 1 - self.half());
        for place in self.used(to) {
            self.key(place).store(0, Ordering::Relaxed);
            self.counts(place)
                .iter()
                .for_each(|count| count.store(0, Ordering::Relaxed));
        }
        self.words[USED[to]].store(0, Ordering::Relaxed);
        for place in self.used(from) {
            let counts = self.counts(place);
            let key = NonZeroU64::new(self.key(place).load(Ordering::Relaxed));
            let Some(key) = key.filter(|_| counts.iter().any(|count| count.load(Ordering::Relaxed) > 0)) else {
                continue;
            };
            let mut probe = self.probe(key, to);
            let there = |place: &usize| [0, key.get()].contains(&self.key(*place).load(Ordering::Relaxed));
            let Some(free) = probe.find(there) else {
                unreachable!("both halves have as many places")
            };
            if self.key(free).load(Ordering::Relaxed) == 0 {
                for (count, copied) in counts.iter().zip(self.counts(free)) {
                    copied.store(count.load(Ordering::Relaxed), Ordering::Relaxed);
                }
                self.put(key, free, to);
            }
        }
        self.words[HALF].store(to as u64, Ordering::Relaxed);
    }

    /// The half that is in use.
    fn half(&self) -> usize {
        usize::from(self.words[HALF].load(Ordering::Relaxed) != 0)
    }

    /// The places of a half that have, or had, a source.
    fn used(&self, half: usize) -> impl Iterator<Item = usize> {
        let count = to_usize(self.words[USED[half]].load(Ordering::Relaxed));
        let list = &self.list(half)[..count.min(self.places)];
        list.iter().map(|place| to_usize(place.load(Ordering::Relaxed)))
    }

    fn list(&self, half: usize) -> &[AtomicU64] {
        let start = HEAD + half * self.places;
        &self.words[start..start + self.places]
    }

    /// Where the place of a source is looked for first.
    fn start(&self, key: NonZeroU64) -> usize {
        let seed = self.words[SEED].load(Ordering::Relaxed);
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one((seed, key));
        #[expect(clippy::cast_possible_truncation, reason = "only the lower bits count")]
        let start = hash as usize & (self.places - 1);
        start
    }

    /// The places of a half, in the order in which a source is looked for.
    fn probe(&self, key: NonZeroU64, half: usize) -> impl Iterator<Item = usize> {
        let (start, places) = (self.start(key), self.places);
        (0..places).map(move |step| half * places + ((start + step) & (places - 1)))
    }

    fn key(&self, place: usize) -> &AtomicU64 {
        &self.words[self.start_of(place)]
    }

    fn counts(&self, place: usize) -> &[AtomicU64] {
        let start = self.start_of(place) + 1;
        &self.words[start..start + usize::from(self.workers)]
    }

    fn start_of(&self, place: usize) -> usize {
        HEAD + 2 * self.places + place * self::place(self.workers)
    }
}

/// Numbers of places come from there.
fn to_usize(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// A source as a number: a network of IPv6 by its prefix, and others in prefixes that no source can have, those of groups
/// (RFC 4291, 2.7).
fn key(source: Source) -> NonZeroU64 {
    const V4: u64 = 0xffff_ffff << 32;
    const USER: u64 = 0xffff_fffe << 32;
    const UNSPECIFIED: NonZeroU64 = NonZeroU64::MIN.saturating_add(0xffff_fffd << 32);
    let key = match source {
        Source::Ip(IpAddr::V4(v4)) => V4 | u64::from(v4.to_bits()),
        Source::Ip(IpAddr::V6(v6)) => (v6.to_bits() >> 64) as u64,
        Source::User(uid) => USER | u64::from(uid),
    };
    NonZeroU64::new(key).unwrap_or(UNSPECIFIED)
}

/// A lock for some dozens of nanoseconds, over all threads of all workers. One whose holder has died is free.
struct Lock<'a>(&'a AtomicU64);

impl<'a> Lock<'a> {
    fn take(word: &'a AtomicU64) -> Self {
        let own = u64::from(getpid().as_raw_pid().unsigned_abs());
        let mut tries = 0_u32;
        loop {
            match word.compare_exchange_weak(0, own, Ordering::Acquire, Ordering::Relaxed) {
                Ok(_) => return Self(word),
                Err(0) => {}
                Err(holder) => {
                    tries = tries.wrapping_add(1);
                    if tries.is_multiple_of(LOOK_AFTER) && !is_alive(holder) {
                        let _ = word.compare_exchange(holder, 0, Ordering::Acquire, Ordering::Relaxed);
                    }
                    // Whoever has it runs on another processor and is done in no time, or has to be let run.
                    if tries < SPINS {
                        std::hint::spin_loop()
                    } else {
                        std::thread::yield_now()
                    }
                }
            }
        }
    }
}

impl Drop for Lock<'_> {
    fn drop(&mut self) {
        self.0.store(0, Ordering::Release);
    }
}

fn is_alive(process: u64) -> bool {
    let process = i32::try_from(process).ok().and_then(Pid::from_raw);
    process.is_some_and(|process| test_kill_process(process) != Err(rustix::io::Errno::SRCH))
}

const SPINS: u32 = 64;
const LOOK_AFTER: u32 = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn tables(connections: u32) -> [Table; 2] {
        let places = places(connections);
        let words = Words::own(words(2, places));
        [0, 1].map(|worker| Table::new(words.clone(), places, worker, 2))
    }

    fn source(number: u32) -> Source {
        Source::Ip(IpAddr::V4(number.into()))
    }

    #[test]
    fn a_limit_holds_over_all_workers() {
        let [one, two] = tables(100);
        assert!(one.admit(source(1), 2) && two.admit(source(1), 2));
        assert!(!one.admit(source(1), 2) && !two.admit(source(1), 2));
        assert!(two.admit(source(2), 2), "another source is not held to it");
        one.release(source(1));
        assert!(two.admit(source(1), 2) && !one.admit(source(1), 2));
    }

    #[test]
    fn what_a_dead_worker_had_is_free() {
        let [one, two] = tables(100);
        assert!(one.admit(source(1), 2) && two.admit(source(1), 2));
        one.bury();
        assert!(two.admit(source(1), 2) && !two.admit(source(1), 2));
    }

    /// More sources than there are places, one after another, while some stay.
    #[test]
    fn sources_that_come_and_go_use_nothing_up() {
        let [one, two] = tables(40);
        let stay: Vec<_> = (0..20).map(source).collect();
        assert!(stay.iter().all(|source| one.admit(*source, 1)));
        for number in 100..10_000 {
            assert!(two.admit(source(number), 1));
            assert!(!one.admit(source(number), 1));
            two.release(source(number));
        }
        assert!(
            stay.iter().all(|source| !two.admit(*source, 1)),
            "they are still counted"
        );
        stay.iter().for_each(|source| one.release(*source));
        assert!(stay.iter().all(|source| two.admit(*source, 1)));
    }

    #[test]
    fn a_lock_that_nobody_lives_to_give_back_is_free() {
        let [one, _two] = tables(40);
        // Beyond the numbers that the kernel gives (`proc_pid_max(5)`).
        one.words[LOCK].store(1 << 23, Ordering::Relaxed);
        assert!(one.admit(source(1), 1));
    }

    #[test]
    fn threads_that_race_are_counted_exactly() {
        let [one, two] = tables(100);
        let admitted: usize = std::thread::scope(|scope| {
            let count = |table| move || (0..100).filter(|_| Table::admit(table, source(1), 50)).count();
            let threads = [scope.spawn(count(&one)), scope.spawn(count(&two))];
            threads.map(|thread| thread.join().unwrap()).iter().sum()
        });
        assert_eq!(admitted, 50);
    }

    #[test]
    fn sources_of_different_kinds_are_different() {
        let v6 = |address: &str| Source::Ip(address.parse().unwrap());
        let keys = [
            source(0),
            source(1),
            Source::User(0),
            Source::User(1),
            v6("::"),
            v6("2001:db8::"),
            v6("::1:0:0:0:0"),
        ];
        let keys: std::collections::HashSet<_> = keys.map(key).into();
        assert_eq!(keys.len(), 7);
    }
}
