//! Where guests may connect to: the rules of an operator.
//!
//! Plain values: nothing here opens a socket or asks a name server. What a rule covers, and what only a rule that says so
//! covers, is decided here and in [`special`]; what one guest was granted by a name is kept by [`Granted`].

mod granted;
mod name;
mod refused;
mod special;

use std::fmt::{self, Display, Formatter};
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use thiserror::Error;

pub(crate) use self::granted::Granted;
pub(crate) use self::name::Name;
pub use self::refused::{ConnectRefused, Wanted};
use crate::address::Transport;

/// Where a guest may connect to: `[tcp://|udp://]HOST:PORT`, for both where there is no scheme.
///
/// `HOST` is one of
///
/// - an address, `192.0.2.7` or `[2001:db8::7]`;
/// - a range of addresses, `10.0.0.0/8` or `[2001:db8::/32]`;
/// - a name, `example.com`: what a guest finds by looking it up;
/// - the names below one, `*.example.com`, without that name itself;
/// - `*`: every name, and every address that is globally reachable.
///
/// `PORT` is a number, a range such as `8000-8099`, or `*`.
///
/// # Special addresses
///
/// An address that is not globally reachable (loopback, private, link-local with the metadata services of clouds,
/// multicast and all others in the registries of RFC 6890) is reached only by a rule that is meant for it: one that gives
/// the address, or a range that is no wider than the block of the registry that the address lies in. So `10.0.0.0/8` and
/// `127.0.0.1` do what they say, while `*` and `0.0.0.0/0` reach no private network. A name reaches no special address
/// either, whatever its name server answers (DNS rebinding); only `localhost` is loopback. Where a name stands for a
/// private address, both rules are needed, the name's to look it up and the range's to connect.
///
/// The machine's own global addresses are global addresses.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ConnectRule {
    /// `None` is TCP and UDP.
    transport: Option<Transport>,
    host: Host,
    ports: RangeInclusive<u16>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Host {
    Any,
    Name(Name),
    Range(IpNet),
    Subdomains(Name),
}

impl ConnectRule {
    /// The rule for one address.
    pub(crate) fn of_address(transport: Transport, address: SocketAddr) -> Self {
        Self {
            transport: Some(transport),
            host: Host::Range(canonical(address.ip()).into()),
            ports: address.port()..=address.port(),
        }
    }

    /// The rule for one name, whatever the port.
    pub(crate) fn of_name(name: Name) -> Self {
        Self {
            transport: None,
            host: Host::Name(name),
            ports: ALL_PORTS,
        }
    }

    /// Whether it covers an address, however the guest has it.
    fn covers(&self, transport: Transport, address: SocketAddr) -> bool {
        self.covers_port(transport, address.port()) && self.covers_ip(canonical(address.ip()))
    }

    fn covers_port(&self, transport: Transport, port: u16) -> bool {
        self.transport.is_none_or(|own| own == transport) && self.ports.contains(&port)
    }

    /// Whether its host covers a canonical address.
    fn covers_ip(&self, ip: IpAddr) -> bool {
        match &self.host {
            Host::Any => special::block(ip).is_none(),
            Host::Name(_) | Host::Subdomains(_) => false,
            Host::Range(range) => {
                range.contains(&ip) && special::block(ip).is_none_or(|block| range.prefix_len() >= block)
            }
        }
    }

    /// Whether a guest may look up a name because of it.
    fn covers_name(&self, name: &Name) -> bool {
        match &self.host {
            Host::Any => true,
            Host::Name(own) => own == name,
            Host::Range(_) => false,
            Host::Subdomains(parent) => name.is_below(parent),
        }
    }

    /// Whether it grants an address that was found by looking up a name which it covers.
    fn covers_found(&self, ip: IpAddr) -> bool {
        let is_localhost = matches!(&self.host, Host::Name(name) if name.is_localhost());
        special::block(ip).is_none() || is_localhost && ip.is_loopback()
    }
}

/// An IPv4-mapped IPv6 address is that IPv4 address.
fn canonical(ip: IpAddr) -> IpAddr {
    ip.to_canonical()
}

impl FromStr for ConnectRule {
    type Err = ConnectRuleError;

    fn from_str(text: &str) -> Result<Self, ConnectRuleError> {
        parse(text).map_err(|problem| ConnectRuleError {
            rule: text.to_owned(),
            problem,
        })
    }
}

fn parse(text: &str) -> Result<ConnectRule, Problem> {
    let (transport, rest) = match text.split_once("://") {
        None => (None, text),
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("tcp") => (Some(Transport::Tcp), rest),
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("udp") => (Some(Transport::Udp), rest),
        Some(_) => return Err(Problem::Scheme),
    };
    let (host, port) = rest.rsplit_once(':').ok_or(Problem::NoPort)?;
    // `::1` and `[::1]` without a port end in what looks like one.
    if port.ends_with(']') {
        return Err(Problem::NoPort);
    }
    Ok(ConnectRule {
        transport,
        host: parse_host(host)?,
        ports: parse_ports(port)?,
    })
}

fn parse_host(text: &str) -> Result<Host, Problem> {
    if let Some(rest) = text.strip_prefix('[') {
        let inside = rest.strip_suffix(']').ok_or(Problem::Brackets)?;
        return parse_range(inside, true);
    }
    if text.contains(':') {
        return Err(Problem::Brackets);
    }
    if text.contains('/') || text.parse::<IpAddr>().is_ok() {
        return parse_range(text, false);
    }
    match text.strip_prefix("*.") {
        Some(parent) => parent.parse().map(Host::Subdomains).map_err(|_| Problem::Name),
        None if text == "*" => Ok(Host::Any),
        None => text.parse().map(Host::Name).map_err(|_| Problem::Name),
    }
}

fn parse_range(text: &str, is_v6: bool) -> Result<Host, Problem> {
    let range = match text.parse::<IpAddr>() {
        Ok(address) => IpNet::from(address),
        Err(_) => text.parse().map_err(|_| Problem::Address)?,
    };
    if is_v6 != matches!(range, IpNet::V6(_)) {
        return Err(Problem::Address);
    }
    if range.addr() != range.network() {
        return Err(Problem::HostBits(shown(canonical_range(range.trunc()))));
    }
    Ok(Host::Range(canonical_range(range)))
}

/// A range of IPv4-mapped addresses is a range of IPv4 addresses.
fn canonical_range(range: IpNet) -> IpNet {
    let IpNet::V6(v6) = range else { return range };
    let mapped = v6.addr().to_ipv4_mapped();
    let length = v6.prefix_len().checked_sub(MAPPED_PREFIX);
    mapped
        .zip(length)
        .and_then(|(address, length)| Ipv4Net::new(address, length).ok())
        .map_or(range, IpNet::V4)
}

fn parse_ports(text: &str) -> Result<RangeInclusive<u16>, Problem> {
    if text == "*" {
        return Ok(ALL_PORTS);
    }
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (parse_port(first)?, parse_port(last)?);
    if first > last {
        return Err(Problem::Port);
    }
    Ok(first..=last)
}

fn parse_port(text: &str) -> Result<u16, Problem> {
    // A number alone: `parse` would take a sign.
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Problem::Port);
    }
    text.parse().ok().filter(|port| *port > 0).ok_or(Problem::Port)
}

/// The canonical form, which parses back.
impl Display for ConnectRule {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(transport) = self.transport {
            write!(f, "{}://", transport.scheme())?;
        }
        match &self.host {
            Host::Any => f.write_str("*")?,
            Host::Name(name) => name.fmt(f)?,
            Host::Range(range) => f.write_str(&shown(*range))?,
            Host::Subdomains(parent) => write!(f, "*.{parent}")?,
        }
        match (self.ports.start(), self.ports.end()) {
            _ if self.ports == ALL_PORTS => f.write_str(":*"),
            (first, last) if first == last => write!(f, ":{first}"),
            (first, last) => write!(f, ":{first}-{last}"),
        }
    }
}

fn shown(range: IpNet) -> String {
    match range {
        IpNet::V4(range) if range.prefix_len() == range.max_prefix_len() => range.addr().to_string(),
        IpNet::V4(range) => range.to_string(),
        IpNet::V6(range) if range.prefix_len() == range.max_prefix_len() => format!("[{}]", range.addr()),
        IpNet::V6(range) => format!("[{}]", Ipv6Net::to_string(&range)),
    }
}

/// A text that is no [`ConnectRule`].
#[derive(Debug, Error)]
#[error("`{rule}` is no rule: {problem}")]
pub struct ConnectRuleError {
    rule: String,
    problem: Problem,
}

#[derive(Debug, Error)]
enum Problem {
    #[error(
        "the address is written in no form that is taken; write 192.0.2.7, 10.0.0.0/8, [2001:db8::7] or [2001:db8::/32]"
    )]
    Address,
    #[error("an IPv6 address stands in brackets, and so does a range; write [2001:db8::7]:443 or [2001:db8::/32]:443")]
    Brackets,
    #[error("the range begins before the address that is written; write {0}")]
    HostBits(String),
    #[error(
        "the host is neither an address nor a name; write four numbers such as 192.0.2.7, a name such as example.com or \
         *.example.com (in the letters of ASCII, xn-- for others), or *"
    )]
    Name,
    #[error("there is no port; write HOST:443, HOST:8000-8099, or HOST:* for all")]
    NoPort,
    #[error("the port is none; write a number from 1 to 65535, a range such as 8000-8099, or *")]
    Port,
    #[error("it can only speak of tcp:// or udp://; write one of them, or no scheme for both")]
    Scheme,
}

const ALL_PORTS: RangeInclusive<u16> = 1..=u16::MAX;

/// The length of `::ffff:0:0/96` (RFC 4291, section 2.5.5.2).
const MAPPED_PREFIX: u8 = 96;

#[cfg(test)]
mod tests;
