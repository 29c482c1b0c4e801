//! Datagrams over IPv4 and IPv6, with the address that they were sent to.
//!
//! A server on every interface answers from the address that it was asked at, or the peer would not know the answer.

use std::io::{self, IoSlice, IoSliceMut};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::AsRawFd as _;

use nix::libc::{in_addr, in_pktinfo, in6_addr, in6_pktinfo};
use nix::sys::socket::sockopt::{Ipv4PacketInfo, Ipv6RecvPacketInfo, RxqOvfl};
use nix::sys::socket::{ControlMessage, ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, sendmsg, setsockopt};
use socket2::Socket;

use super::{Datagram, Dropped};

/// Who sent a datagram, and to which address of this machine.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Origin {
    pub(super) remote: SocketAddr,
    /// Where it was sent to, unless the socket is bound to one address, which is that.
    pub(super) to: Option<To>,
}

/// An address of this machine.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum To {
    /// `from` is what an answer has as its source: another address when the datagram was sent to a group.
    V4 {
        to: Ipv4Addr,
        from: Ipv4Addr,
    },
    V6 {
        to: Ipv6Addr,
        interface: u32,
    },
}

impl To {
    pub(super) fn ip(self) -> std::net::IpAddr {
        match self {
            Self::V4 { to, .. } => to.into(),
            Self::V6 { to, .. } => to.to_canonical(),
        }
    }
}

/// Makes a socket tell where datagrams were sent to, where it has several addresses, and how many were dropped.
pub(super) fn prepare(socket: &Socket, address: SocketAddr) -> io::Result<()> {
    setsockopt(socket, RxqOvfl, &1)?;
    if !address.ip().is_unspecified() {
        return Ok(());
    }
    match address {
        SocketAddr::V4(_) => setsockopt(socket, Ipv4PacketInfo, &true)?,
        SocketAddr::V6(_) => setsockopt(socket, Ipv6RecvPacketInfo, &true)?,
    }
    Ok(())
}

pub(super) fn receive(socket: &Socket, room: &mut [u8], dropped: &mut Dropped) -> io::Result<Datagram> {
    let mut control = nix::cmsg_space!(u32, in_pktinfo, in6_pktinfo);
    let mut parts = [IoSliceMut::new(room)];
    let received = recvmsg::<SockaddrStorage>(
        socket.as_raw_fd(),
        &mut parts,
        Some(&mut control),
        MsgFlags::MSG_DONTWAIT,
    )?;
    // The kernel does not say 0.
    let (mut to, mut count) = (None, 0);
    for message in received.cmsgs()? {
        match message {
            ControlMessageOwned::RxqOvfl(all) => count = all,
            ControlMessageOwned::Ipv4PacketInfo(info) => {
                to = Some(To::V4 {
                    to: v4(info.ipi_addr),
                    from: v4(info.ipi_spec_dst),
                });
            }
            ControlMessageOwned::Ipv6PacketInfo(info) => {
                to = Some(To::V6 {
                    to: info.ipi6_addr.s6_addr.into(),
                    interface: info.ipi6_ifindex,
                });
            }
            _ => {}
        }
    }
    dropped.see(count);
    let (bytes, truncated) = (received.bytes, received.flags.contains(MsgFlags::MSG_TRUNC));
    let remote = received.address.and_then(socket_address);
    // The kernel knows who sent what it delivers; this is for one that does not.
    let remote = remote.ok_or(io::ErrorKind::ConnectionAborted)?;
    Ok(Datagram {
        data: room[..bytes].to_vec(),
        truncated,
        origin: super::Origin::Ip(Origin { remote, to }),
    })
}

/// A raw socket gets IPv4 packets with their header (`raw(7)`), and IPv6 packets without.
pub(super) fn without_header(mut packet: Datagram, max: usize) -> Datagram {
    if let super::Origin::Ip(origin) = &mut packet.origin {
        // The kernel shows the protocol where others have a port.
        origin.remote.set_port(0);
        if origin.remote.is_ipv4() {
            // RFC 791: the header's length in words of 32 bits is the lower half of its first byte.
            let header = packet.data.first().map_or(0, |first| usize::from(first & 0x0f) * 4);
            packet.data.drain(..header.min(packet.data.len()));
        }
    }
    packet.truncated |= packet.data.len() > max;
    packet.data.truncate(max);
    packet
}

/// The longest header of an IPv4 packet, with options (RFC 791).
pub(super) const MAX_HEADER: usize = 60;

pub(super) fn send(socket: &Socket, data: &[u8], origin: &Origin) -> io::Result<()> {
    let (info_v4, info_v6);
    let control = match origin.to {
        Some(To::V4 { from, .. }) => {
            info_v4 = in_pktinfo {
                ipi_ifindex: 0,
                ipi_spec_dst: in_addr {
                    s_addr: u32::from_ne_bytes(from.octets()),
                },
                ipi_addr: in_addr { s_addr: 0 },
            };
            Some(ControlMessage::Ipv4PacketInfo(&info_v4))
        }
        // A group is no source: the kernel chooses one.
        Some(To::V6 { to, .. }) if is_group(to) => None,
        Some(To::V6 { to, interface }) => {
            info_v6 = in6_pktinfo {
                ipi6_addr: in6_addr { s6_addr: to.octets() },
                ipi6_ifindex: if to.is_unicast_link_local() { interface } else { 0 },
            };
            Some(ControlMessage::Ipv6PacketInfo(&info_v6))
        }
        None => None,
    };
    let remote = SockaddrStorage::from(origin.remote);
    sendmsg(
        socket.as_raw_fd(),
        &[IoSlice::new(data)],
        control.as_slice(),
        MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL,
        Some(&remote),
    )?;
    Ok(())
}

/// Whether it stands for several machines. A socket for IPv6 and IPv4 gets those of IPv4 too.
fn is_group(address: Ipv6Addr) -> bool {
    match address.to_ipv4_mapped() {
        Some(v4) => v4.is_multicast() || v4.is_broadcast(),
        None => address.is_multicast(),
    }
}

fn v4(address: in_addr) -> Ipv4Addr {
    address.s_addr.to_ne_bytes().into()
}

fn socket_address(address: SockaddrStorage) -> Option<SocketAddr> {
    let v4 = address.as_sockaddr_in().map(|v4| SocketAddr::V4((*v4).into()));
    v4.or_else(|| address.as_sockaddr_in6().map(|v6| SocketAddr::V6((*v6).into())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(remote: &str, data: &[u8]) -> Datagram {
        Datagram {
            data: data.to_vec(),
            truncated: false,
            origin: super::super::Origin::Ip(Origin {
                remote: remote.parse().unwrap(),
                to: None,
            }),
        }
    }

    #[test]
    fn the_header_is_taken_off_where_there_is_one() {
        let mut bytes = [0; 24 + 3];
        bytes[0] = 0x46;
        bytes[24..].copy_from_slice(b"abc");
        assert_eq!(without_header(packet("10.0.0.1:1", &bytes), 9).data, b"abc");
        assert_eq!(without_header(packet("[::1]:58", b"abc"), 9).data, b"abc");
    }

    #[test]
    fn a_message_is_cut_after_its_header_is_off() {
        let mut bytes = [7; 20 + 3];
        bytes[0] = 0x45;
        let cut = without_header(packet("10.0.0.1:1", &bytes), 2);
        assert!(cut.truncated);
        assert_eq!(cut.data, [7, 7]);
    }

    #[test]
    fn a_header_that_lies_takes_no_more_than_there_is() {
        assert_eq!(without_header(packet("10.0.0.1:1", &[0x4f, 1]), 9).data, []);
        assert_eq!(without_header(packet("10.0.0.1:1", &[]), 9).data, []);
    }
}
