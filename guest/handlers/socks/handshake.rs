//! What is said before there is a connection: RFC 1928, sections 3 and 4.
//!
//! It is read in exact sizes, never ahead: what follows the request is for the target, and stays in the stream. Nothing here
//! knows sockets.

use std::net::IpAddr;
use std::time::Duration;

use socketserver_guest::asynchronous::timeout;

use crate::greeting;
use crate::refusal::Refusal;
use crate::request::{self, AddressType, Head};
use crate::target::{Host, Target};

/// The version in every message.
pub(crate) const VERSION: u8 = 5;

/// How long a peer may take to say what it wants: enough for two round trips over a bad line, and too little to be worth
/// holding connections with.
pub(crate) const TIME: Duration = Duration::from_secs(5);

/// The connection to the peer, as far as a handshake needs one.
pub(crate) trait Wire {
    /// Receives so many bytes and not one more; fewer if the peer ends before.
    async fn receive(&mut self, length: usize) -> Vec<u8>;

    /// # Errors
    ///
    /// [`Refusal::Truncated`] when the peer takes no more. Nothing may be sent after that.
    async fn send(&mut self, message: Vec<u8>) -> Result<(), Refusal>;
}

/// Asks the peer where it wants to be connected to.
///
/// # Errors
///
/// The peer has not been told of the refusal.
pub(crate) async fn shake(wire: &mut impl Wire) -> Result<Target, Refusal> {
    timeout(TIME, async {
        greet(wire).await?;
        request(wire).await
    })
    .await
    .unwrap_or(Err(Refusal::TimedOut))
}

async fn greet(wire: &mut impl Wire) -> Result<(), Refusal> {
    let head = wire.receive(2).await;
    if head.is_empty() {
        return Err(Refusal::Absent);
    }
    let length = greeting::methods(whole(head)?)?;
    let methods = wire.receive(length).await;
    if methods.len() < length {
        return Err(Refusal::Truncated);
    }
    greeting::accept(&methods)?;
    wire.send(greeting::ACCEPTED.to_vec()).await
}

async fn request(wire: &mut impl Wire) -> Result<Target, Refusal> {
    let head = Head::parse(exactly(wire).await?)?;
    let host = match head.address {
        AddressType::Ipv4 => Ok(Host::Address(IpAddr::from(exactly::<4>(wire).await?))),
        AddressType::Ipv6 => Ok(Host::Address(IpAddr::from(exactly::<16>(wire).await?))),
        AddressType::Name => {
            let [length] = exactly(wire).await?;
            request::name(wire.receive(length.into()).await)
        }
    };
    // Before a bad name is refused, so that nothing of the request is left in the way of the reply.
    let port = u16::from_be_bytes(exactly(wire).await?);
    head.target(host, port)
}

async fn exactly<const N: usize>(wire: &mut impl Wire) -> Result<[u8; N], Refusal> {
    whole(wire.receive(N).await)
}

fn whole<const N: usize>(bytes: Vec<u8>) -> Result<[u8; N], Refusal> {
    bytes.try_into().map_err(|_| Refusal::Truncated)
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use socketserver_guest::asynchronous::sleep;
    use socketserver_guest::testing::block_on;

    use super::*;

    const GREETING: [u8; 3] = [5, 1, 0];

    /// Says all of it at the start, and then nothing for a time, and then the rest.
    #[derive(Default)]
    struct Script {
        says: VecDeque<u8>,
        pause: Duration,
        rest: VecDeque<u8>,
        told: Vec<u8>,
        is_deaf: bool,
    }

    impl Wire for Script {
        async fn receive(&mut self, length: usize) -> Vec<u8> {
            if self.says.len() < length {
                sleep(self.pause).await;
                self.says.append(&mut self.rest);
            }
            self.says.drain(..length.min(self.says.len())).collect()
        }

        async fn send(&mut self, mut message: Vec<u8>) -> Result<(), Refusal> {
            if self.is_deaf {
                return Err(Refusal::Truncated);
            }
            self.told.append(&mut message);
            Ok(())
        }
    }

    fn script(parts: &[&[u8]]) -> Script {
        Script {
            says: parts.concat().into(),
            ..Script::default()
        }
    }

    fn shaken(parts: &[&[u8]]) -> Result<String, Refusal> {
        block_on(shake(&mut script(parts))).map(|target| target.to_string())
    }

    /// The outcome of a request after a good greeting.
    fn requested(parts: &[&[u8]]) -> Result<String, Refusal> {
        shaken(&[&GREETING, &parts.concat()])
    }

    #[test]
    fn every_type_of_address_is_a_target() {
        let v4 = requested(&[&[5, 1, 0, 1], &[192, 0, 2, 1], &[0, 80]]);
        assert_eq!(v4.unwrap(), "192.0.2.1:80");
        let v6 = requested(&[&[5, 1, 0, 4], &[0; 15], &[1], &[1, 187]]);
        assert_eq!(v6.unwrap(), "[::1]:443");
        let name = requested(&[&[5, 1, 0, 3, 11], b"example.com", &[0x1f, 0x90]]);
        assert_eq!(name.unwrap(), "example.com:8080");
        let longest = requested(&[&[5, 1, 0, 3, 255], &[b'a'; 255], &[0, 80]]);
        assert_eq!(longest.unwrap().len(), 258);
    }

    #[test]
    fn what_follows_the_request_is_not_read() {
        let mut script = script(&[&[5, 2, 1, 0], &[5, 1, 0, 3, 1, b'a', 0, 80], b"GET /"]);
        block_on(shake(&mut script)).unwrap();
        assert_eq!(script.says, b"GET /");
        assert_eq!(script.told, [5, 0]);
    }

    #[test]
    fn a_greeting_is_of_version_5_and_offers_to_go_without_authentication() {
        assert_eq!(
            shaken(&[&[4, 1, 0, 80, 1, 2, 3, 4, 0]]),
            Err(Refusal::GreetingVersion(4))
        );
        assert_eq!(
            shaken(&[b"GET / HTTP/1.1\r\n\r\n"]),
            Err(Refusal::GreetingVersion(b'G'))
        );
        assert_eq!(shaken(&[&[5, 0]]), Err(Refusal::Method));
        assert_eq!(shaken(&[&[5, 2, 1, 2]]), Err(Refusal::Method));
    }

    #[test]
    fn a_request_is_of_version_5_and_known_kinds() {
        assert_eq!(requested(&[&[4, 1, 0, 1]]), Err(Refusal::RequestVersion(4)));
        for address in [0, 2, 5, 255] {
            assert_eq!(requested(&[&[5, 1, 0, address]]), Err(Refusal::AddressType(address)));
        }
        for command in [0, 2, 3, 255] {
            let refused = requested(&[&[5, command, 0, 1, 192, 0, 2, 1, 0, 80]]);
            assert_eq!(refused, Err(Refusal::Command(command)));
        }
    }

    #[test]
    fn a_target_has_a_name_and_a_port() {
        assert_eq!(requested(&[&[5, 1, 0, 3, 0, 0, 80]]), Err(Refusal::Name));
        assert_eq!(requested(&[&[5, 1, 0, 3, 2, 0xc3, 0x28, 0, 80]]), Err(Refusal::Name));
        assert_eq!(requested(&[&[5, 1, 0, 3, 1, b'a', 0, 0]]), Err(Refusal::Port));
    }

    /// A refusal of something in the middle is told after the whole request was read, or the reply could be lost.
    #[test]
    fn a_refused_request_is_read_to_its_end() {
        let requests: [&[u8]; 3] = [
            &[5, 2, 0, 1, 1, 2, 3, 4, 0, 80],
            &[5, 1, 0, 3, 0, 0, 80],
            &[5, 1, 0, 3, 1, 0xff, 0, 80],
        ];
        for request in requests {
            let mut script = script(&[&GREETING, request]);
            assert!(block_on(shake(&mut script)).is_err());
            assert!(script.says.is_empty(), "{request:?}");
        }
    }

    #[test]
    fn a_handshake_that_ends_anywhere_is_refused() {
        let whole = [&GREETING[..], &[5, 1, 0, 3, 11], b"example.com", &[0, 80]].concat();
        assert_eq!(shaken(&[]), Err(Refusal::Absent));
        for length in 1..whole.len() {
            assert_eq!(shaken(&[&whole[..length]]), Err(Refusal::Truncated), "{length}");
        }
        let mut script = script(&[&whole]);
        script.is_deaf = true;
        assert_eq!(block_on(shake(&mut script)), Err(Refusal::Truncated));
    }

    #[test]
    fn a_slow_handshake_is_cut_off() {
        let request = [5, 1, 0, 1, 192, 0, 2, 1, 0, 80];
        let slow = |pause| Script {
            says: [&GREETING, &request[..5]].concat().into(),
            pause,
            rest: request[5..].to_vec().into(),
            ..Script::default()
        };
        assert!(block_on(shake(&mut slow(TIME / 2))).is_ok());
        assert_eq!(block_on(shake(&mut slow(TIME * 2))), Err(Refusal::TimedOut));
    }
}
