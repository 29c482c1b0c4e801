//! What the machine has, as far as this process may use it.

use std::fs;
use std::path::{Path, PathBuf};

use rustix::process::{Resource, getrlimit};

/// What there is only so much of. `None` is no bound, or none that can be found out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Machine {
    pub(super) open_files: Option<u64>,
    pub(super) mappings: Option<u64>,
    /// Bytes that could be had now.
    pub(super) memory: Option<u64>,
}

impl Machine {
    pub(super) fn look() -> Self {
        Self {
            open_files: getrlimit(Resource::Nofile).maximum,
            mappings: number(Path::new("/proc/sys/vm/max_map_count")),
            memory: memory(),
        }
    }
}

/// What is available of the machine's memory, and of that of each control group that this process is in.
fn memory() -> Option<u64> {
    let meminfo = fs::read_to_string("/proc/meminfo").ok()?;
    let available = kibibytes(&meminfo, "MemAvailable")?;
    let groups = group().into_iter().flat_map(|group| {
        let limits: Vec<_> = group.ancestors().filter_map(left_in).collect();
        limits
    });
    groups.chain([available]).min()
}

/// The control group of this process.
fn group() -> Option<PathBuf> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let path = groups.lines().find_map(|line| line.strip_prefix("0::/"))?;
    Some(Path::new("/sys/fs/cgroup").join(path))
}

/// What a group may still take.
fn left_in(group: &Path) -> Option<u64> {
    let max = number(&group.join("memory.max"))?;
    let current = number(&group.join("memory.current")).unwrap_or(0);
    Some(max.saturating_sub(current))
}

fn number(path: &Path) -> Option<u64> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

/// The bytes in a line such as `Pss:    1600 kB`.
fn kibibytes(text: &str, name: &str) -> Option<u64> {
    let value = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    let number: u64 = value.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(number << 10)
}

/// The memory of this process, in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Memory {
    /// Pages, of which one that several processes or mappings share counts once among them.
    proportional: u64,
    page_tables: u64,
}

impl Memory {
    pub(super) fn own() -> Option<Self> {
        // Not `VmRSS` of `status`: it is summed from counters for each processor that lag behind.
        let rollup = fs::read_to_string("/proc/self/smaps_rollup").ok()?;
        let status = fs::read_to_string("/proc/self/status").ok()?;
        Some(Self {
            proportional: kibibytes(&rollup, "Pss")?,
            page_tables: kibibytes(&status, "VmPTE")?,
        })
    }

    pub(super) fn total(self) -> u64 {
        self.proportional + self.page_tables
    }
}

/// Listeners, the runtime, the log.
pub(super) const OPEN_FILES_OF_PROCESS: u64 = 64;

/// What a process has on x86-64 and on most arm64, but for what lies around its own code.
pub(super) const ADDRESS_SPACE: u64 = (128 << 40) - (1 << 40);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_found_by_its_whole_name() {
        let text = "Pss_Dirty:   12 kB\nPss:     314 kB\nThreads:\t1\n";
        assert_eq!(kibibytes(text, "Pss"), Some(314 << 10));
        assert_eq!(kibibytes(text, "Threads"), None);
    }

    #[test]
    fn this_machine_has_something() {
        assert!(Machine::look().memory.unwrap() > 0);
        assert!(Memory::own().unwrap().total() > 0);
    }
}
