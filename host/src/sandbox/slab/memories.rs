//! Linear memories that are slots.

use std::sync::Arc;

use wasmtime::{LinearMemory, MemoryCreator, MemoryType};

use super::region::{Region, Slot};

/// Where memories are: as large as they may become, or packed little larger than they begin.
///
/// The kernel's tables of pages have a page for each 2 MiB of address space that something is in. In slots of `max-memory`
/// each memory has one for itself, which is a tenth of what an idle connection takes; packed memories share them. One that
/// grows beyond its slot moves to a large one, once in its life.
pub(super) struct Memories {
    pub(super) large: Arc<Region>,
    /// None where memories begin so large that packing saves nothing.
    pub(super) small: Option<Arc<Region>>,
}

#[expect(unsafe_code, reason = "wasmtime trusts the memory that it is given")]
// SAFETY: a memory is a slot: mapped for reading and writing, zero, and its owner's alone until it is dropped. It moves only
// when it grows beyond its capacity, which code for it is ready for, there being no reservation (`configure`). Code for it
// has no guard to rely on, and checks against the length.
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
        let small = self.small.as_ref().filter(|small| minimum <= small.size());
        let slot = small
            .unwrap_or(&self.large)
            .take()
            .map_err(|error| format!("no memory is left in the slab: {error}"))?;
        let mut memory = Memory {
            slot,
            length: 0,
            large: Arc::clone(&self.large),
        };
        memory.grow_to(minimum).map_err(|error| error.to_string())?;
        Ok(Box::new(memory))
    }
}

struct Memory {
    slot: Slot,
    length: usize,
    large: Arc<Region>,
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
        if length > self.large.size() {
            wasmtime::bail!(
                "a memory of {length} bytes does not fit a slot of {}",
                self.large.size()
            );
        }
        if length > self.slot.size() {
            let larger = self.large.take()?;
            self.slot.copy_to(&larger, self.length);
            std::mem::replace(&mut self.slot, larger).give_back(self.length);
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
