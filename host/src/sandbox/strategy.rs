//! Where the instances of a component get their memory: which way is the better one for it.

use std::path::Path;

use wasmparser::{Parser, Payload};

use super::capacity;
use super::engine::Concurrency;
use super::{reset, slab};
use crate::config::Allocation;

/// A way that was chosen; see [`Allocation`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Strategy {
    Pool,
    Slab,
}

/// A way, and why.
#[derive(Clone, Debug)]
pub(super) struct Choice {
    pub(super) strategy: Strategy,
    pub(super) why: &'static str,
}

impl Strategy {
    /// Chooses a way for so many instances of a component.
    pub(super) fn choose(wanted: Allocation, component: &[u8], concurrency: Concurrency, instances: u32) -> Choice {
        if wanted == Allocation::Auto && !slab::fits_pages() {
            return Choice {
                strategy: Self::Pool,
                why: "a slab needs pages of 4 KiB, and this machine's are larger",
            };
        }
        let shape = Shape::of(component);
        let pool_holds = capacity::pool_holds(instances, shape.memories, concurrency);
        Self::choose_on(wanted, shape, pool_holds, reset::can_swap(Path::new("/")))
    }

    /// A pool, unless it has a drawback here. A connection costs up to a tenth less in a slab, and a request of HTTP that
    /// computes nothing up to a seventh, depending on the processor; but a guest that computes in memory, and does nothing
    /// else, takes up to twice as long there (sorting: 54 ms for 28): a request that sorts 1,000 numbers costs a quarter more
    /// (75 µs for 58). Slots of 4 GiB, in which code needs no checks, would do away with that: they have the mappings of a
    /// pool, and cost a connection as much. A pool in turn has to give pages back where they can be swapped out, and a
    /// connection costs twice as much then.
    fn choose_on(wanted: Allocation, shape: Shape, pool_holds: bool, can_swap: bool) -> Choice {
        let choice = |strategy, why| Choice { strategy, why };
        let has_little = shape.data <= LITTLE;
        match wanted {
            Allocation::Pool => choice(Self::Pool, "asked for"),
            Allocation::Slab => choice(Self::Slab, "asked for"),
            Allocation::Auto if !has_little => choice(
                Self::Pool,
                "the component has more than 64 KiB of data, which its instances share",
            ),
            Allocation::Auto if !pool_holds => choice(Self::Slab, "the instances are more than a pool holds"),
            Allocation::Auto if can_swap => choice(
                Self::Slab,
                "memory can be swapped out, and a slab is made new without giving it back",
            ),
            Allocation::Auto => choice(Self::Pool, "the instances fit"),
        }
    }

    pub(super) fn name(self) -> Allocation {
        match self {
            Self::Pool => Allocation::Pool,
            Self::Slab => Allocation::Slab,
        }
    }
}

/// What of a component the choice depends on, over all of its modules.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
struct Shape {
    /// The bytes that are copied into the memories of an instance.
    data: u64,
    memories: u32,
}

impl Shape {
    fn of(component: &[u8]) -> Self {
        let mut shape = Self::default();
        for payload in Parser::new(0).parse_all(component) {
            match payload {
                Ok(Payload::DataSection(section)) => {
                    let data = section.into_iter().flatten().map(|data| data.data.len() as u64);
                    shape.data += data.sum::<u64>();
                }
                Ok(Payload::MemorySection(section)) => shape.memories = shape.memories.saturating_add(section.count()),
                // What cannot be read is not compiled either, and the compiler says why.
                _ => {}
            }
        }
        shape
    }
}

/// What a copy costs no more than the page faults that it saves.
const LITTLE: u64 = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_and_memories_of_all_modules_count() {
        let text = r#"(component (core module (memory 4) (data (i32.const 0) "four")) (core module (memory 1) (data "five!")))"#;
        let shape = Shape::of(&wat::parse_str(text).unwrap());
        assert_eq!(shape, Shape { data: 9, memories: 2 });
        assert_eq!(Shape::of(b"no component"), Shape::default());
    }

    #[test]
    fn a_pool_is_taken_unless_it_has_a_drawback() {
        let auto = |data, pool_holds, can_swap| {
            let shape = Shape { data, memories: 1 };
            Strategy::choose_on(Allocation::Auto, shape, pool_holds, can_swap).strategy
        };
        assert_eq!(auto(0, true, false), Strategy::Pool);
        assert_eq!(auto(LITTLE, true, true), Strategy::Slab);
        assert_eq!(auto(LITTLE, false, false), Strategy::Slab);
        assert_eq!(auto(LITTLE + 1, false, true), Strategy::Pool);
        let asked = Strategy::choose_on(Allocation::Slab, Shape::default(), true, false);
        assert_eq!((asked.strategy, asked.why), (Strategy::Slab, "asked for"));
    }
}
