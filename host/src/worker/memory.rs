//! Numbers in memory that several processes share.

use std::io;
use std::ops::Deref;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, fcntl_get_seals, fstat, ftruncate, memfd_create};
use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};

/// A memory that lives as long as somebody has its descriptor. All of its numbers are 0 at first.
#[derive(Debug)]
pub(crate) struct Memory {
    descriptor: OwnedFd,
    words: NonNull<AtomicU64>,
    count: usize,
}

#[expect(
    unsafe_code,
    reason = "a pointer is neither, but it is to atomic numbers that the mapping keeps alive"
)]
// SAFETY: as the reason says.
unsafe impl Send for Memory {}
#[expect(unsafe_code, reason = "as for Send")]
// SAFETY: as for Send.
unsafe impl Sync for Memory {}

impl Memory {
    pub(super) fn new(count: usize) -> io::Result<Self> {
        let descriptor = memfd_create("socketserver", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
        ftruncate(&descriptor, bytes(count) as u64)?;
        // A memory that shrinks would take its pages away from under the others.
        fcntl_add_seals(&descriptor, SIZE)?;
        Self::map(descriptor, count)
    }

    /// Takes one that another process has made.
    pub(super) fn open(descriptor: OwnedFd, count: usize) -> io::Result<Self> {
        let is_sealed = fcntl_get_seals(&descriptor)?.contains(SIZE);
        if !is_sealed || u64::try_from(fstat(&descriptor)?.st_size).ok() != Some(bytes(count) as u64) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        Self::map(descriptor, count)
    }

    fn map(descriptor: OwnedFd, count: usize) -> io::Result<Self> {
        #[expect(unsafe_code, reason = "mapping memory")]
        // SAFETY: the kernel chooses an address where nothing is, and the memory cannot become shorter.
        let base = unsafe {
            let access = ProtFlags::READ | ProtFlags::WRITE;
            mmap(
                std::ptr::null_mut(),
                bytes(count),
                access,
                MapFlags::SHARED,
                &descriptor,
                0,
            )
        }?;
        Ok(Self {
            descriptor,
            words: NonNull::new(base.cast()).ok_or(io::ErrorKind::OutOfMemory)?,
            count,
        })
    }
}

impl Deref for Memory {
    type Target = [AtomicU64];

    fn deref(&self) -> &[AtomicU64] {
        #[expect(unsafe_code, reason = "the numbers are in memory that the kernel has mapped")]
        // SAFETY: the mapping has so many words, aligned to a page, and lives as long as `self`. Whatever other processes
        // write, any bytes are a valid number, and all of them use atomic operations.
        unsafe {
            std::slice::from_raw_parts(self.words.as_ptr(), self.count)
        }
    }
}

impl AsFd for Memory {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        #[expect(unsafe_code, reason = "unmapping memory")]
        // SAFETY: the mapping is this value's own, and nobody can borrow from it any more.
        let _ = unsafe { munmap(self.words.as_ptr().cast(), bytes(self.count)) };
    }
}

fn bytes(count: usize) -> usize {
    count.max(1) * size_of::<AtomicU64>()
}

const SIZE: SealFlags = SealFlags::GROW.union(SealFlags::SHRINK);

/// Some numbers, of this process alone or of several.
#[derive(Clone, Debug)]
pub(crate) enum Words {
    Own(Arc<[AtomicU64]>),
    Shared {
        memory: Arc<Memory>,
        start: usize,
        count: usize,
    },
}

impl Words {
    pub(crate) fn own(count: usize) -> Self {
        Self::Own((0..count).map(|_| AtomicU64::new(0)).collect())
    }

    pub(super) fn shared(memory: &Arc<Memory>, start: usize, count: usize) -> Self {
        Self::Shared {
            memory: Arc::clone(memory),
            start,
            count,
        }
    }
}

impl Deref for Words {
    type Target = [AtomicU64];

    fn deref(&self) -> &[AtomicU64] {
        match self {
            Self::Own(words) => words,
            Self::Shared { memory, start, count } => &memory[*start..*start + *count],
        }
    }
}
