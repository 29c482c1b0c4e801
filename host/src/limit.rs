//! Who may have a connection: permits for all together, and for each source.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::address::Remote;
use crate::config::Limits;
use crate::source::Source;
use crate::worker::Table;

/// Exact limits on connections at the same time.
#[derive(Debug)]
pub(crate) struct Permits {
    all: Arc<Semaphore>,
    requests: Arc<Semaphore>,
    sources: Option<Arc<Sources>>,
    limits: Limits,
}

impl Permits {
    /// Permits of one process. `common` is where several of them count the connections of sources together.
    pub(crate) fn new(limits: &Limits, max_requests: u32, common: Option<Table>) -> Self {
        let open = common.map_or_else(|| Open::Here(Mutex::default()), Open::Common);
        Self {
            all: Arc::new(Semaphore::new(limits.max_connections as usize)),
            requests: Arc::new(Semaphore::new(max_requests as usize)),
            sources: limits
                .max_connections_per_source
                .map(|max| Arc::new(Sources { max, open })),
            limits: limits.clone(),
        }
    }

    /// A permit if there is one at once.
    pub(crate) fn try_one(&self) -> Option<Permit> {
        Arc::clone(&self.all).try_acquire_owned().ok().map(Permit)
    }

    /// Waits for a permit, in the order of asking.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future takes nothing; the place in the order is lost.
    pub(crate) async fn one(&self) -> Permit {
        #[expect(
            clippy::expect_used,
            reason = "nothing closes this semaphore, and only closing it fails"
        )]
        let permit = Arc::clone(&self.all)
            .acquire_owned()
            .await
            .expect("the semaphore is open");
        Permit(permit)
    }

    /// A permit for a request of HTTP, if there is one within `wait`. They are given in the order of asking.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future takes nothing; the place in the order is lost.
    pub(crate) async fn request(&self, wait: Duration) -> Option<Permit> {
        // Without a timer where there is nothing to wait for.
        if let Ok(permit) = Arc::clone(&self.requests).try_acquire_owned() {
            return Some(Permit(permit));
        }
        let permit = tokio::time::timeout(wait, Arc::clone(&self.requests).acquire_owned()).await;
        permit.ok()?.ok().map(Permit)
    }

    /// Counts a connection for its source, or refuses: `Err` says that the source has as many as it may.
    pub(crate) fn admit(&self, remote: &Remote) -> Result<SourcePermit, Refused> {
        let Some(sources) = &self.sources else {
            return Ok(SourcePermit(None));
        };
        if self
            .limits
            .exempt_sources
            .iter()
            .any(|range| range.contains(&remote.address))
        {
            return Ok(SourcePermit(None));
        }
        match Source::of(remote) {
            Some(source) => sources.admit(source),
            None => Ok(SourcePermit(None)),
        }
    }
}

/// One of `max-connections` or of `max-concurrent-requests`; given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Permit(#[expect(dead_code, reason = "held for its drop")] OwnedSemaphorePermit);

/// One of a source's connections; given back when it is dropped.
#[derive(Debug)]
pub(crate) struct SourcePermit(Option<(Arc<Sources>, Source)>);

impl Drop for SourcePermit {
    fn drop(&mut self) {
        if let Some((sources, source)) = self.0.take() {
            sources.release(source);
        }
    }
}

/// The source has as many connections as it may.
#[derive(Debug)]
pub(crate) struct Refused;

/// Open connections by source.
#[derive(Debug)]
struct Sources {
    max: u32,
    open: Open,
}

#[derive(Debug)]
enum Open {
    /// Those of all workers.
    Common(Table),
    /// Those of this process. A source without any has no entry, so an attacker with many addresses fills the table only as
    /// far as `max-connections`.
    Here(Mutex<HashMap<Source, u32>>),
}

impl Sources {
    fn admit(self: &Arc<Self>, source: Source) -> Result<SourcePermit, Refused> {
        let is_admitted = match &self.open {
            Open::Common(table) => table.admit(source, self.max),
            Open::Here(open) => {
                let mut open = open.lock().unwrap_or_else(PoisonError::into_inner);
                let count = open.entry(source).or_insert(0);
                let is_admitted = *count < self.max;
                *count += u32::from(is_admitted);
                is_admitted
            }
        };
        if is_admitted {
            Ok(SourcePermit(Some((Arc::clone(self), source))))
        } else {
            Err(Refused)
        }
    }

    fn release(&self, source: Source) {
        let open = match &self.open {
            Open::Common(table) => return table.release(source),
            Open::Here(open) => open,
        };
        let mut open = open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(mut entry) = open.entry(source) {
            *entry.get_mut() -= 1;
            if *entry.get() == 0 {
                entry.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Address;
    use crate::source::SourceRange;

    fn from(address: &str) -> Remote {
        Remote {
            address: Address::from_ip(address.parse().unwrap()),
            uid: None,
        }
    }

    fn permits(max: u32) -> Permits {
        let limits = Limits {
            max_connections_per_source: Some(max),
            exempt_sources: vec![SourceRange::Loopback],
            ..Limits::default()
        };
        Permits::new(&limits, 1, None)
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_waits_for_a_permit_and_not_for_ever() {
        let permits = permits(1);
        let wait = Duration::from_secs(1);
        let first = permits.request(wait).await;
        assert!(first.is_some() && permits.request(wait).await.is_none());
        let (second, ()) = tokio::join!(permits.request(wait), async {
            tokio::task::yield_now().await;
            drop(first);
        });
        assert!(second.is_some());
    }

    #[test]
    fn a_source_is_refused_beyond_its_limit_until_it_gives_back() {
        let permits = permits(2);
        let first = permits.admit(&from("10.0.0.1:1")).unwrap();
        let _second = permits.admit(&from("10.0.0.1:2")).unwrap();
        assert!(permits.admit(&from("10.0.0.1:3")).is_err());
        assert!(
            permits.admit(&from("10.0.0.2:1")).is_ok(),
            "another source is not held to it"
        );
        drop(first);
        assert!(permits.admit(&from("10.0.0.1:4")).is_ok());
    }

    #[test]
    fn exempt_sources_are_not_counted() {
        let permits = permits(1);
        let _first = permits.admit(&from("127.0.0.1:1")).unwrap();
        assert!(permits.admit(&from("127.0.0.1:2")).is_ok());
    }

    #[test]
    fn sources_without_connections_take_no_room() {
        let permits = permits(1);
        for port in 1..1000 {
            drop(permits.admit(&from(&format!("10.0.0.{}:{port}", port % 250))).unwrap());
        }
        let Open::Here(open) = &permits.sources.as_ref().unwrap().open else {
            unreachable!("there is one process")
        };
        assert!(open.lock().unwrap().is_empty());
    }
}
