//! One mapping that is cut into slots.

use std::io;
use std::ops::Range;
use std::ptr::{self, NonNull};
use std::sync::{Arc, Mutex, PoisonError};

use rustix::mm::{Advice, MapFlags, MprotectFlags, ProtFlags, madvise, mmap_anonymous, mprotect, munmap};

use super::last_error;
use super::pages::{PAGE, Renewal};

/// Address space for slots of one size. The kernel has memory for what is written of it, and for nothing else.
#[derive(Debug)]
pub(super) struct Region {
    base: NonNull<u8>,
    /// The distance of two slots.
    stride: usize,
    guard: Guard,
    has_light_guards: bool,
    slots: u32,
    renewal: Renewal,
    free: Mutex<Free>,
}

/// What is below a slot.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Guard {
    /// The slot before.
    Nothing,
    /// A page that nobody can access.
    Page,
}

impl Guard {
    fn bytes(self) -> usize {
        match self {
            Self::Nothing => 0,
            Self::Page => PAGE,
        }
    }
}

/// Slots that nobody has.
#[derive(Debug, Default)]
struct Free {
    /// Those that were used and still have pages. The last was used last, and is in the processor's caches.
    warm: Vec<u32>,
    /// Those that were used and have none.
    cold: Vec<u32>,
    /// The first that was never used, and so has no guard.
    unused: u32,
}

#[expect(
    unsafe_code,
    reason = "a pointer is neither, but the mapping is the region's alone and each slot of it has one owner"
)]
// SAFETY: as the reason says; the list of free slots is behind a lock.
unsafe impl Send for Region {}
#[expect(unsafe_code, reason = "as for Send")]
// SAFETY: as for Send.
unsafe impl Sync for Region {}

impl Region {
    /// Reserves address space for so many slots that have `size` bytes each.
    ///
    /// # Errors
    ///
    /// The process has no address space for them.
    pub(super) fn reserve(size: usize, slots: u32, guard: Guard, renewal: Renewal) -> io::Result<Arc<Self>> {
        let stride = size
            .checked_next_multiple_of(PAGE)
            .and_then(|size| size.checked_add(guard.bytes()))
            .ok_or(io::ErrorKind::OutOfMemory)?;
        let length = stride
            .checked_mul(slots.max(1) as usize)
            .ok_or(io::ErrorKind::OutOfMemory)?;
        #[expect(unsafe_code, reason = "mapping memory")]
        // SAFETY: the kernel chooses an address where nothing is.
        let base = unsafe {
            mmap_anonymous(
                ptr::null_mut(),
                length,
                ProtFlags::READ | ProtFlags::WRITE,
                MapFlags::PRIVATE | MapFlags::NORESERVE,
            )
        }?;
        let base = NonNull::new(base.cast()).ok_or(io::ErrorKind::OutOfMemory)?;
        let mut region = Self {
            base,
            stride,
            guard,
            has_light_guards: true,
            slots,
            renewal,
            free: Mutex::default(),
        };
        #[expect(unsafe_code, reason = "advice about the mapping")]
        // SAFETY: the mapping was just made, and neither advice changes what is in it.
        unsafe {
            // A huge page would be 2 MiB for the few that a guest touches.
            madvise(base.as_ptr().cast(), length, Advice::LinuxNoHugepage)?;
            // What guests hold is nobody's business after a crash of the host.
            madvise(base.as_ptr().cast(), length, Advice::LinuxDontDump)?;
        }
        if guard == Guard::Page {
            region.has_light_guards = region.guard_lightly(0).is_ok();
        }
        Ok(Arc::new(region))
    }

    pub(super) fn has_light_guards(&self) -> bool {
        self.has_light_guards
    }

    /// How long a slot is, without its guard.
    pub(super) fn size(&self) -> usize {
        self.stride - self.guard.bytes()
    }

    /// Takes a slot, all of whose bytes are 0.
    ///
    /// # Errors
    ///
    /// All are taken, or the kernel refuses a guard.
    pub(super) fn take(self: &Arc<Self>) -> io::Result<Slot> {
        let number = {
            let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
            let used = free.warm.pop().or_else(|| free.cold.pop());
            match used {
                Some(number) => number,
                None if free.unused == self.slots => return Err(io::ErrorKind::QuotaExceeded.into()),
                None => {
                    self.protect(free.unused)?;
                    free.unused += 1;
                    free.unused - 1
                }
            }
        };
        Ok(Slot {
            region: Arc::clone(self),
            number,
        })
    }

    fn place(&self, number: u32) -> NonNull<u8> {
        #[expect(unsafe_code, reason = "arithmetic of pointers")]
        // SAFETY: there are as many slots in the mapping.
        unsafe {
            self.base.add(self.stride * number as usize)
        }
    }

    fn protect(&self, number: u32) -> io::Result<()> {
        match self.guard {
            Guard::Nothing => Ok(()),
            Guard::Page if self.has_light_guards => self.guard_lightly(number),
            Guard::Page => {
                let place = self.place(number).as_ptr().cast();
                #[expect(unsafe_code, reason = "a guard that the kernel keeps as a mapping")]
                // SAFETY: the page is below a slot that nobody has.
                unsafe {
                    mprotect(place, PAGE, MprotectFlags::empty())?;
                }
                Ok(())
            }
        }
    }

    /// Makes the guard a mark in the page table, and no mapping.
    fn guard_lightly(&self, number: u32) -> io::Result<()> {
        let place = self.place(number).as_ptr().cast();
        #[expect(unsafe_code, reason = "rustix does not have this advice")]
        // SAFETY: the page is below a slot that nobody has.
        let result = unsafe { libc::madvise(place, PAGE, MADV_GUARD_INSTALL) };
        if result == 0 { Ok(()) } else { Err(last_error()) }
    }
}

impl Drop for Region {
    fn drop(&mut self) {
        #[expect(unsafe_code, reason = "the mapping goes with its owner")]
        // SAFETY: slots keep the region, so there are none.
        let _ = unsafe { munmap(self.base.as_ptr().cast(), self.stride * self.slots.max(1) as usize) };
    }
}

/// A slot that has an owner.
#[derive(Debug)]
pub(super) struct Slot {
    region: Arc<Region>,
    number: u32,
}

impl Slot {
    /// Where it begins, above its guard.
    pub(super) fn start(&self) -> NonNull<u8> {
        #[expect(unsafe_code, reason = "arithmetic of pointers")]
        // SAFETY: a slot is longer than its guard.
        unsafe {
            self.region.place(self.number).add(self.region.guard.bytes())
        }
    }

    /// How long it is, without its guard.
    pub(super) fn size(&self) -> usize {
        self.region.size()
    }

    /// The guard.
    pub(super) fn guard(&self) -> Range<*mut u8> {
        self.region.place(self.number).as_ptr()..self.start().as_ptr()
    }

    /// Copies its beginning, up to this length, into another one that is new.
    pub(super) fn copy_to(&self, other: &Self, length: usize) {
        self.region
            .renewal
            .copy(self.start(), other.start(), length.min(self.size()).min(other.size()));
    }

    /// Gives it back, with everything in it beyond this length as it was.
    pub(super) fn give_back(&self, used: usize) {
        let region = &self.region;
        let lock = || region.free.lock().unwrap_or_else(PoisonError::into_inner);
        let is_kept = lock().warm.len() < WARM_SLOTS;
        region.renewal.renew(self.start(), used.min(self.size()), is_kept);
        let mut free = lock();
        if is_kept {
            free.warm.push(self.number);
        } else {
            free.cold.push(self.number);
        }
    }
}

/// How many free slots keep pages. A server that was busy would else keep them for all the connections it ever had at once.
const WARM_SLOTS: usize = 1000;

/// Of Linux 6.13; no crate has a name for it.
const MADV_GUARD_INSTALL: libc::c_int = 102;

#[cfg(test)]
mod tests;
