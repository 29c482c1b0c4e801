//! Whether the sandboxes that were asked for fit this machine.

use std::fs;

use thiserror::Error;
use wasmtime::Engine;

use super::engine::{Concurrency, Pool, engine};
use super::reset::Reset;
use super::slab;
use super::strategy::Strategy;

/// What one instance takes of what a process has only so much of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Need {
    /// Mappings of memory.
    pub(crate) mappings: u64,
    /// Those of the process itself.
    pub(crate) mappings_of_process: u64,
    /// Address space, in bytes.
    pub(crate) address_space: u64,
}

impl Need {
    pub(crate) fn of(pool: Pool, strategy: Strategy) -> Self {
        let bytes = |size: usize| size as u64;
        let memory = match strategy {
            Strategy::Pool => RESERVATION_OF_MEMORY,
            Strategy::Slab => bytes(pool.memory_size) + slab::packed(pool).map_or(0, bytes),
        };
        let tables = match strategy {
            Strategy::Pool => u64::from(pool.tables) * bytes(pool.table_elements) * BYTES_OF_ELEMENT,
            Strategy::Slab => 0,
        };
        Self {
            mappings: mappings(pool, strategy, slab::has_light_guards()),
            mappings_of_process: MAPPINGS_OF_PROCESS,
            address_space: u64::from(pool.memories) * memory
                + u64::from(pool.concurrency.stacks()) * bytes(super::engine::STACK)
                + tables,
        }
    }
}

/// Makes the engine that has room for every instance.
///
/// # Errors
///
/// The pool does not fit: the error says what is too small, and what would fit.
pub(crate) fn reserve(pool: Pool, strategy: Strategy, reset: Reset) -> Result<Engine, CapacityError> {
    if let Some(have) = mappings_of_kernel() {
        check_mappings(pool, mappings(pool, strategy, slab::has_light_guards()), have)?;
    }
    engine(pool, strategy, reset).map_err(|source| CapacityError::AddressSpace {
        setting: pool.setting,
        instances: pool.instances,
        source,
    })
}

/// Whether the mappings of a process are enough for a pool of so many instances.
pub(super) fn pool_holds(instances: u32, memories: u32, concurrency: Concurrency) -> bool {
    let each = mappings_in_pool(memories, concurrency);
    let need = MAPPINGS_OF_PROCESS + each * u64::from(instances);
    mappings_of_kernel().is_none_or(|have| need <= have)
}

fn mappings_of_kernel() -> Option<u64> {
    let text = fs::read_to_string("/proc/sys/vm/max_map_count").ok()?;
    text.trim().parse().ok()
}

fn mappings_in_pool(memories: u32, concurrency: Concurrency) -> u64 {
    MAPPINGS_OF_STACK * u64::from(concurrency.stacks()) + MAPPINGS_OF_MEMORY * u64::from(memories.max(1))
}

/// The mappings of one instance.
fn mappings(pool: Pool, strategy: Strategy, has_light_guards: bool) -> u64 {
    match strategy {
        Strategy::Pool => mappings_in_pool(pool.memories, pool.concurrency),
        Strategy::Slab if has_light_guards => 0,
        Strategy::Slab => MAPPINGS_OF_STACK * u64::from(pool.concurrency.stacks()),
    }
}

fn check_mappings(pool: Pool, each: u64, have: u64) -> Result<(), CapacityError> {
    let need = MAPPINGS_OF_PROCESS + each * u64::from(pool.instances);
    if need <= have {
        return Ok(());
    }
    Err(CapacityError::Mappings {
        setting: pool.setting,
        instances: pool.instances,
        need,
        have,
        fit: have.saturating_sub(MAPPINGS_OF_PROCESS) / each.max(1),
    })
}

/// More sandboxes than fit.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CapacityError {
    /// The kernel's bound on mappings.
    #[error(
        "{setting} {instances} needs about {need} memory mappings, and the kernel allows {have}; lower it to {fit}, raise the \
         kernel's bound with sysctl vm.max_map_count, or take --allocation slab"
    )]
    Mappings {
        /// The setting that asks for too much.
        setting: &'static str,
        /// What was asked for.
        instances: u32,
        /// The mappings that it needs.
        need: u64,
        /// What the kernel allows.
        have: u64,
        /// As many as fit.
        fit: u64,
    },
    /// The address space of a process.
    #[error("{setting} {instances} does not fit the address space of one process; lower it, or max-memory")]
    AddressSpace {
        /// The setting that asks for too much.
        setting: &'static str,
        /// What was asked for.
        instances: u32,
        /// What wasmtime said.
        #[source]
        source: wasmtime::Error,
    },
}

/// The stack and its guard page.
const MAPPINGS_OF_STACK: u64 = 2;

/// The image of a memory, what the guest grew, and the inaccessible parts around them; measured.
const MAPPINGS_OF_MEMORY: u64 = 4;

/// What 32-bit addresses reach, and what offsets reach beyond (wasmtime's defaults).
const RESERVATION_OF_MEMORY: u64 = (4 << 30) + (32 << 20);

const BYTES_OF_ELEMENT: u64 = size_of::<usize>() as u64;

/// Libraries, heaps, threads, compiled code.
const MAPPINGS_OF_PROCESS: u64 = 2000;

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(instances: u32, memories: u32) -> Pool {
        Pool {
            instances,
            setting: "max-connections",
            memories,
            tables: 0,
            table_elements: 0,
            memory_size: 0,
            memory_begins: 0,
            concurrency: Concurrency::Off,
        }
    }

    #[test]
    fn the_default_fits_a_kernel_with_its_default() {
        let connections = crate::config::Limits::default().max_connections;
        assert!(check(Strategy::Pool, connections, 1).is_ok());
        assert!(check(Strategy::Pool, connections, 2).is_ok());
    }

    #[test]
    fn what_does_not_fit_says_what_would() {
        let error = check(Strategy::Pool, 100_000, 1).unwrap_err();
        let CapacityError::Mappings { fit, .. } = error else {
            panic!("{error}");
        };
        let fit = u32::try_from(fit).unwrap();
        assert!(check(Strategy::Pool, fit, 1).is_ok());
        assert!(check(Strategy::Pool, fit + 1, 1).is_err());
    }

    #[test]
    fn a_slab_has_no_mappings_of_its_connections_where_the_kernel_has_light_guards() {
        assert!(check(Strategy::Slab, 1_000_000, 1).is_ok());
        let pool = pool(20_000, 1);
        assert_eq!(mappings(pool, Strategy::Slab, false), MAPPINGS_OF_STACK);
    }

    fn check(strategy: Strategy, connections: u32, memories: u32) -> Result<(), CapacityError> {
        let pool = pool(connections, memories);
        check_mappings(pool, mappings(pool, strategy, true), 65_530)
    }
}
