//! Datagrams between processes of one machine, with the user who sent them.

use std::io::{self, IoSliceMut};
use std::mem::MaybeUninit;

use rustix::io::retry_on_intr;
use rustix::net::sockopt::set_socket_passcred;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendFlags, SocketAddrUnix, recvmsg, sendto,
};
use socket2::Socket;

use super::super::unix::name_of;
use super::Datagram;
use crate::address::UnixName;

/// Who sent a datagram.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Origin {
    pub(super) name: Option<UnixName>,
    pub(super) uid: Option<u32>,
}

/// Makes the kernel say which user sent a datagram.
pub(in super::super) fn prepare(socket: &Socket) -> io::Result<()> {
    Ok(set_socket_passcred(socket, true)?)
}

pub(super) fn receive(socket: &Socket, room: &mut [u8]) -> io::Result<Datagram> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmCredentials(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let received = retry_on_intr(|| {
        // Files that a peer attaches find no room, and are closed by the kernel.
        recvmsg(socket, &mut [IoSliceMut::new(room)], &mut control, RecvFlags::DONTWAIT)
    })?;
    let uid = control.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmCredentials(credentials) => Some(credentials.uid.as_raw()),
        _ => None,
    });
    Ok(Datagram {
        data: room[..received.bytes].to_vec(),
        truncated: received.flags.contains(ReturnFlags::TRUNC),
        origin: super::Origin::Unix(Origin {
            name: received.address.and_then(name_of),
            uid,
        }),
    })
}

pub(super) fn send(socket: &Socket, data: &[u8], origin: &Origin) -> io::Result<()> {
    let to = match &origin.name {
        None => return Err(io::ErrorKind::InvalidInput.into()),
        Some(UnixName::Abstract(name)) => SocketAddrUnix::new_abstract_name(name)?,
        Some(UnixName::Path(path)) => SocketAddrUnix::new(path)?,
    };
    retry_on_intr(|| sendto(socket, data, SendFlags::DONTWAIT | SendFlags::NOSIGNAL, &to))?;
    Ok(())
}
