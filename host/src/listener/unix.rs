//! Unix sockets: paths and abstract names, and the connections of those that make some.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustix::fs::{CWD, FlockOperation, Mode, OFlags, fchmod, flock, openat};
use rustix::io::Errno;
use rustix::net::sockopt::socket_peercred;
use rustix::net::{SocketAddrAny, SocketAddrUnix};
use socket2::{Domain, SockAddr, Socket, Type};
use tokio::io::unix::AsyncFd;
use tokio::time::Instant;

use super::bound::BoundSocket;
use super::datagrams::local;
use super::packets::Packets;
use super::stream::Stream;
use super::{BindProblem, Io};
use crate::address::{Address, Remote, Transport, UnixName};

/// What a socket carries.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// Datagrams, without connections.
    Datagram,
    /// Connections that keep the boundaries of messages.
    Packet,
    Stream,
}

impl Kind {
    fn new_socket(self) -> io::Result<Socket> {
        let kind = match self {
            Self::Datagram => Type::DGRAM,
            Self::Packet => Type::SEQPACKET,
            Self::Stream => Type::STREAM,
        };
        let socket = Socket::new(Domain::UNIX, kind, None)?;
        if kind == Type::DGRAM {
            local::prepare(&socket)?;
        }
        socket.set_nonblocking(true)?;
        Ok(socket)
    }

    fn listen(self, socket: &Socket, backlog: i32) -> io::Result<()> {
        match self {
            Self::Datagram => Ok(()),
            Self::Packet | Self::Stream => socket.listen(backlog),
        }
    }
}

/// Binds a socket, and listens where there are connections to listen for. The file, if the name is one, is removed when it
/// is dropped.
pub(super) async fn bind(
    kind: Kind,
    name: &UnixName,
    mode: u32,
    backlog: u32,
) -> Result<(Socket, Option<SocketFile>), BindProblem> {
    let backlog = i32::try_from(backlog).unwrap_or(i32::MAX);
    match name {
        UnixName::Path(path) => {
            let (socket, file) = bind_path(kind, path, mode, backlog).await?;
            Ok((socket, Some(file)))
        }
        UnixName::Abstract(name) => bind_abstract(kind, name, backlog).map(|socket| (socket, None)),
    }
}

/// Takes the next connection.
pub(super) fn accept(listening: &AsyncFd<Arc<BoundSocket>>) -> io::Result<(Box<dyn Io>, Remote)> {
    let (stream, address) = super::accept(listening)?;
    let remote = Remote {
        address: Address::Unix(address.and_then(name_of)),
        uid: socket_peercred(&stream)
            .ok()
            .map(|credentials| credentials.uid.as_raw()),
    };
    let io: Box<dyn Io> = match listening.get_ref().local_address().transport {
        Transport::UnixPacket => Box::new(Packets::new(stream)?),
        _ => Box::new(Stream::new(stream)),
    };
    Ok((io, remote))
}

pub(super) fn name_of(address: SocketAddrAny) -> Option<UnixName> {
    let address = SocketAddrUnix::try_from(address).ok()?;
    if let Some(path) = address.path_bytes() {
        return Some(UnixName::Path(OsStr::from_bytes(path).into()));
    }
    // A socket without a name, as a client's usually is, comes as an empty one.
    let name = address.abstract_name().filter(|name| !name.is_empty());
    name.map(|name| UnixName::Abstract(name.to_owned()))
}

fn bind_abstract(kind: Kind, name: &[u8], backlog: i32) -> Result<Socket, BindProblem> {
    let address = [b"\0", name].concat();
    let socket = kind.new_socket()?;
    socket.bind(&SockAddr::unix(OsStr::from_bytes(&address))?)?;
    kind.listen(&socket, backlog)?;
    Ok(socket)
}

/// Binds a path. A socket file that nobody answers on, left by a process that was killed, is replaced.
async fn bind_path(kind: Kind, path: &Path, mode: u32, backlog: i32) -> Result<(Socket, SocketFile), BindProblem> {
    // Two servers that start together must not each take the other's new socket for a stale one, so looking and binding
    // happen under a lock on the folder.
    let _folder = lock(path).await?;
    remove_stale(path)?;
    let socket = kind.new_socket()?;
    // Linux gives the socket file the mode of the socket less the umask, so the file never has more permissions than it
    // shall have, not even for a moment.
    fchmod(&socket, Mode::from_raw_mode(mode))?;
    socket.bind(&SockAddr::unix(path)?).map_err(in_folder(path))?;
    let file = SocketFile::at(path)?;
    file.set_mode(mode)?;
    kind.listen(&socket, backlog)?;
    Ok((socket, file))
}

/// Locks the folder of a path, for as long as the file is open that is returned. Whoever may read the folder may lock it, so
/// the wait has an end.
async fn lock(path: &Path) -> Result<File, BindProblem> {
    let folder = File::open(folder_of(path)).map_err(in_folder(path))?;
    let deadline = Instant::now() + MAX_LOCKED;
    loop {
        match flock(&folder, FlockOperation::NonBlockingLockExclusive) {
            Err(Errno::WOULDBLOCK) if Instant::now() < deadline => tokio::time::sleep(LOCKED_PAUSE).await,
            Err(Errno::WOULDBLOCK) => return Err(BindProblem::Locked(folder_of(path).to_owned())),
            locked => {
                locked?;
                return Ok(folder);
            }
        }
    }
}

/// Another server holds the lock for as long as it takes to bind.
const MAX_LOCKED: Duration = Duration::from_secs(5);
const LOCKED_PAUSE: Duration = Duration::from_millis(5);

/// The folder of an absolute path, as the path of a listener is.
fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(path)
}

fn in_folder(path: &Path) -> impl Fn(io::Error) -> BindProblem {
    let folder = folder_of(path).display().to_string();
    move |error| match error.kind() {
        io::ErrorKind::NotFound => BindProblem::System(io::Error::new(
            error.kind(),
            format!("the folder {folder} does not exist"),
        )),
        _ => error.into(),
    }
}

fn remove_stale(path: &Path) -> Result<(), BindProblem> {
    let metadata = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    if !metadata.file_type().is_socket() {
        return Err(BindProblem::NotASocket(path.to_owned()));
    }
    let socket = Kind::Stream.new_socket()?;
    match socket.connect(&SockAddr::unix(path)?) {
        // Only this error says that no socket is bound to the file (unix(7)); a full backlog, say, is somebody's, and not
        // waited for.
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Ok(fs::remove_file(path)?),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Err(BindProblem::Permission),
        _ => Err(BindProblem::InUse),
    }
}

/// The file of a bound socket. Removed when dropped, unless somebody has put another file in its place.
#[derive(Debug)]
pub(super) struct SocketFile {
    path: PathBuf,
    identity: (u64, u64),
}

impl SocketFile {
    fn at(path: &Path) -> io::Result<Self> {
        Ok(Self {
            path: path.to_owned(),
            identity: Self::identity(path)?,
        })
    }

    /// Gives the file the permissions that the umask has taken from it. Whoever owns the folder could put another file in its
    /// place meanwhile, or a link to one, which keeps its own.
    fn set_mode(&self, mode: u32) -> io::Result<()> {
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = File::from(openat(CWD, &self.path, flags, Mode::empty())?);
        let metadata = file.metadata()?;
        if (metadata.dev(), metadata.ino()) != self.identity {
            return Err(io::ErrorKind::AddrInUse.into());
        }
        if metadata.mode() & 0o7777 == mode {
            return Ok(());
        }
        let own = format!("/proc/self/fd/{}", file.as_raw_fd());
        fs::set_permissions(own, fs::Permissions::from_mode(mode))
    }

    fn identity(path: &Path) -> io::Result<(u64, u64)> {
        fs::symlink_metadata(path).map(|metadata| (metadata.dev(), metadata.ino()))
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if Self::identity(&self.path).is_ok_and(|identity| identity == self.identity) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn bind(path: &Path) -> Result<(Socket, Option<SocketFile>), BindProblem> {
        super::bind(Kind::Stream, &UnixName::Path(path.to_owned()), 0o640, 1).await
    }

    #[tokio::test]
    async fn a_stale_socket_is_replaced_and_a_live_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        assert!(path.exists(), "std leaves the file of a closed listener");

        let live = bind(&path).await.unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
        assert!(matches!(bind(&path).await, Err(BindProblem::InUse)));
        drop(live);
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn a_file_that_is_no_socket_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        fs::write(&path, "precious").unwrap();
        assert!(matches!(bind(&path).await, Err(BindProblem::NotASocket(_))));
        assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
    }

    #[tokio::test]
    async fn a_file_that_took_our_place_keeps_its_permissions() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        let (_socket, file) = bind(&path).await.unwrap();
        let precious = folder.path().join("precious");
        fs::write(&precious, "").unwrap();
        let before = fs::metadata(&precious).unwrap().permissions();
        fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink(&precious, &path).unwrap();
        assert!(file.unwrap().set_mode(0o666).is_err());
        assert_eq!(fs::metadata(&precious).unwrap().permissions(), before);
    }

    #[tokio::test]
    async fn a_file_that_took_our_place_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        let listener = bind(&path).await.unwrap();
        fs::remove_file(&path).unwrap();
        fs::write(&path, "precious").unwrap();
        drop(listener);
        assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
    }

    #[tokio::test]
    async fn a_socket_whose_backlog_is_full_is_in_use() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        let _live = bind(&path).await.unwrap();
        let mut peers = Vec::new();
        loop {
            let peer = Kind::Stream.new_socket().unwrap();
            match peer.connect(&SockAddr::unix(&path).unwrap()) {
                Ok(()) => peers.push(peer),
                Err(error) => break assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
            }
        }
        assert!(matches!(bind(&path).await, Err(BindProblem::InUse)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_folder_that_stays_locked_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let lock = File::open(folder.path()).unwrap();
        flock(&lock, FlockOperation::LockShared).unwrap();
        let path = folder.path().join("s");
        assert!(matches!(bind(&path).await, Err(BindProblem::Locked(_))));
        flock(&lock, FlockOperation::Unlock).unwrap();
        assert!(bind(&path).await.is_ok());
    }
}
