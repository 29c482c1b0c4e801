//! How instances get their memory, and how it is made new.

use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

use thiserror::Error;

/// Where an instance gets its memories, tables and stack.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Allocation {
    /// [`Pool`](Self::Pool), but [`Slab`](Self::Slab) for a component with up to 64 KiB of data where there are to be more
    /// instances than a pool holds, or where memory can be swapped out, so that a pool is made new more slowly.
    #[default]
    Auto,
    /// Slots with mappings of their own. The data of a component is shared until an instance writes to it, and an access
    /// beyond a memory's end costs nothing to catch; but the kernel allows a process 65,530 mappings, which are as many as
    /// 10,000 connections have.
    Pool,
    /// Slots of one mapping. As many connections as there is memory for; but the code checks each access against the
    /// memory's length, so that computing in memory takes up to twice as long, and each instance has a copy of the
    /// component's data.
    Slab,
}

impl FromStr for Allocation {
    type Err = AllocationError;

    fn from_str(text: &str) -> Result<Self, AllocationError> {
        match text {
            "auto" => Ok(Self::Auto),
            "pool" => Ok(Self::Pool),
            "slab" => Ok(Self::Slab),
            _ => Err(AllocationError),
        }
    }
}

impl Display for Allocation {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Pool => "pool",
            Self::Slab => "slab",
        })
    }
}

/// A text that names no [`Allocation`].
#[derive(Debug, Error)]
#[error("write auto, pool or slab")]
pub struct AllocationError;

/// How the memory of a slot is made new for the next connection. Each way leaves nothing behind; they differ in cost.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum MemoryReset {
    /// `pagemap-scan` where it is safe (in the slab, or where nothing can be swapped) and the kernel has it, else `decommit`.
    #[default]
    Auto,
    /// Give every page back to the kernel (`madvise`), which hands out new ones.
    Decommit,
    /// Find the pages that were written (`PAGEMAP_SCAN`, Linux 6.7) and write them back, which saves the page faults.
    ///
    /// In the pool a page that was swapped out is not found, so this is refused where there is swap.
    PagemapScan,
    /// Overwrite the first 256 KiB, give the rest back to the kernel.
    Zero,
}

impl FromStr for MemoryReset {
    type Err = MemoryResetError;

    fn from_str(text: &str) -> Result<Self, MemoryResetError> {
        match text {
            "auto" => Ok(Self::Auto),
            "decommit" => Ok(Self::Decommit),
            "pagemap-scan" => Ok(Self::PagemapScan),
            "zero" => Ok(Self::Zero),
            _ => Err(MemoryResetError),
        }
    }
}

impl Display for MemoryReset {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Decommit => "decommit",
            Self::PagemapScan => "pagemap-scan",
            Self::Zero => "zero",
        })
    }
}

/// A text that names no [`MemoryReset`].
#[derive(Debug, Error)]
#[error("write auto, decommit, pagemap-scan or zero")]
pub struct MemoryResetError;
