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

    /// Copies so many bytes of one slot to the beginning of another, which is new.
    pub(super) fn copy(&self, from: NonNull<u8>, to: NonNull<u8>, length: usize) {
        let length = length.next_multiple_of(PAGE);
        let is_copied = match self {
            Self::Scan(pagemap) => copy_present(pagemap, from, to, length).is_ok(),
            Self::Decommit | Self::Zero => false,
        };
        if !is_copied {
            copy_written(from, to, length);
        }
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
    // Where the scan ends early, because it has found so much, the rest is given back.
    let most = (KEEP / PAGE) as u64;
    let scanned = scan(pagemap, start, length, most, |from, length| {
        overwrite(at(start, from), length)
    });
    let scanned = scanned.unwrap_or(0);
    decommit(at(start, scanned), length - scanned);
}

/// Tells of the pages that were ever written, by where they begin and how many bytes they are, up to so many of them (0 is
/// no limit); returns how far it has come.
fn scan(
    pagemap: &File,
    start: NonNull<u8>,
    length: usize,
    most: u64,
    mut tell: impl FnMut(usize, usize),
) -> rustix::io::Result<usize> {
    let mut found = [Found::default(); MAX_FOUND];
    let begin = start.as_ptr() as u64;
    let end = begin + length as u64;
    let mut scan = Scan {
        size: size_of::<Scan>() as u64,
        start: begin,
        end,
        vec: found.as_mut_ptr() as u64,
        vec_len: MAX_FOUND as u64,
        max_pages: most,
        // Whatever was written, and not the page of zeros that is there for what was only read.
        category_inverted: ZERO,
        category_mask: ZERO,
        category_anyof_mask: PRESENT | SWAPPED,
        ..Scan::default()
    };
    #[expect(unsafe_code, reason = "a system call")]
    // SAFETY: the argument is what the kernel expects, and `found` outlives the call.
    let count = unsafe { ioctl(pagemap, &mut scan) }?;
    for Found {
        start: from, end: to, ..
    } in found.iter().take(count)
    {
        tell(offset(from - begin), offset(to - from));
    }
    Ok(offset(scan.walk_end.clamp(begin, end) - begin))
}

fn copy_present(pagemap: &File, from: NonNull<u8>, to: NonNull<u8>, length: usize) -> rustix::io::Result<()> {
    let mut done = 0;
    while done < length {
        let rest = at(from, done);
        let copy = |start, length| copy(at(rest, start), at(to, done + start), length);
        done += match scan(pagemap, rest, length - done, 0, copy)? {
            // The kernel has nothing to say of a part of a page.
            0 => break,
            scanned => scanned,
        };
    }
    Ok(())
}

/// Copies what is not zero, so that a page that nobody has written to stays one.
fn copy_written(from: NonNull<u8>, to: NonNull<u8>, length: usize) {
    for start in (0..length).step_by(PAGE) {
        let (page, length) = (at(from, start), PAGE.min(length - start));
        #[expect(unsafe_code, reason = "reading memory that has no type")]
        // SAFETY: it is part of a slot, and nobody else has it.
        let bytes = unsafe { std::slice::from_raw_parts(page.as_ptr(), length) };
        if bytes.iter().any(|byte| *byte != 0) {
            copy(page, at(to, start), length);
        }
    }
}

fn copy(from: NonNull<u8>, to: NonNull<u8>, length: usize) {
    #[expect(unsafe_code, reason = "memory that has no type")]
    // SAFETY: both are parts of slots, which do not overlap, and the caller has both.
    unsafe {
        from.copy_to_nonoverlapping(to, length);
    }
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
