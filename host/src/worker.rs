//! A server of several processes: what they have in common, and the part of each.
//!
//! Each [`Worker`] is a process with an engine, sandboxes and permits of its own; they take connections from the same
//! sockets. What has to be exact over all of them is in a [`Ledger`], in memory that they share: the books, so that what a
//! worker had open is accounted for when it dies, and the connections of each source, so that a source has no more by
//! asking several of them.

mod memory;
mod sources;

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use self::memory::Memory;
pub(crate) use self::memory::Words;
pub(crate) use self::sources::Table;
use crate::books::{self, Books, Counts};
use crate::config::{Config, Limits};

/// What the processes of one server have in common. Clones are the same.
#[derive(Clone, Debug)]
pub struct Ledger {
    memory: Arc<Memory>,
    workers: u16,
    sources: usize,
}

impl Ledger {
    /// Makes one for the [`workers`](Config::workers) of this server.
    ///
    /// # Errors
    ///
    /// There is no descriptor, or no memory, left.
    pub fn new(config: &Config) -> io::Result<Self> {
        let (workers, sources) = Self::shape(config);
        let memory = Memory::new(Self::words(workers, sources))?;
        Ok(Self::of(memory, workers, sources))
    }

    /// The one that another process has made for the same settings.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if it is none, or was made for others; or the system's.
    pub fn open(memory: OwnedFd, config: &Config) -> io::Result<Self> {
        let (workers, sources) = Self::shape(config);
        let memory = Memory::open(memory, Self::words(workers, sources))?;
        Ok(Self::of(memory, workers, sources))
    }

    fn of(memory: Memory, workers: u16, sources: usize) -> Self {
        Self {
            memory: Arc::new(memory),
            workers,
            sources,
        }
    }

    /// The number of workers, and of places for sources.
    fn shape(config: &Config) -> (u16, usize) {
        let Limits {
            max_connections,
            max_connections_per_source,
            ..
        } = config.limits;
        let sources = max_connections_per_source.map_or(0, |_| sources::places(max_connections));
        (config.workers, sources)
    }

    fn words(workers: u16, sources: usize) -> usize {
        usize::from(workers) * books::WORDS + sources::words(workers, sources)
    }

    /// The counters of all workers together.
    pub fn counts(&self) -> Counts {
        (0..self.workers).map(|worker| self.books(worker).counts()).sum()
    }

    /// Accounts for a worker whose process has ended: what it had open [died with it](crate::CloseReason::WorkerDied), and its
    /// connections count no longer for their sources.
    pub fn bury(&self, worker: u16) {
        self.books(worker).bury();
        if let Some(table) = self.table(worker) {
            table.bury();
        }
    }

    /// The books of one worker.
    pub(crate) fn books(&self, worker: u16) -> Books {
        let words = Words::shared(&self.memory, usize::from(worker) * books::WORDS, books::WORDS);
        Books::of(words, worker, self.workers)
    }

    /// The connections of each source, as one worker sees and changes them. `None` where nothing limits them.
    pub(crate) fn table(&self, worker: u16) -> Option<Table> {
        let start = usize::from(self.workers) * books::WORDS;
        let words = Words::shared(&self.memory, start, sources::words(self.workers, self.sources));
        (self.sources > 0).then(|| Table::new(words, self.sources, worker, self.workers))
    }
}

impl AsFd for Ledger {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.memory.as_fd()
    }
}

/// One process of a server of several.
#[derive(Clone, Debug)]
pub struct Worker {
    index: u16,
    ledger: Ledger,
}

impl Worker {
    /// The worker with this number, from 0 up, of those that the ledger was made for.
    ///
    /// # Panics
    ///
    /// If there are not so many.
    pub fn new(index: u16, ledger: Ledger) -> Self {
        assert!(index < ledger.workers, "worker {index} of {}", ledger.workers);
        Self { index, ledger }
    }

    pub(crate) fn index(&self) -> u16 {
        self.index
    }

    pub(crate) fn books(&self) -> Books {
        self.ledger.books(self.index)
    }

    pub(crate) fn table(&self) -> Option<Table> {
        self.ledger.table(self.index)
    }
}

/// The part of a number that one of several workers has: all parts together are the number.
pub(crate) fn share(all: u32, index: u16, workers: u16) -> u32 {
    let (index, workers) = (u32::from(index), u32::from(workers.max(1)));
    all / workers + u32::from(index < all % workers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{CloseReason, Outcome};

    fn config() -> Config {
        let mut config = Config::new("x.wasm");
        config.workers = 3;
        config
    }

    #[test]
    fn shares_are_the_whole() {
        for all in 3..20 {
            let shares: Vec<_> = (0..3).map(|index| share(all, index, 3)).collect();
            assert_eq!(shares.iter().sum::<u32>(), all);
            assert!(shares[0] - shares[2] <= 1, "{shares:?}");
        }
    }

    #[test]
    fn numbers_are_unique_and_counts_are_of_all() {
        let ledger = Ledger::new(&config()).unwrap();
        let other = Ledger::open(ledger.as_fd().try_clone_to_owned().unwrap(), &config()).unwrap();
        let (first, last) = (ledger.books(0), other.books(2));
        assert_eq!(
            (first.accept(), first.accept(), last.accept(), last.accept()),
            (1, 4, 3, 6)
        );
        last.close(CloseReason::Completed);
        let counts = ledger.counts();
        assert_eq!((counts.accepted, counts.active, counts.closed_in_all()), (4, 3, 1));
    }

    #[test]
    fn what_a_dead_worker_had_open_is_accounted_for() {
        let ledger = Ledger::new(&config()).unwrap();
        let books = ledger.books(1);
        let numbers: Vec<_> = (0..3).map(|_| books.accept()).collect();
        assert_eq!(numbers, [2, 5, 8]);
        books.close(CloseReason::Idle);
        books.begin_request();
        ledger.books(2).accept();
        ledger.bury(1);
        let counts = ledger.counts();
        assert_eq!((counts.active, counts.closed(CloseReason::WorkerDied)), (1, 2));
        assert_eq!(
            (counts.active_requests, counts.requests_ended(Outcome::WorkerDied)),
            (0, 1)
        );
        assert_eq!(books.accept(), 11, "whoever takes its place goes on counting");
    }

    #[test]
    fn the_memory_of_others_is_refused() {
        let ledger = Ledger::new(&config()).unwrap();
        let mut config = config();
        config.workers = 4;
        let memory = ledger.as_fd().try_clone_to_owned().unwrap();
        assert_eq!(
            Ledger::open(memory, &config).unwrap_err().kind(),
            io::ErrorKind::InvalidInput
        );
        let file = std::fs::File::open("/dev/null").unwrap();
        assert!(Ledger::open(file.into(), &config).is_err());
    }
}
