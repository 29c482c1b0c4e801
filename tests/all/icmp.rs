//! ICMP: the answers of `ping`, in a network where the kernel gives none.

use rustix::process::geteuid;

use crate::support::guest::Guest;
use crate::support::namespace::Namespace;
use crate::support::server::{BINARY, Server, Setup, run_serve};
use crate::support::tool::Tool;

const ICMP_ECHO: Guest = Guest::Built("icmp_echo");

#[test]
fn ping_is_answered_over_ipv4_and_ipv6() {
    let Some(network) = quiet_network("ping") else {
        return;
    };
    for (listen, flag, addresses) in [
        ("icmp://127.0.0.1", "-4", &["127.0.0.1"][..]),
        ("icmp://0.0.0.0", "-4", &["127.0.0.1", "127.0.0.2"]),
        ("icmp://[::1]", "-6", &["::1"]),
        ("icmp://[::]", "-6", &["::1"]),
    ] {
        let server = icmp_echo(listen, &network).start();
        assert_eq!(server.address(), listen);
        for address in addresses {
            // It takes an answer from another address for none.
            let report = network.run(&["ping", flag, "-c", "5", "-i", "0.2", "-W", "5", address]);
            assert!(
                report.contains("5 packets transmitted, 5 received, 0% packet loss"),
                "{report}"
            );
        }
        let books = server.stop();
        // Over loopback the server gets its own answers, and has none to them.
        assert_eq!(books.closed("completed"), books.accepted, "{books:?}");
        assert!(books.accepted >= 10 * addresses.len() as u64, "{books:?}");
    }
}

/// An answer leaves from an address of this machine, by the interface that the question came in at.
#[test]
fn groups_and_addresses_of_one_link_are_answered() {
    let Some(network) = quiet_network("link") else {
        return;
    };
    for command in [
        "ip link add link0 type veth peer name link1",
        "ip link set link0 up multicast on",
        "ip address add 192.0.2.1/24 broadcast 192.0.2.255 dev link0",
        "ip address add fe80::1/64 dev link0 nodad",
    ] {
        network.run(&command.split(' ').collect::<Vec<_>>());
    }
    for (listen, ping) in [
        ("icmp://[::]", "ping -6 fe80::1%link0"),
        ("icmp://[::]", "ping -6 ff02::1%link0"),
        ("icmp://0.0.0.0", "ping -4 -b 192.0.2.255"),
        ("icmp://0.0.0.0", "ping -4 -I 192.0.2.1 224.0.0.1"),
    ] {
        let server = icmp_echo(listen, &network).start();
        let command: Vec<_> = ping.split(' ').chain("-c 2 -i 0.2 -W 5".split(' ')).collect();
        let report = network.run(&command);
        assert!(report.contains("2 packets transmitted, 2 received"), "{report}");
        let books = server.stop();
        assert_eq!(books.closed("completed"), books.accepted, "{books:?}");
    }
}

#[test]
fn without_the_capability_it_is_said_which() {
    let listen = "--listen=icmp://127.0.0.1";
    // Nobody but root has it.
    let refused = if geteuid().is_root() {
        let Some(setpriv) = Tool::find("setpriv", "util-linux") else {
            return;
        };
        let handler = ICMP_ECHO.path();
        let serve = [BINARY, "serve", handler.to_str().unwrap(), "--no-cache", listen];
        setpriv.try_run(&[&["--bounding-set=-net_raw", "--inh-caps=-net_raw"], &serve[..]].concat())
    } else {
        run_serve(ICMP_ECHO, &[listen])
    };
    assert_eq!(refused.code, Some(71), "{refused:?}");
    assert!(refused.errors.contains("CAP_NET_RAW"), "{refused:?}");
}

/// A message without its IP header is what counts.
#[test]
fn a_ping_of_any_size_is_answered_if_packets_may_be_so_long() {
    let Some(network) = quiet_network("long") else {
        return;
    };
    for (listen, flag, address) in [("icmp://127.0.0.1", "-4", "127.0.0.1"), ("icmp://[::1]", "-6", "::1")] {
        let server = icmp_echo(listen, &network).with("max-packet-size", 9008).start();
        let ping = |size| {
            network
                .try_run(&["ping", flag, "-c", "1", "-W", "1", "-s", size, address])
                .code
        };
        // ICMP has a header of 8 bytes.
        assert_eq!((ping("0"), ping("56"), ping("9000")), (Some(0), Some(0), Some(0)));
        assert_eq!(ping("9001"), Some(1), "a part of a message has no answer");
        server.stop();
    }
}

fn icmp_echo(listen: &str, network: &Namespace) -> Setup {
    Server::of(ICMP_ECHO).listen(listen).inside(network)
}

/// A network whose kernel does not answer `ping` itself.
fn quiet_network(of: &str) -> Option<Namespace> {
    Tool::find("ping", "iputils-ping")?;
    let network = Namespace::make(of)?;
    network.run(&["sysctl", "-q", "-w", "net.ipv4.icmp_echo_ignore_all=1"]);
    network.run(&["sysctl", "-q", "-w", "net.ipv6.icmp.echo_ignore_all=1"]);
    // The answers that the tests see are the server's.
    assert_eq!(
        network.try_run(&["ping", "-c", "1", "-W", "1", "127.0.0.1"]).code,
        Some(1)
    );
    Some(network)
}
