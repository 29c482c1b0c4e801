//! The settings of wasmtime that make a sandbox of it.

use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, ResourcesRequired,
    WasmBacktraceDetails,
};

use super::reset::Reset;
use super::slab;
use super::strategy::Strategy;

/// How many core instances one component may be made of. A component that wraps a language runtime has a handful.
pub(crate) const MAX_CORE_INSTANCES: u32 = 64;

/// Whether a component may have several calls and streams under way at once, as the async part of the component model has
/// it (WASI 0.3).
///
/// A connection whose handler is of the blocking world costs a fifth less without the bookkeeping for it, so an engine has
/// it only for components that use it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Concurrency {
    Off,
    On,
}

impl Concurrency {
    /// The stacks of one instance. With concurrency one holds what is under way of the handler, and another what that calls
    /// in a component that it was composed with.
    pub(crate) fn stacks(self) -> u32 {
        match self {
            Self::Off => 1,
            Self::On => 2,
        }
    }
}

/// How large a pool is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pool {
    /// Instances of the component.
    pub(crate) instances: u32,
    /// The setting that there are so many because of.
    pub(crate) setting: &'static str,
    pub(crate) memories: u32,
    pub(crate) tables: u32,
    pub(crate) table_elements: usize,
    /// The most that a memory may become.
    pub(crate) memory_size: usize,
    /// The largest of the sizes that memories begin with.
    pub(crate) memory_begins: usize,
    pub(crate) concurrency: Concurrency,
}

impl Pool {
    /// A pool in which so many instances fit, each with what the component needs.
    pub(crate) fn for_component(
        required: &ResourcesRequired,
        concurrency: Concurrency,
        (instances, setting): (u32, &'static str),
        max_memory: u64,
    ) -> Self {
        let size = |size: Option<u64>| usize::try_from(size.unwrap_or(0)).unwrap_or(usize::MAX);
        let elements = size(required.max_initial_table_size);
        Self {
            instances,
            setting,
            memories: required.num_memories,
            tables: required.num_tables,
            table_elements: elements.max(MIN_TABLE_ELEMENTS),
            memory_size: size(Some(max_memory)),
            memory_begins: size(required.max_initial_memory_size).saturating_mul(WASM_PAGE),
            concurrency,
        }
    }
}

/// The unit in which wasmtime says how large memories begin. Those with pages of another size are not enabled.
const WASM_PAGE: usize = 64 << 10;

/// Makes an engine that has room for the instances of a pool, made new in this way.
pub(crate) fn engine(pool: Pool, strategy: Strategy, reset: Reset) -> wasmtime::Result<Engine> {
    let mut config = config(pool.concurrency, strategy);
    match strategy {
        Strategy::Pool => {
            let pooling = pooling(pool, reset);
            Engine::new(config.allocation_strategy(InstanceAllocationStrategy::Pooling(pooling)))
        }
        Strategy::Slab => slab::engine(config, pool, reset),
    }
}

/// Makes an engine that compiles for those that run, before it is known how large their pools have to be.
pub(crate) fn compiler(concurrency: Concurrency, strategy: Strategy) -> wasmtime::Result<Engine> {
    Engine::new(config(concurrency, strategy).allocation_strategy(InstanceAllocationStrategy::OnDemand))
}

/// The settings that shape compiled code, and all that do not depend on a pool.
fn config(concurrency: Concurrency, strategy: Strategy) -> Config {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        .concurrency_support(concurrency == Concurrency::On)
        .wasm_component_model_async(concurrency == Concurrency::On)
        .epoch_interruption(true)
        .memory_init_cow(true)
        // What an earlier guest left on the stack is out of reach of any WebAssembly; that the stack is also empty is a
        // second wall.
        .async_stack_zeroing(true)
        .max_wasm_stack(WASM_STACK)
        .async_stack_size(STACK)
        // Names of functions come from the component; lines of source would need the debug sections of each to be read.
        .wasm_backtrace_details(WasmBacktraceDetails::Disable);
    if strategy == Strategy::Slab {
        slab::configure(&mut config);
    }
    config
}

fn pooling(pool: Pool, reset: Reset) -> PoolingAllocationConfig {
    let mut config = PoolingAllocationConfig::new();
    config
        .total_component_instances(pool.instances)
        .total_core_instances(pool.instances.saturating_mul(MAX_CORE_INSTANCES))
        .total_memories(pool.instances.saturating_mul(pool.memories))
        .total_tables(pool.instances.saturating_mul(pool.tables))
        .total_stacks(pool.instances.saturating_mul(pool.concurrency.stacks()))
        .max_core_instances_per_component(MAX_CORE_INSTANCES)
        .max_memories_per_component(pool.memories)
        .max_memories_per_module(pool.memories)
        .max_tables_per_component(pool.tables)
        .max_tables_per_module(pool.tables)
        .max_component_instance_size(MAX_INSTANCE_SIZE)
        .max_core_instance_size(MAX_INSTANCE_SIZE)
        .table_elements(pool.table_elements)
        .max_memory_size(pool.memory_size)
        // Slots that were just used are used again first, while they are in the processor's caches.
        .max_unused_warm_slots(WARM_SLOTS)
        .async_stack_keep_resident(KEEP_STACK);
    match reset {
        Reset::Decommit => {}
        Reset::PagemapScan => {
            config
                .pagemap_scan(Enabled::Yes)
                .linear_memory_keep_resident(KEEP_MEMORY)
                .table_keep_resident(KEEP_MEMORY);
        }
        Reset::Zero => {
            config
                .linear_memory_keep_resident(KEEP_MEMORY)
                .table_keep_resident(KEEP_MEMORY);
        }
    }
    config
}

/// Room for a table to grow, at 8 bytes of address space an element.
const MIN_TABLE_ELEMENTS: usize = 20_000;

/// The metadata of an instance: wasmtime's default, which components of interpreters fit too.
const MAX_INSTANCE_SIZE: usize = 1 << 20;

/// A guest that fits a few dozen pages is reset without a page fault on its next use; larger values gain nothing for it
/// and keep more memory.
const KEEP_MEMORY: usize = 256 << 10;

/// The part of a stack that a handler usually touches. The first page is enough for a connection whose handler is of the
/// blocking world and in Rust; an async handler and a request of HTTP reach the second as well, and to give that one back to
/// the kernel and fault it in again costs a request up to a fifth of its processor time. Overwriting costs less, but what is
/// not touched costs as much to overwrite, and becomes resident, so it is no larger: four pages gain those nothing over two.
const KEEP_STACK: usize = 8 << 10;

/// How deep a guest may call. Interpreters that run in guests need as much.
const WASM_STACK: usize = 512 << 10;

/// What the host's own functions have below the guest's. The kernel looks through all of a stack when it is reset, so a
/// stack has no more than it needs.
const HOST_STACK: usize = 256 << 10;

pub(super) const STACK: usize = WASM_STACK + HOST_STACK;

const WARM_SLOTS: u32 = 1000;
