//! Addresses that are not globally reachable.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The length of the prefix of the special block that an address lies in, the smallest where there are several; `None`
/// for a global address.
///
/// The address is canonical: an IPv4-mapped one is IPv4.
pub(super) fn block(ip: IpAddr) -> Option<u8> {
    match ip {
        IpAddr::V4(v4) => block_v4(v4),
        IpAddr::V6(v6) => block_v6(v6),
    }
}

fn block_v4(ip: Ipv4Addr) -> Option<u8> {
    let bits = ip.to_bits();
    let blocks = V4.iter().filter(|([a, b, c, d], length)| {
        let start = Ipv4Addr::new(*a, *b, *c, *d).to_bits();
        (bits ^ start).leading_zeros() >= u32::from(*length)
    });
    blocks.map(|(_, length)| *length).max()
}

fn block_v6(ip: Ipv6Addr) -> Option<u8> {
    let segments = ip.segments();
    // The translated form of an IPv4 address (RFC 6052) is what a name server gives a machine that has only IPv6. It is as
    // global as that address.
    if segments[..6] == [0x64, 0xff9b, 0, 0, 0, 0] {
        let [.., high, low] = segments;
        let embedded = Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low));
        return block_v4(embedded).map(|length| NAT64_PREFIX + length);
    }
    let bits = ip.to_bits();
    let blocks = V6.iter().filter(|([a, b, c, d], length)| {
        let start = Ipv6Addr::new(*a, *b, *c, *d, 0, 0, 0, 0).to_bits();
        (bits ^ start).leading_zeros() >= u32::from(*length)
    });
    let blocks = blocks.map(|(_, length)| *length).max();
    match ip {
        Ipv6Addr::LOCALHOST | Ipv6Addr::UNSPECIFIED => Some(128),
        _ => blocks,
    }
}

/// The IPv4 Special-Purpose Address Registry of IANA (RFC 6890), but for the blocks that it calls globally reachable; and
/// multicast (RFC 5771).
const V4: [([u8; 4], u8); 19] = [
    // "This network", and "this host", which Linux takes for loopback.
    ([0, 0, 0, 0], 8),
    ([0, 0, 0, 0], 32),
    // Private use (RFC 1918).
    ([10, 0, 0, 0], 8),
    // Shared by the networks of a provider (RFC 6598).
    ([100, 64, 0, 0], 10),
    // Loopback.
    ([127, 0, 0, 0], 8),
    // Azure's service for its guests (WireServer), which stands among global addresses and is none.
    ([168, 63, 129, 16], 32),
    // Link-local (RFC 3927), with the metadata services of clouds.
    ([169, 254, 0, 0], 16),
    ([172, 16, 0, 0], 12),
    // Protocol assignments.
    ([192, 0, 0, 0], 24),
    // Documentation (RFC 5737).
    ([192, 0, 2, 0], 24),
    // 6to4 relays, which there are none of any more (RFC 7526).
    ([192, 88, 99, 0], 24),
    ([192, 168, 0, 0], 16),
    // Benchmarking (RFC 2544).
    ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    // Multicast.
    ([224, 0, 0, 0], 4),
    // Link-local multicast.
    ([224, 0, 0, 0], 24),
    // Reserved, and the broadcast address.
    ([240, 0, 0, 0], 4),
    ([255, 255, 255, 255], 32),
];

/// The IPv6 Special-Purpose Address Registry of IANA, and all that is not in `2000::/3`, the only global unicast space
/// that IANA has opened (RFC 4291, section 2.4).
const V6: [([u16; 4], u8); 31] = [
    // IPv4-compatible addresses (RFC 4291, section 2.5.5.1), loopback and the unspecified address.
    ([0, 0, 0, 0], 96),
    ([0, 0, 0, 0], 8),
    // Translation of a local kind (RFC 8215).
    ([0x64, 0xff9b, 1, 0], 48),
    ([0x100, 0, 0, 0], 8),
    // Discard only (RFC 6666).
    ([0x100, 0, 0, 0], 64),
    // Dummy (RFC 9780).
    ([0x100, 0, 0, 1], 64),
    ([0x200, 0, 0, 0], 7),
    ([0x400, 0, 0, 0], 6),
    ([0x800, 0, 0, 0], 5),
    ([0x1000, 0, 0, 0], 4),
    // Protocol assignments. Some addresses in it are global, of services that no guest has a use for.
    ([0x2001, 0, 0, 0], 23),
    // Teredo (RFC 4380): it holds an IPv4 address.
    ([0x2001, 0, 0, 0], 32),
    // Benchmarking (RFC 5180).
    ([0x2001, 2, 0, 0], 48),
    // Documentation (RFC 3849).
    ([0x2001, 0xdb8, 0, 0], 32),
    // 6to4 (RFC 3056): it holds an IPv4 address.
    ([0x2002, 0, 0, 0], 16),
    // Documentation (RFC 9637).
    ([0x3fff, 0, 0, 0], 20),
    ([0x4000, 0, 0, 0], 3),
    // Segment routing (RFC 9602).
    ([0x5f00, 0, 0, 0], 16),
    ([0x6000, 0, 0, 0], 3),
    ([0x8000, 0, 0, 0], 3),
    ([0xa000, 0, 0, 0], 3),
    ([0xc000, 0, 0, 0], 3),
    ([0xe000, 0, 0, 0], 4),
    ([0xf000, 0, 0, 0], 5),
    ([0xf800, 0, 0, 0], 6),
    // Unique local (RFC 4193).
    ([0xfc00, 0, 0, 0], 7),
    ([0xfe00, 0, 0, 0], 9),
    // Link-local.
    ([0xfe80, 0, 0, 0], 10),
    // Site-local (RFC 3879).
    ([0xfec0, 0, 0, 0], 10),
    // Multicast.
    ([0xff00, 0, 0, 0], 8),
    // Link-local multicast.
    ([0xff02, 0, 0, 0], 16),
];

const NAT64_PREFIX: u8 = 96;

#[cfg(test)]
mod tests {
    use super::*;

    fn block_of(text: &str) -> Option<u8> {
        block(text.parse().unwrap())
    }

    #[test]
    fn what_is_global_is_not_special() {
        for ip in [
            "1.1.1.1",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.31.196.1",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2000::1",
            "2001:200::1",
            "2001:4860:4860::8888",
            "2003::1",
            "2606:4700:4700::1111",
            "3ffe::1",
            "64:ff9b::808:808",
        ] {
            assert_eq!(block_of(ip), None, "{ip}");
        }
    }

    #[test]
    fn what_is_special_has_its_block() {
        for (ip, length) in [
            ("0.0.0.0", 32),
            ("0.1.2.3", 8),
            ("10.0.0.0", 8),
            ("10.255.255.255", 8),
            ("100.64.0.1", 10),
            ("100.100.100.200", 10),
            ("127.0.0.1", 8),
            ("127.255.255.254", 8),
            ("168.63.129.16", 32),
            ("169.254.169.254", 16),
            ("172.16.0.1", 12),
            ("172.31.255.255", 12),
            ("192.0.0.192", 24),
            ("192.0.2.1", 24),
            ("192.88.99.1", 24),
            ("192.168.1.1", 16),
            ("198.18.0.1", 15),
            ("198.19.255.255", 15),
            ("198.51.100.1", 24),
            ("203.0.113.1", 24),
            ("224.0.0.251", 24),
            ("239.1.1.1", 4),
            ("240.0.0.1", 4),
            ("255.255.255.255", 32),
            ("::", 128),
            ("::1", 128),
            ("::7f00:1", 96),
            ("64:ff9b::7f00:1", 104),
            ("64:ff9b::a9fe:a9fe", 112),
            ("64:ff9b:1::7f00:1", 48),
            ("100::1", 64),
            ("2001::1", 32),
            ("2001:10::1", 23),
            ("2001:db8::1", 32),
            ("2002:7f00:1::", 16),
            ("3fff::1", 20),
            ("4000::1", 3),
            ("5f00::1", 16),
            ("fc00::1", 7),
            ("fd00:ec2::254", 7),
            ("fe80::1", 10),
            ("fec0::1", 10),
            ("ff02::1", 16),
            ("ff0e::1", 8),
        ] {
            assert_eq!(block_of(ip), Some(length), "{ip}");
        }
    }
}
