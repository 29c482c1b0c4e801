//! The answering side of `ping`.

mod checksum;

use std::net::SocketAddr;

use socketserver_guest::{Address, DatagramHandler, DatagramRequest, Result};

use crate::checksum::checksum;

/// RFC 792, "Echo or Echo Reply Message".
const ECHO: u8 = 8;
const ECHO_REPLY: u8 = 0;

/// RFC 4443, section 4.
const ECHO_V6: u8 = 128;
const ECHO_REPLY_V6: u8 = 129;

/// Answers echo requests.
#[derive(Default)]
struct IcmpEcho;

impl DatagramHandler for IcmpEcho {
    fn handle(&mut self, request: &mut DatagramRequest) -> Result {
        // Both RFCs have all of the data returned, so there is no answer to a part of it.
        if request.is_truncated() {
            return Ok(());
        }
        let reply = match request.remote_address() {
            Address::Ip(SocketAddr::V4(_)) => reply(request.data()),
            Address::Ip(SocketAddr::V6(_)) => reply_v6(request.data()),
            Address::Unix(_) => None,
        };
        request.wfile = reply.unwrap_or_default();
        Ok(())
    }
}

/// Everything but the first four bytes, type, code and checksum, goes back as it came: the identifier and the sequence
/// number, which a request must have, and the data.
fn reply(message: &[u8]) -> Option<Vec<u8>> {
    let [ECHO, 0, _, _, rest @ ..] = message else {
        return None;
    };
    // A raw socket gets messages before the kernel has checked them.
    if rest.len() < 4 || checksum(message) != 0 {
        return None;
    }
    let mut reply = [&[ECHO_REPLY, 0, 0, 0], rest].concat();
    let sum = checksum(&reply);
    reply[2..4].copy_from_slice(&sum.to_be_bytes());
    Some(reply)
}

/// As [`reply`], but the checksum stays 0: it covers the addresses of the IP header too (RFC 4443, section 2.3), and
/// the operating system computes and checks it.
fn reply_v6(message: &[u8]) -> Option<Vec<u8>> {
    match message {
        [ECHO_V6, 0, _, _, rest @ ..] if rest.len() >= 4 => Some([&[ECHO_REPLY_V6, 0, 0, 0], rest].concat()),
        _ => None,
    }
}

socketserver_guest::export_datagrams!(IcmpEcho);

#[cfg(test)]
mod tests {
    use socketserver_guest::testing::{Datagram, serve_datagram};

    use super::*;

    /// A request with its checksum.
    const PING: [u8; 12] = [8, 0, 0x06, 0xfa, 0x12, 0x34, 0, 1, b'p', b'i', b'n', b'g'];

    fn from(address: &str) -> Address {
        Address::Ip(SocketAddr::new(address.parse().unwrap(), 0))
    }

    fn answers(message: &[u8], address: &str) -> Vec<Vec<u8>> {
        let datagram = Datagram::carrying(message).coming_from(from(address));
        serve_datagram::<IcmpEcho>(&datagram).unwrap();
        datagram.sent_data()
    }

    fn ping_v6() -> [u8; 12] {
        let mut ping = PING;
        ping[0] = ECHO_V6;
        ping
    }

    #[test]
    fn a_request_comes_back_as_a_reply() {
        let [sent] = &answers(&PING, "192.0.2.1")[..] else {
            panic!("no reply");
        };
        assert_eq!(sent[..2], [ECHO_REPLY, 0]);
        assert_eq!(sent[4..], PING[4..]);
        assert_eq!(checksum(sent), 0);
    }

    #[test]
    fn the_kernel_is_left_the_checksum_of_version_6() {
        let [sent] = &answers(&ping_v6(), "2001:db8::1")[..] else {
            panic!("no reply");
        };
        assert_eq!(sent[..4], [ECHO_REPLY_V6, 0, 0, 0]);
        assert_eq!(sent[4..], PING[4..]);
    }

    /// In particular no reply: two of these would answer each other for ever.
    #[test]
    fn everything_else_is_ignored() {
        for kind in (0..=255).filter(|kind| *kind != ECHO) {
            let mut message = PING;
            message[..4].copy_from_slice(&[kind, 0, 0, 0]);
            let sum = checksum(&message);
            message[2..4].copy_from_slice(&sum.to_be_bytes());
            assert!(answers(&message, "192.0.2.1").is_empty(), "{kind}");
        }
        for kind in (0..=255).filter(|kind| *kind != ECHO_V6) {
            let mut message = PING;
            message[0] = kind;
            assert!(answers(&message, "2001:db8::1").is_empty(), "{kind}");
        }
    }

    #[test]
    fn damaged_messages_are_ignored() {
        for length in 0..8 {
            assert!(answers(&PING[..length], "192.0.2.1").is_empty());
            assert!(answers(&ping_v6()[..length], "2001:db8::1").is_empty());
        }
        let mut damaged = PING;
        damaged[11] ^= 1;
        assert!(answers(&damaged, "192.0.2.1").is_empty());

        let cut = Datagram::carrying(PING).coming_from(from("192.0.2.1")).truncated();
        serve_datagram::<IcmpEcho>(&cut).unwrap();
        assert!(cut.sent().is_empty());
    }
}
