//! The slab: where instances get their memories and stacks when there are to be many of them.
//!
//! wasmtime's pool gives each memory and each stack mappings of its own, and the kernel allows a process 65,530 of them:
//! that many connections do not fit. The slab has two mappings, whatever the number of connections: one is cut into
//! memories, the other into stacks. In return it has no inaccessible memory that would stop an access beyond a memory's
//! end, so code for it checks every access against the memory's length, and no image of a memory that instances share
//! until they write: each has a copy. It is for components with little data and many connections.
//!
//! Two settings of the engine belong to it, see [`configure`]; without either, an instance could reach or inherit what is
//! not its own.

mod memories;
mod pages;
mod region;
mod stacks;

use std::io;
use std::sync::Arc;

use wasmtime::{Config, Engine};

use self::memories::Memories;
use self::pages::Renewal;
use self::region::{Guard, Region};
use self::stacks::Stacks;
use super::engine::Pool;
use super::reset::Reset;

/// Shapes the code that runs in a slab.
pub(super) fn configure(config: &mut Config) {
    config
        // With a reservation of the size of a slot the code would take all of the slot for the memory, and what a guest
        // wrote beyond the memory's length would not trap, and be left for the next one.
        .memory_reservation(0)
        // As with a reservation: an access that is this far beyond the end would not be checked.
        .memory_guard_size(0)
        .memory_init_cow(false);
}

/// Makes an engine whose instances live in a slab of its own.
///
/// # Errors
///
/// wasmtime refuses the settings, or the kernel the address space; the latter is an [`io::Error`] inside.
pub(super) fn engine(mut config: Config, pool: Pool, reset: Reset) -> wasmtime::Result<Engine> {
    if !fits_pages() {
        let error = "a slab needs pages of 4 KiB, and this machine's are larger; take --allocation pool";
        return Err(io::Error::other(error).into());
    }
    let renewal = Renewal::new(reset)?;
    let memories = |size| {
        let count = pool.instances.saturating_mul(pool.memories);
        Region::reserve(size, count, Guard::Nothing, renewal.clone())
    };
    let memories = Memories {
        large: memories(pool.memory_size)?,
        small: packed(pool).map(memories).transpose()?,
    };
    let stacks = Region::reserve(
        super::engine::STACK,
        pool.instances.saturating_mul(pool.concurrency.stacks()),
        Guard::Page,
        renewal.clone(),
    )?;
    config
        .with_host_memory(Arc::new(memories))
        .with_host_stack(Arc::new(Stacks(stacks)));
    Engine::new(&config)
}

/// The largest that is packed: of larger ones a page of the kernel's tables holds one.
const PACKED: usize = 3 << 19;

/// By how much a packed memory may grow where it is. Allocators that find no heap in what their guest begins with ask for one
/// unit of WebAssembly first, and most guests for no more.
const ROOM: usize = 64 << 10;

/// The slots that memories are packed into before they grow.
pub(super) fn packed(pool: Pool) -> Option<usize> {
    let largest = PACKED.min(pool.memory_size / 2);
    (1..=largest)
        .contains(&pool.memory_begins)
        .then_some(pool.memory_begins + ROOM)
}

/// Whether the kernel's pages are those that slots and guards are made of.
pub(super) fn fits_pages() -> bool {
    rustix::param::page_size() == pages::PAGE
}

/// Whether guards of stacks take no mapping of their own: the kernel has `MADV_GUARD_INSTALL` (Linux 6.13).
pub(super) fn has_light_guards() -> bool {
    Region::reserve(1, 1, Guard::Page, Renewal::Decommit).is_ok_and(|region| region.has_light_guards())
}

/// The error of a system call that failed just now.
fn last_error() -> io::Error {
    io::Error::last_os_error()
}

#[cfg(test)]
mod tests;
