//! Which way of making memory new is safe and fast on this machine.

use std::fs;
use std::path::Path;

use thiserror::Error;
use wasmtime::PoolingAllocationConfig;

use super::strategy::Strategy;
use crate::config::MemoryReset;

/// A way that was chosen; see [`MemoryReset`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Reset {
    Decommit,
    PagemapScan,
    Zero,
}

/// What a scan makes of pages that were swapped out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Swapped {
    Found,
    Nothing,
    Overlooked,
}

/// A way, and why.
#[derive(Clone, Debug)]
pub(crate) struct Choice {
    pub(crate) reset: Reset,
    pub(crate) why: &'static str,
}

impl Reset {
    /// Chooses a way for this machine.
    ///
    /// # Errors
    ///
    /// `pagemap-scan` was asked for where it is unsafe, or the kernel does not have it.
    pub(crate) fn choose(wanted: MemoryReset, strategy: Strategy) -> Result<Choice, ResetError> {
        Self::choose_on(
            wanted,
            PoolingAllocationConfig::is_pagemap_scan_available(),
            match strategy {
                Strategy::Pool if can_swap(Path::new("/")) => Swapped::Overlooked,
                Strategy::Pool => Swapped::Nothing,
                Strategy::Slab => Swapped::Found,
            },
        )
    }

    fn choose_on(wanted: MemoryReset, has_scan: bool, swapped: Swapped) -> Result<Choice, ResetError> {
        let choice = |reset, why| Ok(Choice { reset, why });
        match wanted {
            MemoryReset::Decommit => choice(Self::Decommit, "asked for"),
            MemoryReset::Zero => choice(Self::Zero, "asked for"),
            MemoryReset::PagemapScan if !has_scan => Err(ResetError::NoScan),
            MemoryReset::PagemapScan if swapped == Swapped::Overlooked => Err(ResetError::Swap),
            MemoryReset::PagemapScan => choice(Self::PagemapScan, "asked for"),
            MemoryReset::Auto if !has_scan => choice(Self::Decommit, "the kernel has no PAGEMAP_SCAN"),
            MemoryReset::Auto => match swapped {
                Swapped::Overlooked => choice(Self::Decommit, "memory can be swapped out"),
                Swapped::Nothing => choice(Self::PagemapScan, "nothing can be swapped out"),
                Swapped::Found => choice(Self::PagemapScan, "what is swapped out is found, too"),
            },
        }
    }

    pub(crate) fn name(self) -> MemoryReset {
        match self {
            Self::Decommit => MemoryReset::Decommit,
            Self::PagemapScan => MemoryReset::PagemapScan,
            Self::Zero => MemoryReset::Zero,
        }
    }
}

/// A way of resetting memory that this machine cannot offer.
#[derive(Debug, Error)]
pub enum ResetError {
    /// The kernel is too old, or forbids the call.
    #[error("memory-reset pagemap-scan needs PAGEMAP_SCAN of Linux 6.7; choose auto or decommit")]
    NoScan,
    /// There is swap.
    #[error(
        "memory-reset pagemap-scan would leave pages that were swapped out to the next connection, and this machine has \
         swap; turn it off (swapoff -a, or memory.swap.max = 0 for the control group) or choose auto or decommit"
    )]
    Swap,
}

/// Whether a page of this process can be swapped out: there is a swap device, and the control group may use it. What
/// cannot be found out counts as yes.
pub(crate) fn can_swap(root: &Path) -> bool {
    let has_device = fs::read_to_string(root.join("proc/swaps")).map_or(true, |swaps| swaps.lines().count() > 1);
    has_device && !group_has_no_swap(root)
}

fn group_has_no_swap(root: &Path) -> bool {
    fs::read_to_string(root.join("proc/self/cgroup"))
        .ok()
        .and_then(|groups| {
            let path = groups.lines().find_map(|line| line.strip_prefix("0::/"))?;
            fs::read_to_string(root.join("sys/fs/cgroup").join(path).join("memory.swap.max")).ok()
        })
        .is_some_and(|max| max.trim() == "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(wanted: MemoryReset, has_scan: bool, swapped: Swapped) -> Option<Reset> {
        Reset::choose_on(wanted, has_scan, swapped)
            .ok()
            .map(|choice| choice.reset)
    }

    #[test]
    fn scanning_is_chosen_only_where_nothing_can_be_swapped() {
        assert_eq!(
            chosen(MemoryReset::Auto, true, Swapped::Nothing),
            Some(Reset::PagemapScan)
        );
        assert_eq!(
            chosen(MemoryReset::Auto, true, Swapped::Found),
            Some(Reset::PagemapScan)
        );
        assert_eq!(
            chosen(MemoryReset::Auto, true, Swapped::Overlooked),
            Some(Reset::Decommit)
        );
        assert_eq!(chosen(MemoryReset::Auto, false, Swapped::Found), Some(Reset::Decommit));
        assert_eq!(chosen(MemoryReset::PagemapScan, true, Swapped::Overlooked), None);
        assert_eq!(chosen(MemoryReset::PagemapScan, false, Swapped::Nothing), None);
    }

    #[test]
    fn swap_is_looked_for_in_the_devices_and_the_control_group() {
        let root = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        assert!(can_swap(root.path()), "what cannot be read may be swap");
        write("proc/swaps", "Filename Type Size Used Priority\n");
        assert!(!can_swap(root.path()));
        write(
            "proc/swaps",
            "Filename Type Size Used Priority\n/dev/sda2 partition 1 0 -2\n",
        );
        assert!(can_swap(root.path()));
        write("proc/self/cgroup", "0::/a/b\n");
        assert!(can_swap(root.path()));
        write("sys/fs/cgroup/a/b/memory.swap.max", "max\n");
        assert!(can_swap(root.path()));
        write("sys/fs/cgroup/a/b/memory.swap.max", "0\n");
        assert!(!can_swap(root.path()));
    }
}
