//! What one guest may reach: by the rules, and by what it found in looking up names.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use super::{ConnectRule, Name, canonical};
use crate::address::Transport;

/// The rules, and the addresses that one guest has found.
#[derive(Debug)]
pub(crate) struct Granted {
    rules: Arc<[ConnectRule]>,
    /// Addresses, each with the place of the rule that granted its name; the oldest first.
    found: Mutex<VecDeque<(IpAddr, usize)>>,
}

impl Granted {
    pub(crate) fn new(rules: Arc<[ConnectRule]>) -> Self {
        Self {
            rules,
            found: Mutex::new(VecDeque::new()),
        }
    }

    /// Whether the guest may connect there, or exchange datagrams.
    pub(crate) fn covers(&self, transport: Transport, address: SocketAddr) -> bool {
        if self.rules.iter().any(|rule| rule.covers(transport, address)) {
            return true;
        }
        let ip = canonical(address.ip());
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found
            .iter()
            .filter(|(found, _)| *found == ip)
            .any(|(_, rule)| self.rules[*rule].covers_port(transport, address.port()))
    }

    /// Whether the guest may look up a name.
    pub(crate) fn covers_name(&self, name: &Name) -> bool {
        self.rules.iter().any(|rule| rule.covers_name(name))
    }

    /// Notes what a name was found to stand for, and returns what of it the guest is told.
    ///
    /// It is told special addresses by a rule that gives the name, although it can only connect to them by another: then
    /// the refusal says which. Who may look up any name shall not read a private network's plan from its name server.
    pub(crate) fn find(&self, name: &Name, addresses: impl IntoIterator<Item = IpAddr>) -> Vec<IpAddr> {
        let rules = || self.rules.iter().enumerate().filter(|(_, rule)| rule.covers_name(name));
        let is_given = rules().any(|(_, rule)| rule.host != super::Host::Any);
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let mut told = Vec::new();
        for ip in addresses.into_iter().map(canonical).take(MAX_ANSWER) {
            for (place, _) in rules().filter(|(_, rule)| rule.covers_found(ip)) {
                if found.contains(&(ip, place)) {
                    continue;
                }
                if found.len() == MAX_FOUND {
                    found.pop_front();
                }
                found.push_back((ip, place));
            }
            let is_granted =
                rules().any(|(_, rule)| rule.covers_found(ip)) || self.rules.iter().any(|rule| rule.covers_ip(ip));
            if (is_given || is_granted) && !told.contains(&ip) {
                told.push(ip);
            }
        }
        told
    }
}

/// Addresses of one answer that are looked at. Names with more of them are rare, and a client tries a few.
const MAX_ANSWER: usize = 32;

/// Addresses of names that a guest is granted at a time; the oldest are forgotten. More than a handler connects to, and
/// few enough to look through.
const MAX_FOUND: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    fn granted(rules: &[&str]) -> Granted {
        Granted::new(rules.iter().map(|rule| rule.parse().unwrap()).collect())
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn find(granted: &Granted, name: &str, addresses: &[&str]) -> Vec<String> {
        let name: Name = name.parse().unwrap();
        assert!(granted.covers_name(&name), "{name}");
        let told = granted.find(&name, addresses.iter().map(|address| ip(address)));
        told.iter().map(ToString::to_string).collect()
    }

    fn tcp(granted: &Granted, address: &str) -> bool {
        granted.covers(Transport::Tcp, address.parse().unwrap())
    }

    #[test]
    fn an_address_is_granted_by_looking_its_name_up() {
        let granted = granted(&["tcp://example.com:443"]);
        assert!(!tcp(&granted, "93.184.216.34:443"));
        assert_eq!(find(&granted, "EXAMPLE.com.", &["93.184.216.34"]), ["93.184.216.34"]);
        assert!(tcp(&granted, "93.184.216.34:443"));
        assert!(tcp(&granted, "[::ffff:93.184.216.34]:443"));
        assert!(!tcp(&granted, "93.184.216.34:80"), "another port");
        assert!(!granted.covers(Transport::Udp, "93.184.216.34:443".parse().unwrap()));
    }

    /// The name's owner answers with an address of the operator's own network.
    #[test]
    fn a_name_grants_no_special_address() {
        let granted = granted(&["evil.test:*", "*.evil.test:*"]);
        for name in ["evil.test", "a.evil.test"] {
            let addresses = [
                "127.0.0.1",
                "169.254.169.254",
                "::1",
                "::ffff:10.0.0.1",
                "64:ff9b::7f00:1",
            ];
            assert_eq!(find(&granted, name, &addresses).len(), addresses.len());
        }
        for address in [
            "127.0.0.1:80",
            "169.254.169.254:80",
            "[::1]:80",
            "10.0.0.1:80",
            "[64:ff9b::7f00:1]:80",
        ] {
            assert!(!tcp(&granted, address), "{address}");
        }
    }

    #[test]
    fn a_private_name_needs_its_range_too() {
        let granted = granted(&["db.internal:5432", "10.0.0.0/8:5432"]);
        assert_eq!(find(&granted, "db.internal", &["10.1.2.3"]), ["10.1.2.3"]);
        assert!(tcp(&granted, "10.1.2.3:5432"));
        assert!(!tcp(&granted, "10.1.2.3:22"));
    }

    #[test]
    fn localhost_is_loopback_and_nothing_else_special() {
        let granted = granted(&["localhost:8080"]);
        find(&granted, "localhost", &["127.0.0.1", "::1", "10.0.0.1"]);
        assert!(tcp(&granted, "127.0.0.1:8080") && tcp(&granted, "[::1]:8080"));
        assert!(!tcp(&granted, "127.0.0.1:8081") && !tcp(&granted, "127.0.0.2:8080"));
        assert!(!tcp(&granted, "10.0.0.1:8080"));
    }

    #[test]
    fn any_name_tells_nothing_of_private_networks() {
        let granted = granted(&["*:443", "192.168.7.0/24:*"]);
        let addresses = ["10.0.0.1", "93.184.216.34", "192.168.7.7"];
        assert_eq!(find(&granted, "intranet", &addresses), ["93.184.216.34", "192.168.7.7"]);
        assert_eq!(find(&granted, "localhost", &["127.0.0.1", "::1"]), [""; 0]);
        assert!(!tcp(&granted, "127.0.0.1:443"));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let granted = granted(&["*.example.com:80"]);
        for number in 0..1000_u32 {
            let address = std::net::Ipv4Addr::from_bits(0x0808_0000 + number);
            granted.find(&format!("n{number}.example.com").parse().unwrap(), [address.into()]);
        }
        assert_eq!(granted.found.lock().unwrap().len(), MAX_FOUND);
        assert!(!tcp(&granted, "8.8.0.0:80") && tcp(&granted, "8.8.3.231:80"));
        let many = (0..1000).map(|number| std::net::Ipv4Addr::from_bits(0x0909_0000 + number).into());
        assert_eq!(granted.find(&"a.example.com".parse().unwrap(), many).len(), MAX_ANSWER);
    }
}
