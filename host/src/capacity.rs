//! How many sandboxes fit at once, what bounds them first, and what lifts that bound.

mod machine;
mod rest;

use std::fmt::{self, Display, Formatter};
use std::sync::Arc;
use std::time::Duration;

use self::machine::{Machine, Memory};
use crate::config::Config;
use crate::event::Observer;
use crate::sandbox::{Facts, Loaded, Need, Sandbox};
use crate::server::{Server, StartError, load};

/// What bounds the sandboxes of a server. Every connection has one, or with HTTP every request.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Capacity {
    /// Every bound, the lowest first. There is at least one: what the settings say.
    pub bounds: Vec<Bound>,
    /// What sandboxes took that were made to find out.
    pub measured: Option<Measured>,
}

/// One bound.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Bound {
    /// What there is only so much of.
    pub resource: Resource,
    /// What one sandbox takes of it.
    pub each: u64,
    /// What there is of it for sandboxes, in all [workers](Config::workers).
    pub available: u64,
}

impl Bound {
    /// As many sandboxes as it allows.
    pub fn fits(&self) -> u64 {
        self.available / self.each.max(1)
    }
}

/// What sandboxes need.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Resource {
    /// `max-connections`, for those that connections have.
    MaxConnections,
    /// `max-concurrent-requests`, for those that requests of HTTP have.
    MaxConcurrentRequests,
    /// `open-files`: the descriptors of a process.
    OpenFiles,
    /// `mappings`: those of a process.
    Mappings,
    /// `address-space`: that of a process, in bytes.
    AddressSpace,
    /// `memory`: that of the machine, in bytes; for sandboxes that wait.
    Memory,
}

impl Resource {
    /// How to have more of it.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::MaxConnections => "--max-connections",
            Self::MaxConcurrentRequests => "--max-concurrent-requests",
            Self::OpenFiles => "--workers, ulimit -n, or LimitNOFILE= of systemd",
            Self::Mappings => "--allocation slab, --workers, or sysctl vm.max_map_count",
            Self::AddressSpace => "a lower --max-memory, --allocation slab, or --workers",
            Self::Memory => "memory, or MemoryMax= of systemd",
        }
    }

    /// Whether its amounts are bytes.
    pub fn is_bytes(self) -> bool {
        matches!(self, Self::AddressSpace | Self::Memory)
    }
}

impl Display for Resource {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::MaxConnections => "max-connections",
            Self::MaxConcurrentRequests => "max-concurrent-requests",
            Self::OpenFiles => "open-files",
            Self::Mappings => "mappings",
            Self::AddressSpace => "address-space",
            Self::Memory => "memory",
        })
    }
}

/// What sandboxes took that were made to find out.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Measured {
    /// Sandboxes that were there at once. Those of connections have run until they waited for their peer, which says
    /// nothing; those of requests and datagrams were made, and have not run.
    pub sandboxes: u32,
    /// Handlers that returned instead of waiting, and are not among them.
    pub returned: u32,
    /// The memory of one, 0 if there was none: its pages, each counted once however many share it, and its page tables. The kernel's own for a
    /// socket, some KiB, is not in it.
    pub memory_each: u64,
    /// How long it took until all of them waited.
    pub duration: Duration,
}

impl Capacity {
    /// What follows from the settings, the machine, and what one sandbox takes.
    pub(crate) fn of(config: &Config, need: &Need, measured: Option<Measured>) -> Self {
        Self::on(&Machine::look(), config, need, measured)
    }

    fn on(machine: &Machine, config: &Config, need: &Need, measured: Option<Measured>) -> Self {
        let bound = |resource, each, available| Bound {
            resource,
            each,
            available,
        };
        let workers = u64::from(config.workers);
        let of_processes = |resource, each, available: u64| bound(resource, each, available.saturating_mul(workers));
        let mut bounds = Vec::new();
        let (has_connections, has_requests) = config.has_sandboxes_for();
        let (connections, requests) = (config.limits.max_connections, config.http.max_concurrent_requests);
        if has_connections {
            bounds.push(bound(Resource::MaxConnections, 1, connections.into()));
        }
        if has_requests {
            bounds.push(bound(Resource::MaxConcurrentRequests, 1, requests.into()));
        }
        if let Some(files) = machine.open_files {
            let outbound = if config.allow_connect.is_empty() {
                0
            } else {
                config.limits.max_outbound
            };
            let files = files.saturating_sub(machine::OPEN_FILES_OF_PROCESS);
            bounds.push(of_processes(Resource::OpenFiles, 1 + u64::from(outbound), files));
        }
        if let Some(mappings) = machine.mappings
            && need.mappings > 0
        {
            bounds.push(of_processes(
                Resource::Mappings,
                need.mappings,
                mappings.saturating_sub(need.mappings_of_process),
            ));
        }
        bounds.push(of_processes(
            Resource::AddressSpace,
            need.address_space,
            machine::ADDRESS_SPACE,
        ));
        if let Some((measured, memory)) = measured.as_ref().zip(machine.memory)
            && measured.memory_each > 0
        {
            bounds.push(bound(Resource::Memory, measured.memory_each, memory));
        }
        bounds.sort_by_key(|bound| (bound.fits(), bound.resource));
        Self { bounds, measured }
    }

    /// What is reached first.
    ///
    /// # Panics
    ///
    /// Never: there is at least one bound.
    pub fn first(&self) -> Bound {
        self.bounds[0]
    }
}

impl Server {
    /// Loads the handler as [`bind`](Self::bind) does, binds nothing, and has so many sandboxes wait to find out what one
    /// takes.
    ///
    /// # Errors
    ///
    /// As for [`bind`](Self::bind).
    ///
    /// # Panics
    ///
    /// As for [`bind`](Self::bind).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the sandboxes.
    pub async fn measure(
        config: Config,
        observer: Arc<dyn Observer>,
        sandboxes: u32,
    ) -> Result<(Facts, Capacity), StartError> {
        config.validate()?;
        let part = Arc::new(config.clone().of_worker());
        let Loaded { sandbox, facts } = load(&part, &observer).await?;
        let sandbox = Arc::new(sandbox);
        let measured = measure(&sandbox, sandboxes).await;
        Ok((facts, Capacity::of(&config, &sandbox.need(), measured)))
    }
}

/// Has so many sandboxes wait, and tells what they take.
async fn measure(sandbox: &Arc<Sandbox>, sandboxes: u32) -> Option<Measured> {
    // What the first sandbox sets up is not the price of each.
    let sandboxes = sandboxes.min(sandbox.instances());
    let warm = rest::Resting::new(sandbox, WARM_UP.min(sandboxes)).await;
    warm.end().await;
    let before = Memory::own()?;
    let resting = rest::Resting::new(sandbox, sandboxes).await;
    let during = Memory::own()?;
    let count = resting.count();
    let more = during.total().saturating_sub(before.total());
    let measured = Measured {
        sandboxes: count,
        returned: sandboxes - count,
        memory_each: more.checked_div(count.into()).unwrap_or(0),
        duration: resting.duration(),
    };
    resting.end().await;
    Some(measured)
}

/// As many as there are warm slots for in the allocator of memory, and more than there are worker threads.
const WARM_UP: u32 = 16;

#[cfg(test)]
mod tests {
    use super::*;

    fn machine() -> Machine {
        Machine {
            open_files: Some(20_000),
            mappings: Some(65_530),
            memory: Some(16 << 30),
        }
    }

    fn capacity(config: &Config, mappings: u64) -> Capacity {
        let need = Need {
            mappings,
            mappings_of_process: 2000,
            address_space: 4 << 30,
        };
        let measured = Measured {
            sandboxes: 64,
            returned: 0,
            memory_each: 64 << 10,
            duration: Duration::ZERO,
        };
        Capacity::on(&machine(), config, &need, Some(measured))
    }

    #[test]
    fn the_lowest_bound_is_the_first() {
        let mut config = Config::new("x.wasm");
        assert_eq!(capacity(&config, 6).first().resource, Resource::MaxConnections);
        config.limits.max_connections = 1_000_000;
        let bounds = capacity(&config, 6).bounds;
        let order: Vec<_> = bounds.iter().map(|bound| (bound.resource, bound.fits())).collect();
        assert_eq!(
            order,
            [
                (Resource::Mappings, 63_530 / 6),
                (Resource::OpenFiles, 20_000 - machine::OPEN_FILES_OF_PROCESS),
                (Resource::AddressSpace, machine::ADDRESS_SPACE >> 32),
                (Resource::Memory, (16 << 30) / (64 << 10)),
                (Resource::MaxConnections, 1_000_000),
            ]
        );
        assert_eq!(capacity(&config, 0).first().resource, Resource::OpenFiles);
    }

    #[test]
    fn a_guest_with_sockets_of_its_own_takes_more_descriptors() {
        let mut config = Config::new("x.wasm");
        config.limits.max_connections = 1_000_000;
        config.allow_connect = vec!["127.0.0.1:80".parse().unwrap()];
        config.limits.max_outbound = 3;
        let first = capacity(&config, 0).first();
        assert_eq!((first.resource, first.each), (Resource::OpenFiles, 4));
    }

    #[test]
    fn each_worker_has_what_a_process_has() {
        let mut config = Config::new("x.wasm");
        config.limits.max_connections = 1_000_000;
        let one = capacity(&config, 6).bounds;
        config.workers = 3;
        for bound in capacity(&config, 6).bounds {
            let alone = one.iter().find(|one| one.resource == bound.resource).unwrap();
            let times = match bound.resource {
                Resource::MaxConnections | Resource::Memory => 1,
                _ => 3,
            };
            assert_eq!(bound.available, times * alone.available, "{}", bound.resource);
        }
    }

    #[test]
    fn requests_have_their_own_setting() {
        let mut config = Config::new("x.wasm");
        config.listen = vec!["http://127.0.0.1:0".parse().unwrap()];
        assert_eq!(capacity(&config, 0).first().resource, Resource::MaxConcurrentRequests);
    }
}
