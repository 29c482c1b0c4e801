//! Which core serves and which one makes the load, so that neither takes time from the other.

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command};

use anyhow::{Context as _, Result};
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

/// The cores of a benchmark: one for the server, one for the client, on a machine of any size, so that results of
/// machines compare.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cores {
    /// `None` on a machine with a single core: nothing is pinned, and the server's CPU time is all that means anything.
    pinned: Option<Pinned>,
}

#[derive(Clone, Copy, Debug)]
struct Pinned {
    server: usize,
    client: usize,
}

impl Cores {
    /// Chooses among the cores that this process may use.
    pub(super) fn choose() -> Result<Self> {
        let allowed = sched_getaffinity(Pid::from_raw(0)).context("cannot ask which cores may be used")?;
        let cores: Vec<usize> = (0..CpuSet::count())
            .filter(|core| allowed.is_set(*core).unwrap_or(false))
            .collect();
        let pinned = cores.split_first().and_then(|(&server, others)| {
            // Two threads of one physical core share its caches and execution units, so another core comes first.
            let apart = others.iter().find(|core| siblings(**core) != siblings(server));
            let &client = apart.or_else(|| others.first())?;
            Some(Pinned { server, client })
        });
        Ok(Self { pinned })
    }

    /// Starts a process that stays on the core for servers, with all of its threads.
    pub(super) fn spawn_server(self, command: &mut Command) -> Result<Child> {
        spawn(command, self.pinned.map(|cores| cores.server))
    }

    /// Starts a process that stays on the core for clients.
    pub(super) fn spawn_client(self, command: &mut Command) -> Result<Child> {
        spawn(command, self.pinned.map(|cores| cores.client))
    }

    /// For the report.
    pub(super) fn describe(self) -> String {
        match self.pinned {
            None => "one core for server and client".into(),
            Some(Pinned { server, client }) => {
                let shared = if siblings(server).is_some() && siblings(server) == siblings(client) {
                    " (of one physical core)"
                } else {
                    ""
                };
                format!("server on core {server}, client on core {client}{shared}")
            }
        }
    }
}

/// The threads of the physical core that `core` belongs to, in the kernel's words; unknown where there is no sysfs.
fn siblings(core: usize) -> Option<String> {
    fs::read_to_string(format!(
        "/sys/devices/system/cpu/cpu{core}/topology/thread_siblings_list"
    ))
    .ok()
}

/// A child inherits the affinity of the thread that starts it. So a thread pins itself, starts the child and ends:
/// pinning the child afterwards would come too late for a runtime that counts its cores first. The child leads a process
/// group, so that all that it starts in turn can be found.
fn spawn(command: &mut Command, core: Option<usize>) -> Result<Child> {
    let name = command.get_program().to_owned();
    let spawn = || -> Result<Child> {
        if let Some(core) = core {
            let mut only = CpuSet::new();
            only.set(core)?;
            sched_setaffinity(Pid::from_raw(0), &only)?;
        }
        Ok(command.process_group(0).spawn()?)
    };
    let joined = std::thread::scope(|scope| scope.spawn(spawn).join());
    let Ok(child) = joined else {
        anyhow::bail!("the thread that starts processes panicked")
    };
    child.with_context(|| format!("cannot start {}", name.display()))
}
