//! Whether the sandboxes that were asked for fit this machine.

use std::fs;

use thiserror::Error;
use wasmtime::Engine;

use super::engine::{Pool, engine};
use super::reset::Reset;

/// Makes the engine that holds a pool for every connection.
///
/// # Errors
///
/// The pool does not fit: the error says what is too small, and what would fit.
pub(crate) fn reserve(pool: Pool, reset: Reset) -> Result<Engine, CapacityError> {
    let have = fs::read_to_string("/proc/sys/vm/max_map_count")
        .ok()
        .and_then(|text| text.trim().parse::<u64>().ok());
    if let Some(have) = have {
        check_mappings(pool, have)?;
    }
    engine(pool, reset).map_err(|source| CapacityError::AddressSpace {
        connections: pool.connections,
        source,
    })
}

fn check_mappings(pool: Pool, have: u64) -> Result<(), CapacityError> {
    let stacks = u64::from(pool.concurrency.stacks());
    let each = MAPPINGS_OF_STACK * stacks + MAPPINGS_OF_MEMORY * u64::from(pool.memories.max(1));
    let need = MAPPINGS_OF_PROCESS + each * u64::from(pool.connections);
    if need <= have {
        return Ok(());
    }
    Err(CapacityError::Mappings {
        connections: pool.connections,
        need,
        have,
        fit: have.saturating_sub(MAPPINGS_OF_PROCESS) / each,
    })
}

/// More sandboxes than fit.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CapacityError {
    /// The kernel's bound on mappings.
    #[error(
        "max-connections {connections} needs about {need} memory mappings, and the kernel allows {have}; lower it to {fit}, \
         or raise the kernel's bound with sysctl vm.max_map_count"
    )]
    Mappings {
        /// What was asked for.
        connections: u32,
        /// The mappings that it needs.
        need: u64,
        /// What the kernel allows.
        have: u64,
        /// As many connections as fit.
        fit: u64,
    },
    /// The address space of a process.
    #[error("max-connections {connections} does not fit the address space of one process; lower it")]
    AddressSpace {
        /// What was asked for.
        connections: u32,
        /// What wasmtime said.
        #[source]
        source: wasmtime::Error,
    },
}

/// The stack and its guard page.
const MAPPINGS_OF_STACK: u64 = 2;

/// The image of a memory, what the guest grew, and the inaccessible parts around them; measured.
const MAPPINGS_OF_MEMORY: u64 = 4;

/// Libraries, heaps, threads, compiled code.
const MAPPINGS_OF_PROCESS: u64 = 2000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::engine::Concurrency;

    fn pool(connections: u32, memories: u32) -> Pool {
        Pool {
            connections,
            memories,
            tables: 0,
            table_elements: 0,
            memory_size: 0,
            concurrency: Concurrency::Off,
        }
    }

    #[test]
    fn the_default_fits_a_kernel_with_its_default() {
        let connections = crate::config::Limits::default().max_connections;
        assert!(check_mappings(pool(connections, 1), 65_530).is_ok());
        assert!(check_mappings(pool(connections, 2), 65_530).is_ok());
    }

    #[test]
    fn what_does_not_fit_says_what_would() {
        let error = check_mappings(pool(100_000, 1), 65_530).unwrap_err();
        let CapacityError::Mappings { fit, .. } = error else {
            panic!("{error}");
        };
        let fit = u32::try_from(fit).unwrap();
        assert!(check_mappings(pool(fit, 1), 65_530).is_ok());
        assert!(check_mappings(pool(fit + 1, 1), 65_530).is_err());
    }
}
