//! No guest reaches beyond its own memory, though everything beyond is accessible; and what it leaves is gone.

use wasmtime::{Instance, Module, Store, Trap, TypedFunc};

use super::packed as packed_in;
use super::*;
use crate::sandbox::engine::{self, Concurrency};
use crate::sandbox::strategy::Strategy;

const PAGE: u64 = 64 << 10;

/// As many as a slot has.
const MAX: u64 = 1 << 20;

/// Each takes a place and returns what is there, or writes there.
const ACCESSES: &str = r#"
    (module
        (memory (export "memory") 2 64)
        (data $data "secret")
        (func (export "load8") (param i32) (result i32) (i32.load8_u (local.get 0)))
        (func (export "load32") (param i32) (result i32) (i32.load (local.get 0)))
        (func (export "load64") (param i32) (result i32) (i32.wrap_i64 (i64.load (local.get 0))))
        (func (export "load128") (param i32) (result i32) (i32x4.extract_lane 0 (v128.load (local.get 0))))
        (func (export "load8 far") (param i32) (result i32)
            (i32.load8_u offset=0x1ffff (i32.sub (local.get 0) (i32.const 0x1ffff))))
        (func (export "load8 near") (param i32) (result i32)
            (i32.load8_u offset=0xfff (i32.sub (local.get 0) (i32.const 0xfff))))
        (func (export "store8") (param i32) (result i32) (i32.store8 (local.get 0) (i32.const 0xa5)) (i32.const 0))
        (func (export "store64") (param i32) (result i32) (i64.store (local.get 0) (i64.const -1)) (i32.const 0))
        (func (export "store128") (param i32) (result i32)
            (v128.store (local.get 0) (v128.const i64x2 -1 -1)) (i32.const 0))
        (func (export "fill") (param i32) (result i32)
            (memory.fill (local.get 0) (i32.const 0xa5) (i32.const 1)) (i32.const 0))
        (func (export "copy to") (param i32) (result i32)
            (memory.copy (local.get 0) (i32.const 0) (i32.const 1)) (i32.const 0))
        (func (export "copy from") (param i32) (result i32)
            (memory.copy (i32.const 0) (local.get 0) (i32.const 1)) (i32.const 0))
        (func (export "init") (param i32) (result i32)
            (memory.init $data (local.get 0) (i32.const 0) (i32.const 1)) (i32.const 0))
        (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
        (func $deep (export "deep") (param i32) (result i32)
            (i32.add (i32.const 1) (call $deep (i32.add (local.get 0) (i32.const 1)))))
    )
"#;

/// The bytes that an access touches from its place on.
const WIDTHS: [(&str, u64); 13] = [
    ("load8", 1),
    ("load32", 4),
    ("load64", 8),
    ("load128", 16),
    ("load8 far", 1),
    ("load8 near", 1),
    ("store8", 1),
    ("store64", 8),
    ("store128", 16),
    ("fill", 1),
    ("copy to", 1),
    ("copy from", 1),
    ("init", 1),
];

struct Guest {
    store: Store<()>,
    instance: Instance,
}

impl Guest {
    async fn new(module: &Module) -> Self {
        let mut store = Store::new(module.engine(), ());
        store.set_epoch_deadline(1_000_000);
        let instance = Instance::new_async(&mut store, module, &[]).await.unwrap();
        Self { store, instance }
    }

    async fn call(&mut self, name: &str, argument: u64) -> wasmtime::Result<i32> {
        let function: TypedFunc<i32, i32> = self.instance.get_typed_func(&mut self.store, name)?;
        let argument = u32::try_from(argument).unwrap().cast_signed();
        function.call_async(&mut self.store, argument).await
    }
}

/// Where memories begin in slots of their size, and where in those of the most that they may become.
const BEGINS: [u64; 2] = [2 * PAGE, MAX];

fn module(reset: Reset, begins: u64) -> Module {
    let pool = Pool {
        instances: 2,
        setting: "max-connections",
        memories: 1,
        tables: 0,
        table_elements: 0,
        memory_size: usize::try_from(MAX).unwrap(),
        memory_begins: usize::try_from(begins).unwrap(),
        concurrency: Concurrency::Off,
    };
    let engine = engine::engine(pool, Strategy::Slab, reset).unwrap();
    Module::new(&engine, ACCESSES).unwrap()
}

/// By what wasmtime says of a component.
#[test]
fn small_memories_are_packed_and_large_ones_are_not() {
    let packed = |pages| {
        let text = format!("(component (core module $m (memory {pages} 2000)) (core instance (instantiate $m)))");
        let engine = Engine::default();
        let component = wasmtime::component::Component::new(&engine, text).unwrap();
        let required = component.resources_required().unwrap();
        packed_in(Pool::for_component(
            &required,
            Concurrency::Off,
            (1, "max-connections"),
            64 << 20,
        ))
    };
    assert_eq!(packed(0), None, "there is nothing to pack");
    assert_eq!(packed(9), Some(10 * 65_536), "with room to grow once");
    assert_eq!(packed(24), Some(25 * 65_536));
    assert_eq!(packed(25), None);
}

#[tokio::test]
async fn an_access_beyond_the_end_traps_wherever_it_is() {
    for begins in BEGINS {
        accesses_beyond_the_end_trap(begins).await;
    }
}

async fn accesses_beyond_the_end_trap(begins: u64) {
    let module = module(Reset::PagemapScan, begins);
    // It would be the one that is reached.
    let _neighbour = Guest::new(&module).await;
    let mut guest = Guest::new(&module).await;
    for length in [2 * PAGE, 3 * PAGE, MAX] {
        for (name, width) in WIDTHS {
            assert!(guest.call(name, length - width).await.is_ok(), "{name} within {length}");
            let beyond = [
                1,
                width - 1,
                width,
                width + 4095,
                PAGE,
                MAX,
                MAX + 100 * PAGE,
                (1 << 32) - 1,
            ];
            for place in beyond
                .map(|more| length - width + more.max(1))
                .into_iter()
                .filter(|place| *place < 1 << 32)
            {
                let trap = guest.call(name, place).await.expect_err(name);
                assert_eq!(
                    trap.downcast_ref(),
                    Some(&Trap::MemoryOutOfBounds),
                    "{name} at {place} of {length}"
                );
            }
        }
        let old = guest
            .call("grow", if length < 3 * PAGE { 1 } else { (MAX - length) / PAGE })
            .await;
        assert_eq!(old.unwrap(), i32::try_from(length / PAGE).unwrap());
    }
    assert_eq!(
        guest.call("grow", 1).await.unwrap(),
        -1,
        "there is no more than the slot"
    );
}

/// In all of the memory, grown or not, and however it is made new.
#[tokio::test]
async fn what_a_guest_leaves_is_gone() {
    for (reset, begins) in EVERYTHING {
        let module = module(reset, begins);
        for grown in [0, 1, 14, 0, 14, 1] {
            let mut guest = Guest::new(&module).await;
            assert!(guest.call("grow", grown).await.unwrap() > 0);
            let memory = guest.instance.get_memory(&mut guest.store, "memory").unwrap();
            let data = memory.data_mut(&mut guest.store);
            assert_eq!(data.len() as u64, (2 + grown) * PAGE);
            assert_eq!(data.iter().position(|byte| *byte != 0), None, "{reset:?}");
            data.fill(0xa5);
        }
    }
}

const EVERYTHING: [(Reset, u64); 6] = [
    (Reset::Decommit, BEGINS[0]),
    (Reset::Decommit, BEGINS[1]),
    (Reset::PagemapScan, BEGINS[0]),
    (Reset::PagemapScan, BEGINS[1]),
    (Reset::Zero, BEGINS[0]),
    (Reset::Zero, BEGINS[1]),
];

/// One that grows beyond its slot takes along what it has, and nothing is left where it was.
#[tokio::test]
async fn what_a_guest_has_stays_when_its_memory_grows() {
    for (reset, begins) in EVERYTHING {
        let module = module(reset, begins);
        let mut guest = Guest::new(&module).await;
        // With pages between that were never written.
        let pattern: Vec<u8> = (0..usize::try_from(2 * PAGE).unwrap())
            .map(|place| {
                if place / 4096 % 3 == 0 {
                    (place % 251).to_le_bytes()[0]
                } else {
                    0
                }
            })
            .collect();
        let memory = guest.instance.get_memory(&mut guest.store, "memory").unwrap();
        let before = memory.data_ptr(&guest.store);
        for (data, byte) in memory.data_mut(&mut guest.store).iter_mut().zip(&pattern) {
            if *byte != 0 {
                *data = *byte;
            }
        }
        for pages in [3, 4, 16] {
            assert_eq!(i64::from(guest.call("grow", 1).await.unwrap()), pages - 1);
            let data = memory.data(&guest.store);
            assert!(data[..pattern.len()] == pattern, "{reset:?} {begins}");
            assert_eq!(data[pattern.len()..].iter().position(|byte| *byte != 0), None);
            if pages == 4 {
                guest.call("grow", 11).await.unwrap();
            }
        }
        let has_moved = memory.data_ptr(&guest.store) != before;
        assert_eq!(has_moved, begins < MAX);
        let mut next = Guest::new(&module).await;
        let memory = next.instance.get_memory(&mut next.store, "memory").unwrap();
        assert!(memory.data(&next.store).iter().all(|byte| *byte == 0), "{reset:?}");
    }
}

#[tokio::test]
async fn a_stack_has_an_end_and_is_used_again() {
    let module = module(Reset::PagemapScan, MAX);
    for _ in 0..3 {
        let mut guest = Guest::new(&module).await;
        let trap = guest.call("deep", 0).await.unwrap_err();
        assert_eq!(trap.downcast_ref(), Some(&Trap::StackOverflow));
    }
}

/// The third of two is refused, and another fits when one has gone.
#[tokio::test]
async fn there_are_as_many_as_there_are() {
    let module = module(Reset::PagemapScan, MAX);
    let one = Guest::new(&module).await;
    let _two = Guest::new(&module).await;
    let mut store = Store::new(module.engine(), ());
    store.set_epoch_deadline(1);
    let error = Instance::new_async(&mut store, &module, &[]).await.unwrap_err();
    assert!(
        format!("{error:#}").contains("no memory is left in the slab"),
        "{error:#}"
    );
    drop((store, one));
    Guest::new(&module).await;
}
