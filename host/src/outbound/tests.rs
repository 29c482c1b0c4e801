use super::*;

fn rule(text: &str) -> ConnectRule {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

fn covers(text: &str, address: &str) -> bool {
    let address = address.parse().unwrap();
    rule(text).covers(Transport::Tcp, address)
}

#[test]
fn rules_are_printed_in_one_form_that_parses_back() {
    for (written, shown) in [
        ("192.0.2.7:443", "192.0.2.7:443"),
        ("192.0.2.7/32:443", "192.0.2.7:443"),
        ("TCP://192.0.2.7:443", "tcp://192.0.2.7:443"),
        ("udp://10.0.0.0/8:53", "udp://10.0.0.0/8:53"),
        ("[::1]:8000-8099", "[::1]:8000-8099"),
        ("[2001:DB8:0::/32]:*", "[2001:db8::/32]:*"),
        ("[::ffff:127.0.0.1]:80", "127.0.0.1:80"),
        ("[::ffff:10.0.0.0/104]:80", "10.0.0.0/8:80"),
        ("[::/0]:1", "[::/0]:1"),
        ("0.0.0.0/0:1-65535", "0.0.0.0/0:*"),
        ("Example.COM.:443", "example.com:443"),
        ("*.Example.com:80-80", "*.example.com:80"),
        ("localhost:00080", "localhost:80"),
        ("*:443", "*:443"),
        ("tcp://*:*", "tcp://*:*"),
    ] {
        let parsed = rule(written);
        assert_eq!(parsed.to_string(), shown, "{written}");
        assert_eq!(rule(shown), parsed, "{written}");
    }
}

#[test]
fn what_is_wrong_with_a_rule_is_said_in_one_line() {
    for (written, said) in [
        ("", "there is no port"),
        ("example.com", "there is no port"),
        ("[::1]", "there is no port"),
        ("[2001:db8::/32]", "there is no port"),
        ("http://example.com:80", "it can only speak of tcp:// or udp://"),
        ("://example.com:80", "it can only speak of tcp:// or udp://"),
        (":80", "the host is neither an address nor a name"),
        ("tcp://:80", "the host is neither an address nor a name"),
        ("127.1:80", "the host is neither an address nor a name"),
        ("0x7f.1:80", "the host is neither an address nor a name"),
        ("0177.0.0.1:80", "the host is neither an address nor a name"),
        ("2130706433:80", "the host is neither an address nor a name"),
        ("127.0.0.1.:80", "the host is neither an address nor a name"),
        ("256.0.0.1:80", "the host is neither an address nor a name"),
        ("*foo.example.com:80", "the host is neither an address nor a name"),
        ("a.*.example.com:80", "the host is neither an address nor a name"),
        ("*.:80", "the host is neither an address nor a name"),
        ("*.*:80", "the host is neither an address nor a name"),
        ("*.127.0.0.1:80", "the host is neither an address nor a name"),
        ("bücher.example:80", "the host is neither an address nor a name"),
        ("user@example.com:80", "the host is neither an address nor a name"),
        (" example.com:80", "the host is neither an address nor a name"),
        ("::1:80", "an IPv6 address stands in brackets"),
        ("[2001:db8::]/32:80", "an IPv6 address stands in brackets"),
        ("[127.0.0.1]:80", "the address is written in no form"),
        ("[fe80::1%eth0]:80", "the address is written in no form"),
        ("[]:80", "the address is written in no form"),
        ("10.0.0.0/33:80", "the address is written in no form"),
        ("10.0.0.0/-1:80", "the address is written in no form"),
        ("10/8:80", "the address is written in no form"),
        (
            "10.0.0.1/8:80",
            "the range begins before the address that is written; write 10.0.0.0/8",
        ),
        ("[2001:db8::1/32]:80", "write [2001:db8::/32]"),
        ("example.com:", "the port is none"),
        ("example.com:0", "the port is none"),
        ("example.com:0-80", "the port is none"),
        ("example.com:65536", "the port is none"),
        ("example.com:+80", "the port is none"),
        ("example.com:-80", "the port is none"),
        ("example.com:90-80", "the port is none"),
        ("example.com:80-", "the port is none"),
        ("example.com:http", "the port is none"),
        ("example.com:80/", "the port is none"),
    ] {
        let error = written.parse::<ConnectRule>().expect_err(written).to_string();
        assert!(error.starts_with(&format!("`{written}` is no rule: ")), "{error}");
        assert!(error.contains(said), "{error}");
        assert!(!error.contains('\n'), "{error}");
    }
}

#[test]
fn an_address_is_what_it_is_however_it_is_written() {
    assert!(covers("127.0.0.1:80", "127.0.0.1:80"));
    assert!(covers("127.0.0.1:80", "[::ffff:127.0.0.1]:80"));
    assert!(covers("[::ffff:7f00:1]:80", "127.0.0.1:80"));
    assert!(!covers("127.0.0.1:80", "127.0.0.2:80"));
    assert!(!covers("127.0.0.1:80", "[::1]:80"));
    assert!(!covers("127.0.0.1:80", "[::127.0.0.1]:80"));
    assert!(!covers("127.0.0.1:80", "[64:ff9b::127.0.0.1]:80"));
    assert!(covers("[64:ff9b::127.0.0.1]:80", "[64:ff9b::127.0.0.1]:80"));
}

#[test]
fn ports_and_transports_are_those_of_the_rule() {
    let rule = rule("udp://8.8.8.8:8000-8099");
    let covers = |transport, port| rule.covers(transport, SocketAddr::new("8.8.8.8".parse().unwrap(), port));
    assert!(covers(Transport::Udp, 8000) && covers(Transport::Udp, 8099));
    assert!(!covers(Transport::Udp, 7999) && !covers(Transport::Udp, 8100) && !covers(Transport::Udp, 0));
    assert!(!covers(Transport::Tcp, 8000));
}

#[test]
fn a_star_reaches_what_is_global() {
    for address in ["1.1.1.1:443", "[2606:4700::1]:443", "[64:ff9b::101:101]:443"] {
        assert!(covers("*:443", address), "{address}");
    }
    for address in [
        "0.0.0.0:443",
        "10.0.0.1:443",
        "127.0.0.1:443",
        "169.254.169.254:443",
        "[::ffff:169.254.169.254]:443",
        "[64:ff9b::a9fe:a9fe]:443",
        "[2002:a9fe:a9fe::]:443",
        "[2001::a9fe:a9fe]:443",
        "224.0.0.1:443",
        "255.255.255.255:443",
        "[::1]:443",
        "[fd00::1]:443",
        "[fe80::1]:443",
    ] {
        assert!(!covers("*:443", address), "{address}");
        assert!(!covers("0.0.0.0/0:443", address), "{address}");
        assert!(!covers("[::/0]:443", address), "{address}");
    }
}

/// A range reaches a special address only where it is no wider than the block of that address.
#[test]
fn a_wide_range_is_not_meant_for_special_addresses() {
    assert!(covers("0.0.0.0/0:80", "8.8.8.8:80"));
    assert!(covers("[2000::/3]:80", "[2606:4700::1]:80"));
    assert!(covers("127.0.0.0/8:80", "127.0.0.1:80"));
    assert!(!covers("126.0.0.0/7:80", "127.0.0.1:80"));
    assert!(covers("126.0.0.0/7:80", "126.0.0.1:80"));
    assert!(covers("169.254.169.254:80", "169.254.169.254:80"));
    assert!(covers("172.16.0.0/12:80", "172.31.0.1:80"));
    assert!(!covers("172.0.0.0/8:80", "172.31.0.1:80"));
    assert!(covers("172.0.0.0/8:80", "172.32.0.1:80"));
    assert!(covers("[fd00::/8]:80", "[fd12::1]:80"));
    assert!(!covers("[::/1]:80", "[::1]:80") && covers("[::1]:80", "[::1]:80"));
}

#[test]
fn names_are_granted_by_names() {
    let covers = |text: &str, name: &str| rule(text).covers_name(&name.parse().unwrap());
    assert!(covers("example.com:80", "EXAMPLE.com."));
    assert!(!covers("example.com:80", "www.example.com"));
    assert!(covers("*.example.com:80", "www.example.com"));
    assert!(!covers("*.example.com:80", "example.com"));
    assert!(covers("*:80", "anything.test"));
    assert!(!covers("0.0.0.0/0:80", "example.com"));
    assert!(!rule("example.com:80").covers(Transport::Tcp, "8.8.8.8:80".parse().unwrap()));
}
