//! What a peer asks for: RFC 1928, sections 4 and 5.

use crate::handshake::VERSION;
use crate::refusal::Refusal;
use crate::target::{Host, Target};

/// The types of addresses, as a request and its reply have them.
pub(crate) const IPV4: u8 = 1;
pub(crate) const IPV6: u8 = 4;
const NAME: u8 = 3;

/// The one command that is served.
const CONNECT: u8 = 1;

/// The part of a request that is always there. The address and the port follow.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head {
    command: u8,
    pub(crate) address: AddressType,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum AddressType {
    Ipv4,
    Ipv6,
    Name,
}

impl Head {
    /// An unknown type of address is refused at once, for nobody knows where its request ends.
    pub(crate) fn parse([version, command, _reserved, address]: [u8; 4]) -> Result<Self, Refusal> {
        if version != VERSION {
            return Err(Refusal::RequestVersion(version));
        }
        let address = match address {
            IPV4 => AddressType::Ipv4,
            IPV6 => AddressType::Ipv6,
            NAME => AddressType::Name,
            unknown => return Err(Refusal::AddressType(unknown)),
        };
        Ok(Self { command, address })
    }

    /// The target of the whole request. A command that is not served is refused here, when all of it has been read.
    pub(crate) fn target(self, host: Result<Host, Refusal>, port: u16) -> Result<Target, Refusal> {
        if self.command != CONNECT {
            return Err(Refusal::Command(self.command));
        }
        let host = host?;
        if port == 0 {
            return Err(Refusal::Port);
        }
        Ok(Target { host, port })
    }
}

/// Whether there can be such a name is for the lookup to say.
pub(crate) fn name(bytes: Vec<u8>) -> Result<Host, Refusal> {
    match String::from_utf8(bytes) {
        Ok(name) if !name.is_empty() => Ok(Host::Name(name)),
        _ => Err(Refusal::Name),
    }
}
