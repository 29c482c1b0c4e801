//! All processes of a server: itself, and what it has started, whether that still lives or not.
//!
//! A server that has a process for each connection spends its time in children, most of which have ended when somebody
//! looks. The kernel adds what a child has used to its parent's account when the parent waits for it, so nothing is lost: what
//! a tree has used is the time of each living process, ended ones that nobody has waited for yet among them, and of all
//! children that each of them has waited for. It takes no privilege. (What a process has left behind that lives on without
//! its parent is not found; no server here does that.)

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use anyhow::{Context as _, Result};
use nix::unistd::{SysconfVar, sysconf};

use super::process::{CpuClock, Memory};

/// The process that was started, and all below it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tree {
    root: i32,
    /// The kernel counts the time of ended children to the nanosecond, and tells it in ticks of 10 ms, rounded down: user and
    /// system time each, so a difference of two readings is wrong by 20 ms at most.
    ticks_per_second: u32,
}

impl Tree {
    pub(super) fn of(root: i32) -> Result<Self> {
        let ticks = sysconf(SysconfVar::CLK_TCK)?.context("the kernel does not tell how long a tick is")?;
        Ok(Self {
            root,
            ticks_per_second: u32::try_from(ticks)?,
        })
    }

    /// The processor time of all of them so far.
    pub(super) fn cpu(self) -> Result<Duration> {
        let stats = stats()?;
        let members = members(self.root, &stats);
        let mut reaped = 0;
        let mut living = Duration::ZERO;
        for member in members {
            reaped += stats.get(&member).map_or(0, |stat| stat.reaped);
            let clock = CpuClock::of(member).and_then(CpuClock::now);
            match clock {
                Ok(time) => living += time,
                // It has ended since, and its parent's account has its time now: the next reading finds it there.
                Err(_) if member != self.root => {}
                Err(error) => return Err(error),
            }
        }
        Ok(living + Duration::from_secs(reaped) / self.ticks_per_second)
    }

    /// The memory of all of them. A page that several share counts for each in `resident`, and once in `proportional`.
    pub(super) fn memory(self) -> Result<Memory> {
        let stats = stats()?;
        let mut sum = Memory::of(self.root)?;
        for member in members(self.root, &stats) {
            // One that ends meanwhile has no memory.
            if member != self.root
                && let Ok(memory) = Memory::of(member)
            {
                sum.add(memory);
            }
        }
        Ok(sum)
    }
}

/// What `/proc/PID/stat` says of one process.
#[derive(Debug, Eq, PartialEq)]
struct Stat {
    parent: i32,
    /// User and system time, in ticks, of all children that it has waited for, and of theirs.
    reaped: u64,
}

impl Stat {
    /// The second field is the program's name in parentheses, and may have anything in it: spaces, and parentheses.
    fn parse(text: &str) -> Option<Self> {
        let (_, rest) = text.rsplit_once(')')?;
        let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
        let ticks = |index: usize| fields.get(index)?.parse::<u64>().ok();
        Some(Self {
            parent: fields.get(1)?.parse().ok()?,
            reaped: ticks(13)? + ticks(14)?,
        })
    }
}

/// All processes of the machine.
fn stats() -> Result<BTreeMap<i32, Stat>> {
    let entries = fs::read_dir("/proc").context("cannot read /proc")?;
    let found = entries.filter_map(|entry| {
        let pid: i32 = entry.ok()?.file_name().to_str()?.parse().ok()?;
        // One that has ended meanwhile has no file.
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        Some((pid, Stat::parse(&stat)?))
    });
    Ok(found.collect())
}

/// The root, and every process whose ancestors lead to it.
fn members(root: i32, stats: &BTreeMap<i32, Stat>) -> Vec<i32> {
    let mut children: BTreeMap<i32, Vec<i32>> = BTreeMap::new();
    for (pid, stat) in stats {
        children.entry(stat.parent).or_default().push(*pid);
    }
    let mut members = vec![root];
    let mut next = 0;
    while let Some(member) = members.get(next) {
        members.extend(children.remove(member).unwrap_or_default());
        next += 1;
    }
    members
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader};
    use std::process::{Child, Command, Stdio};

    use super::*;

    #[test]
    fn a_name_may_have_anything_in_it() {
        let line = "42 (a) b (c)) S 7 42 42 0 -1 4194560 1 2 3 4 10 20 300 4000 20 0 1 0 5 6 7";
        assert_eq!(
            Stat::parse(line),
            Some(Stat {
                parent: 7,
                reaped: 4300
            })
        );
        assert_eq!(Stat::parse("42 (a) S"), None);
        assert_eq!(Stat::parse(""), None);
    }

    #[test]
    fn grandchildren_are_members_and_strangers_are_not() {
        let stat = |parent| Stat { parent, reaped: 0 };
        let stats = BTreeMap::from([
            (1, stat(0)),
            (2, stat(1)),
            (3, stat(2)),
            (4, stat(3)),
            (5, stat(1)),
            (6, stat(2)),
        ]);
        assert_eq!(members(2, &stats), [2, 3, 6, 4]);
        assert_eq!(members(9, &stats), [9]);
    }

    /// A shell that runs a script, says `ready`, and waits until it is dropped.
    struct Shell(Child);

    impl Shell {
        fn run(script: &str) -> Self {
            let mut child = Command::new("sh")
                .args(["-c", &format!("{script}\necho ready\nread wait")])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let mut line = String::new();
            BufReader::new(child.stdout.as_mut().unwrap())
                .read_line(&mut line)
                .unwrap();
            assert_eq!(line, "ready\n");
            Self(child)
        }

        fn id(&self) -> i32 {
            i32::try_from(self.0.id()).unwrap()
        }
    }

    impl Drop for Shell {
        fn drop(&mut self) {
            drop(self.0.stdin.take());
            let _ = self.0.wait();
        }
    }

    /// Some tenths of a second, beside which a tick is little.
    const BUSY: &str = "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done";

    #[test]
    fn children_that_have_ended_are_charged() {
        let shell = Shell::run(&format!("({BUSY})"));
        let own = CpuClock::of(shell.id()).unwrap().now().unwrap();
        let all = Tree::of(shell.id()).unwrap().cpu().unwrap();
        assert!(all > 5 * own, "{all:?} in all, {own:?} of its own");
    }

    #[test]
    fn grandchildren_that_live_are_charged() {
        // The inner shell stays until the outer one's input ends.
        let shell = Shell::run(&format!(
            "mark=$(mktemp -u); ({BUSY}; : > \"$mark\"; sleep 60) & inner=$!\n\
             while [ ! -e \"$mark\" ]; do sleep 0.01; done; rm \"$mark\"\n\
             trap 'kill $inner' EXIT"
        ));
        let own = CpuClock::of(shell.id()).unwrap().now().unwrap();
        let tree = Tree::of(shell.id()).unwrap();
        let all = tree.cpu().unwrap();
        assert!(all > 2 * own, "{all:?} in all, {own:?} of its own");
        let alone = Memory::of(shell.id()).unwrap();
        assert!(tree.memory().unwrap().total() > alone.total());
    }

    #[test]
    fn a_process_that_is_not_there_is_an_error() {
        let shell = Shell::run("true");
        let tree = Tree::of(shell.id()).unwrap();
        drop(shell);
        assert!(tree.cpu().is_err());
        assert!(tree.memory().is_err());
    }
}
