//! What the kernel has charged to another process, and what it allows this one.

use std::fs;
use std::time::Duration;

use anyhow::{Context as _, Result};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::time::{ClockId, clock_gettime};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

/// The processor time of a process.
///
/// `/proc/PID/stat` counts ticks of 10 ms, too coarse for a second's measurement. This clock sums what the scheduler has
/// charged to every thread, ended ones too, in nanoseconds. A thread that is running at the moment is brought up to date
/// at its next switch or timer tick, so a reading may be short by up to 4 ms.
#[derive(Clone, Copy, Debug)]
pub(super) struct CpuClock(ClockId);

impl CpuClock {
    pub(super) fn of(pid: i32) -> Result<Self> {
        let clock = ClockId::pid_cpu_clock_id(Pid::from_raw(pid));
        Ok(Self(clock.with_context(|| format!("process {pid} has no clock"))?))
    }

    pub(super) fn now(self) -> Result<Duration> {
        let time = clock_gettime(self.0).context("cannot read the clock of the server: has it ended?")?;
        Ok(time.into())
    }
}

/// The memory of a process, in KiB.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(super) struct Memory {
    /// Resident pages, each counted as often as it is mapped: a page that a thousand sandboxes share counts a thousand
    /// times, so this is the most that the process can be blamed for.
    pub(super) resident: u64,
    /// The same, but a page that is mapped a thousand times counts once.
    pub(super) proportional: u64,
    /// Page tables, which no count of pages contains.
    pub(super) page_tables: u64,
}

impl Memory {
    pub(super) fn of(pid: i32) -> Result<Self> {
        // Not `VmRSS` of `status`: it is summed from counters for each processor that lag behind.
        let rollup = read(pid, "smaps_rollup")?;
        let status = read(pid, "status")?;
        Ok(Self {
            resident: field(&rollup, "Rss")?,
            proportional: field(&rollup, "Pss")?,
            page_tables: field(&status, "VmPTE")?,
        })
    }

    pub(super) fn add(&mut self, other: Self) {
        self.resident += other.resident;
        self.proportional += other.proportional;
        self.page_tables += other.page_tables;
    }

    pub(super) fn total(self) -> u64 {
        self.resident + self.page_tables
    }
}

fn read(pid: i32, file: &str) -> Result<String> {
    let path = format!("/proc/{pid}/{file}");
    fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))
}

/// The number in a line such as `Rss:    1600 kB`.
fn field(text: &str, name: &str) -> Result<u64> {
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let number = value.and_then(|value| value.trim().strip_suffix("kB")?.trim().parse().ok());
    number.with_context(|| format!("the kernel reports no `{name}`"))
}

/// Raises the limit of open files as far as an unprivileged process may.
pub(super) fn allow_many_connections() -> Result<()> {
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(Resource::RLIMIT_NOFILE, most, most).context("cannot raise the limit of open files")
}

/// How many connections a process may have open, by its limit of open files.
pub(super) fn most_connections() -> Result<u32> {
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE)?;
    Ok(u32::try_from(most)
        .unwrap_or(u32::MAX)
        .saturating_sub(OTHER_FILES)
        .min(PORTS))
}

/// What a process has open beside its connections, generously.
const OTHER_FILES: u32 = 250;

/// Where nothing limits files, the run must still end.
const PORTS: u32 = 100_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_found_by_its_whole_name() {
        let text = "Pss_Dirty:   12 kB\nPss:     314 kB\nThreads:\t1\n";
        assert_eq!(field(text, "Pss").unwrap(), 314);
        assert!(field(text, "Threads").is_err());
        assert!(field(text, "Rss").is_err());
    }

    #[test]
    fn the_clock_of_this_process_runs() {
        let pid = i32::try_from(std::process::id()).unwrap();
        assert!(CpuClock::of(pid).unwrap().now().unwrap() > Duration::ZERO);
        assert!(Memory::of(pid).unwrap().total() > 0);
    }
}
