//! Making memory new.

use std::ffi::c_void;
use std::fs::File;
use std::io;
use std::ptr::NonNull;
use std::sync::Arc;

use rustix::ioctl::{Ioctl, IoctlOutput, Opcode, ioctl, opcode};
use rustix::mm::{Advice, madvise};

use crate::sandbox::reset::Reset;

/// A way of making memory new.
///
/// All of them find what was swapped out, too: whatever was ever written is either in memory or in swap, and the scan asks
/// for both.
#[derive(Clone, Debug)]
pub(super) enum Renewal {
    /// Gives every page back to the kernel.
    Decommit,
    /// Overwrites the pages that there are, up to a number of them, and gives the others back.
    Scan(Arc<File>),
    /// Overwrites the beginning, whatever is there, and gives the rest back.
    Zero,
}

impl Renewal {
    pub(super) fn new(reset: Reset) -> io::Result<Self> {
        Ok(match reset {
            Reset::Decommit => Self::Decommit,
            Reset::PagemapScan => Self::Scan(Arc::new(File::open("/proc/self/pagemap")?)),
            Reset::Zero => Self::Zero,
        })
    }

    /// Makes so many bytes zero. Some of their pages stay with the process if `is_kept`, and none does otherwise.
    pub(super) fn renew(&self, start: NonNull<u8>, length: usize, is_kept: bool) {
        let length = length.next_multiple_of(PAGE);
        match self {
            Self::Scan(pagemap) if is_kept => overwrite_present(pagemap, start, length),
            Self::Zero if is_kept => {
                let kept = length.min(KEEP);
                overwrite(start, kept);
                decommit(at(start, kept), length - kept);
            }
            Self::Decommit | Self::Scan(_) | Self::Zero => decommit(start, length),
        }
    }
}

fn overwrite_present(pagemap: &File, start: NonNull<u8>, length: usize) {
    let mut found = [Found::default(); MAX_FOUND];
    let begin = start.as_ptr() as u64;
    let end = begin + length as u64;
    let mut scan = Scan {
        size: size_of::<Scan>() as u64,
        start: begin,
        end,
        vec: found.as_mut_ptr() as u64,
        vec_len: MAX_FOUND as u64,
        max_pages: (KEEP / PAGE) as u64,
        // Whatever was written, and not the page of zeros that is there for what was only read.
        category_inverted: ZERO,
        category_mask: ZERO,
        category_anyof_mask: PRESENT | SWAPPED,
        ..Scan::default()
    };
    #[expect(unsafe_code, reason = "a system call")]
    // SAFETY: the argument is what the kernel expects, and `found` outlives the call.
    let count = unsafe { ioctl(pagemap, &mut scan) };
    let Ok(count) = count else {
        return decommit(start, length);
    };
    for Found {
        start: from, end: to, ..
    } in found.iter().take(count)
    {
        overwrite(at(start, offset(from - begin)), offset(to - from));
    }
    // Where the scan ended early, because it has found so much.
    let scanned = offset(scan.walk_end.clamp(begin, end) - begin);
    decommit(at(start, scanned), length - scanned);
}

fn overwrite(start: NonNull<u8>, length: usize) {
    #[expect(unsafe_code, reason = "writing to memory that has no type")]
    // SAFETY: it is part of a slot that its owner gives back.
    unsafe {
        start.write_bytes(0, length);
    }
}

fn decommit(start: NonNull<u8>, length: usize) {
    if length == 0 {
        return;
    }
    #[expect(unsafe_code, reason = "advice that changes what is in memory")]
    // SAFETY: it is part of a slot that its owner gives back.
    let decommitted = unsafe { madvise(start.as_ptr().cast(), length, Advice::LinuxDontNeed) };
    if decommitted.is_err() {
        // The kernel does not take back what is locked.
        overwrite(start, length);
    }
}

fn at(start: NonNull<u8>, offset: usize) -> NonNull<u8> {
    #[expect(unsafe_code, reason = "arithmetic of pointers")]
    // SAFETY: callers stay within a slot.
    unsafe {
        start.add(offset)
    }
}

/// Addresses are of this process, so their differences fit.
fn offset(difference: u64) -> usize {
    usize::try_from(difference).unwrap_or(usize::MAX)
}

/// `struct pm_scan_arg` of `linux/fs.h`.
#[repr(C)]
#[derive(Debug, Default)]
struct Scan {
    size: u64,
    flags: u64,
    start: u64,
    end: u64,
    walk_end: u64,
    vec: u64,
    vec_len: u64,
    max_pages: u64,
    category_inverted: u64,
    category_mask: u64,
    category_anyof_mask: u64,
    return_mask: u64,
}

/// `struct page_region` of `linux/fs.h`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
struct Found {
    start: u64,
    end: u64,
    categories: u64,
}

#[expect(unsafe_code, reason = "a system call that rustix does not have")]
// SAFETY: PAGEMAP_SCAN reads and writes a `pm_scan_arg`, and what its `vec` points at, and returns how much of it it wrote.
unsafe impl Ioctl for &mut Scan {
    type Output = usize;

    const IS_MUTATING: bool = true;

    fn opcode(&self) -> Opcode {
        opcode::read_write::<Scan>(b'f', 16)
    }

    fn as_ptr(&mut self) -> *mut c_void {
        (&raw mut **self).cast()
    }

    unsafe fn output_from_ptr(output: IoctlOutput, _: *mut c_void) -> rustix::io::Result<usize> {
        Ok(usize::try_from(output).unwrap_or(0))
    }
}

/// Categories of pages: `PAGE_IS_PRESENT`, `PAGE_IS_SWAPPED` and `PAGE_IS_PFNZERO`.
const PRESENT: u64 = 1 << 3;
const SWAPPED: u64 = 1 << 4;
const ZERO: u64 = 1 << 5;

/// The page of the kernel; there is no slab where it is another one.
pub(super) const PAGE: usize = 4 << 10;

/// A guest that fits a few dozen pages is made new without a page fault on the next use of them.
const KEEP: usize = 256 << 10;

/// Pages lie apart in the memory of a guest: stack, data, heap.
const MAX_FOUND: usize = 32;
