//! Linear memories that are slots.

use std::sync::Arc;

use wasmtime::{LinearMemory, MemoryCreator, MemoryType};

use super::region::{Region, Slot};

pub(super) struct Memories(pub(super) Arc<Region>);

#[expect(unsafe_code, reason = "wasmtime trusts the memory that it is given")]
// SAFETY: a memory is a slot: mapped for reading and writing, zero, and its owner's alone until it is dropped. It does not
// move. Code for it has no guard to rely on (`configure`), and checks against the length.
unsafe impl MemoryCreator for Memories {
    fn new_memory(
        &self,
        _ty: MemoryType,
        minimum: usize,
        _maximum: Option<usize>,
        _reserved: Option<usize>,
        guard: usize,
    ) -> Result<Box<dyn LinearMemory>, String> {
        if guard > 0 {
            return Err("a memory of the slab has no guard".into());
        }
        let slot = self
            .0
            .take()
            .map_err(|error| format!("no memory is left in the slab: {error}"))?;
        let mut memory = Memory { slot, length: 0 };
        memory.grow_to(minimum).map_err(|error| error.to_string())?;
        Ok(Box::new(memory))
    }
}

struct Memory {
    slot: Slot,
    length: usize,
}

#[expect(unsafe_code, reason = "wasmtime trusts the memory that it is given")]
// SAFETY: as for its creator. All of a slot is accessible, and what is beyond the length is zero because nothing has
// written there.
unsafe impl LinearMemory for Memory {
    fn byte_size(&self) -> usize {
        self.length
    }

    fn byte_capacity(&self) -> usize {
        self.slot.size()
    }

    fn grow_to(&mut self, length: usize) -> wasmtime::Result<()> {
        if length > self.slot.size() {
            wasmtime::bail!("a memory of {length} bytes does not fit a slot of {}", self.slot.size());
        }
        self.length = length;
        Ok(())
    }

    fn as_ptr(&self) -> *mut u8 {
        self.slot.start().as_ptr()
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        self.slot.give_back(self.length);
    }
}
