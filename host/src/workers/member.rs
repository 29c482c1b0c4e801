//! What a worker has from its supervisor.

use std::ffi::{OsStr, OsString};
use std::io::{Read as _, Write as _};
use std::os::fd::{OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use anyhow::{Context as _, anyhow};
use command_fds::inherited::{init_inherited_fds, take_fd_ownership};
use socketserver::{BoundSocket, Config, Handle, Ledger, Worker};

use crate::exit::{Exit, Failure};

/// The environment variable that makes a process a worker: its number, and how many there are.
pub(crate) const WORKER: &str = "SOCKETSERVER_WORKER";
/// And the one that says which component its supervisor has built.
pub(crate) const HANDLER: &str = "SOCKETSERVER_WORKER_HANDLER";

/// The descriptors that a worker starts with.
pub(super) const CONTROL: RawFd = 3;
pub(super) const LEDGER: RawFd = 4;
/// The first of its sockets, which are in the order of the listeners.
pub(super) const SOCKETS: RawFd = 5;

/// What a worker says when it serves.
pub(super) const SERVES: u8 = b'r';

/// The part that a process has in a server of several.
pub(crate) struct Member {
    index: u16,
    handler: PathBuf,
    control: UnixStream,
}

impl Member {
    /// What the variables [`WORKER`] and [`HANDLER`] say: nothing, unless a supervisor has started this process. Called before
    /// anything else.
    pub(crate) fn join(place: Option<&OsStr>, handler: Option<OsString>) -> Result<Option<Self>, Failure> {
        let Some(place) = place else {
            return Ok(None);
        };
        Self::try_join(place, handler)
            .with_context(|| format!("{WORKER} is for workers that `serve --workers` starts; unset it"))
            .map(Some)
            .map_err(|error| Failure::new(Exit::Usage, error))
    }

    fn try_join(place: &OsStr, handler: Option<OsString>) -> anyhow::Result<Self> {
        #[expect(unsafe_code, reason = "descriptors that a process starts with belong to nobody yet")]
        // SAFETY: nothing has run yet that could own one.
        let inherited = unsafe { init_inherited_fds() };
        inherited.context("descriptors that the process was started with")?;
        let index = place.to_str().and_then(|place| place.split_once('/')?.0.parse().ok());
        Ok(Self {
            index: index.ok_or_else(|| anyhow!("{} is no worker", place.display()))?,
            handler: handler.ok_or_else(|| anyhow!("{HANDLER} is missing"))?.into(),
            control: take(CONTROL)?.into(),
        })
    }

    /// The component that the supervisor has built.
    pub(crate) fn handler(&self) -> PathBuf {
        self.handler.clone()
    }

    /// Makes a configuration that of this worker.
    pub(crate) fn configure(&self, config: &mut Config) -> Result<(), Failure> {
        self.try_configure(config)
            .map_err(|error| Failure::new(Exit::Bug, error))
    }

    fn try_configure(&self, config: &mut Config) -> anyhow::Result<()> {
        let ledger = Ledger::open(take(LEDGER)?, config).context("the books of the supervisor")?;
        let spread = config
            .listen
            .iter()
            .filter(|listen| self.index == 0 || listen.transport().is_spread());
        for (descriptor, listen) in (SOCKETS..).zip(spread) {
            config.bound.offer(BoundSocket::adopt(listen, take(descriptor)?)?);
        }
        config.worker = Some(Worker::new(self.index, ledger));
        Ok(())
    }

    /// Tells the supervisor that this worker serves, and has the server obey what it says from then on.
    pub(crate) fn obey(self, handle: Handle) {
        let mut control = self.control;
        let _ = control.write(&[SERVES]);
        let obey = move || {
            let mut order = [0];
            // The end is that of the supervisor.
            while control.read_exact(&mut order).is_ok() {
                match &order {
                    b"k" => handle.kill(),
                    _ => handle.stop(),
                }
            }
            handle.stop();
        };
        drop(tokio::task::spawn_blocking(obey));
    }
}

fn take(descriptor: RawFd) -> anyhow::Result<OwnedFd> {
    take_fd_ownership(descriptor).with_context(|| format!("descriptor {descriptor}"))
}
