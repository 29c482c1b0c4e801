//! A connected socket that keeps the boundaries of messages (`SOCK_SEQPACKET`).

use std::io;
use std::mem::MaybeUninit;
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::task::{Context, Poll};

use rustix::io::{Errno, retry_on_intr};
use rustix::net::sockopt::set_socket_passcred;
use rustix::net::{RecvAncillaryBuffer, RecvFlags, recv, recvmsg};
use tokio::io::ReadBuf;

use super::stream::{Done, Stream};
use super::{Io, MAX_RECEIVE};
use crate::address::Address;

/// Messages over a connected socket: whole ones, or an error, and never a part.
pub(super) struct Packets(Stream);

impl Packets {
    /// # Errors
    ///
    /// The socket is not a Unix socket.
    pub(super) fn new(socket: OwnedFd) -> io::Result<Self> {
        set_socket_passcred(&socket, true)?;
        Ok(Self(Stream::new(socket)))
    }
}

impl Io for Packets {
    /// `EMSGSIZE` when the message does not fit. It stays, unless none could ever have room for it.
    fn poll_receive(&self, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.0.poll_fill(cx, buffer, receive)
    }

    fn poll_send(&self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.0.poll_send(cx, bytes)
    }

    fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_readable(cx)
    }

    fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_writable(cx)
    }

    fn local_address(&self) -> Option<Address> {
        self.0.local_address()
    }

    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.0.shutdown(how)
    }

    fn abort_on_close(&self) {
        self.0.abort_on_close();
    }
}

fn receive(socket: &OwnedFd, room: &mut [MaybeUninit<u8>]) -> io::Result<Done> {
    let length = next_length(socket)?;
    if length > room.len() {
        if length > MAX_RECEIVE {
            skip(socket)?;
        }
        return Err(Errno::MSGSIZE.into());
    }
    let bytes = if length > 0 {
        retry_on_intr(|| recv(socket, &mut *room, RecvFlags::empty()).map(|(_, bytes)| bytes))?
    } else if has_ended(socket)? {
        0
    } else {
        // An empty message would be taken for the end of the stream. The caller tries again, when others have had their
        // turn: a peer may send nothing but these.
        skip(socket)?;
        return Err(io::ErrorKind::Interrupted.into());
    };
    Ok(Done {
        bytes,
        exhausted: false,
    })
}

/// With `MSG_TRUNC` the length is that of the message, however much of it there is room for.
fn next_length(socket: &OwnedFd) -> io::Result<usize> {
    let (_, length) = retry_on_intr(|| recv(socket, &mut [0; 0][..], RecvFlags::PEEK | RecvFlags::TRUNC))?;
    Ok(length)
}

fn skip(socket: &OwnedFd) -> io::Result<()> {
    retry_on_intr(|| recv(socket, &mut [0; 0][..], RecvFlags::empty()))?;
    Ok(())
}

/// Whether a receive of no byte is the end rather than an empty message: a message comes with the credentials of its
/// sender, and the end with nothing.
fn has_ended(socket: &OwnedFd) -> io::Result<bool> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmCredentials(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    retry_on_intr(|| recvmsg(socket, &mut [], &mut control, RecvFlags::PEEK))?;
    Ok(control.drain().next().is_none())
}
