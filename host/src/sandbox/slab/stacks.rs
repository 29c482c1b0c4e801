//! Stacks that are slots.

use std::ops::Range;
use std::sync::Arc;

use wasmtime::{StackCreator, StackMemory};

use super::region::{Region, Slot};

pub(super) struct Stacks(pub(super) Arc<Region>);

#[expect(unsafe_code, reason = "wasmtime trusts the stack that it is given")]
// SAFETY: a stack is a slot with a guard below: mapped for reading and writing, zero, whole pages, and its owner's alone
// until it is dropped.
unsafe impl StackCreator for Stacks {
    fn new_stack(&self, size: usize, _zeroed: bool) -> wasmtime::Result<Box<dyn StackMemory>> {
        let room = self.0.size();
        if size > room {
            wasmtime::bail!("a stack of {size} bytes does not fit a slot of {room}");
        }
        Ok(Box::new(Stack(self.0.take()?)))
    }
}

struct Stack(Slot);

#[expect(unsafe_code, reason = "wasmtime trusts the stack that it is given")]
// SAFETY: as for its creator.
unsafe impl StackMemory for Stack {
    fn top(&self) -> *mut u8 {
        self.0.start().as_ptr().wrapping_add(self.0.size())
    }

    fn range(&self) -> Range<usize> {
        let start = self.0.start().as_ptr() as usize;
        start..start + self.0.size()
    }

    fn guard_range(&self) -> Range<*mut u8> {
        self.0.guard()
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        let size = self.0.size();
        self.0.give_back(size);
    }
}
