//! The process of a worker, as its supervisor has it.

use std::io::{Read as _, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::time::Duration;
use std::{env, io};

use command_fds::{CommandFdExt as _, FdMapping};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use socketserver::{BoundSocket, Ledger};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::member::{CONTROL, HANDLER, LEDGER, SERVES, SOCKETS, WORKER};

/// What a worker is told: one byte each.
#[derive(Clone, Copy, Debug)]
pub(super) enum Order {
    Kill = b'k' as isize,
    Stop = b's' as isize,
}

/// What is heard of a worker.
#[derive(Debug)]
pub(super) enum Message {
    Ended(u16, ExitStatus),
    Serves(u16),
}

/// A worker that has been started, and has not been heard to have ended.
///
/// It has one end of a pair of sockets. Nothing comes out of that any more when the supervisor is gone, whatever became of
/// it, and the worker stops.
#[derive(Debug)]
pub(super) struct Process {
    id: u32,
    handle: OwnedFd,
    control: UnixStream,
    started: Instant,
}

impl Process {
    /// Starts the worker of this number, of so many.
    pub(super) fn start(
        (worker, workers): (u16, usize),
        handler: &Path,
        ledger: &Ledger,
        sockets: &[&BoundSocket],
        messages: &mpsc::UnboundedSender<Message>,
    ) -> anyhow::Result<Self> {
        let (control, other) = UnixStream::pair()?;
        let mut passed = vec![
            FdMapping {
                parent_fd: other.into(),
                child_fd: CONTROL,
            },
            FdMapping {
                parent_fd: ledger.as_fd().try_clone_to_owned()?,
                child_fd: LEDGER,
            },
        ];
        for (child_fd, socket) in (SOCKETS..).zip(sockets) {
            let parent_fd = socket.as_fd().try_clone_to_owned()?;
            passed.push(FdMapping { parent_fd, child_fd });
        }
        // The file that this process runs, even if there is another by its name now: all workers are of one version.
        let mut command = Command::new("/proc/self/exe");
        command
            .args(env::args_os().skip(1))
            .env(WORKER, format!("{worker}/{workers}"))
            .env(HANDLER, handler)
            // A terminal's interrupt is for the supervisor, which passes it on.
            .process_group(0)
            .fd_mappings(passed)?;
        if let Some(name) = env::args_os().next() {
            command.arg0(name);
        }
        let words = control.try_clone()?;
        let mut child = command.spawn()?;
        // The descriptors that were passed are the worker's alone.
        drop(command);
        let handle = match open(&child) {
            Ok(handle) => handle,
            Err(error) => {
                // Nobody would look after it.
                child.kill()?;
                child.wait()?;
                return Err(error.into());
            }
        };
        let process = Self {
            id: child.id(),
            handle,
            control,
            started: Instant::now(),
        };
        watch(worker, child, words, messages.clone());
        Ok(process)
    }

    pub(super) fn id(&self) -> u32 {
        self.id
    }

    pub(super) fn age(&self) -> Duration {
        self.started.elapsed()
    }

    /// Tells it something. One that has ended, or does not listen, is not waited for.
    pub(super) fn order(&self, order: Order) {
        let _ = (&self.control).write(&[order as u8]);
    }

    /// Ends it by a signal that it cannot disobey.
    pub(super) fn kill(&self) {
        let _ = pidfd_send_signal(&self.handle, Signal::KILL);
    }
}

fn open(child: &Child) -> io::Result<OwnedFd> {
    let id = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let id = id.ok_or(io::ErrorKind::NotFound)?;
    Ok(pidfd_open(id, PidfdFlags::empty())?)
}

/// Reports that the worker serves, and that it has ended.
fn watch(worker: u16, mut child: Child, mut control: UnixStream, messages: mpsc::UnboundedSender<Message>) {
    // Nobody is left to hear it when the supervisor has ended.
    let watch = move || {
        let mut said = [0];
        if control.read_exact(&mut said).is_ok() && said == [SERVES] {
            let _ = messages.send(Message::Serves(worker));
        }
        // Fails only for a child that somebody else has waited for.
        let ended = child.wait().unwrap_or_default();
        let _ = messages.send(Message::Ended(worker, ended));
    };
    drop(tokio::task::spawn_blocking(watch));
}
