//! The name server of `guest/handlers`, asked by real clients.

use std::fs;

use crate::support::guest::Guest;
use crate::support::server::{Server, Setup};
use crate::support::tool::Tool;

#[test]
fn dns_serves_dig() {
    let Some(dig) = Tool::find("dig", "bind9-dnsutils") else {
        return;
    };
    let server = name_server().start();
    let port = port(&server);
    let ask = |words: &[&str]| {
        let at = [
            "@127.0.0.1",
            "-p",
            &port,
            "+tries=1",
            "+timeout=10",
            "+noall",
            "+answer",
            "+comments",
        ];
        dig.run(&[&at, words].concat())
    };
    let short = |name: &str, kind: &str| {
        let answer = dig.run(&[
            "@127.0.0.1",
            "-p",
            &port,
            "+tries=1",
            "+timeout=10",
            "+short",
            name,
            kind,
        ]);
        let mut lines: Vec<_> = answer.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(short("www.example.test", "A"), ["192.0.2.80", "192.0.2.81"]);
    assert_eq!(short("www.example.test", "AAAA"), ["2001:db8::80"]);
    assert_eq!(
        short("example.test", "MX"),
        ["10 mail.example.test.", "20 mail.backup.example.test."]
    );
    assert_eq!(
        short("_http._tcp.example.test", "TXT"),
        ["\"path=/\" \"a second string\""]
    );
    assert_eq!(
        short("alias.example.test", "A"),
        ["192.0.2.80", "192.0.2.81", "www.example.test."]
    );
    let found = ask(&["www.example.test", "A"]);
    assert!(
        found.contains("status: NOERROR") && found.contains("flags: qr aa"),
        "{found}"
    );
    let missing = ask(&["no-such-name.example.test", "A"]);
    assert!(missing.contains("status: NXDOMAIN"), "{missing}");
    let of_another = ask(&["www.example.org", "A"]);
    assert!(of_another.contains("status: REFUSED"), "{of_another}");
    let books = server.stop();
    assert_eq!(books.closed("completed"), books.accepted, "{books:?}");
}

/// The answer says that it is cut, and dig would ask again by a connection, were it at the same port.
#[test]
fn dns_serves_what_is_too_long_for_a_datagram_by_connections() {
    let Some(dig) = Tool::find("dig", "bind9-dnsutils") else {
        return;
    };
    let server = name_server().listen("tcp://127.0.0.1:0").start();
    let ask = |listener: usize, how: &str| {
        let (_, port) = server.listeners()[listener].rsplit_once(':').unwrap();
        let at = ["@127.0.0.1", "-p", port, "+tries=1", "+timeout=10", how];
        dig.run(&[&at[..], &["huge.example.test", "TXT"]].concat())
    };
    let cut = ask(0, "+ignore");
    let flags = cut.lines().find(|line| line.contains("flags: qr"));
    assert!(flags.is_some_and(|flags| flags.contains(" tc")), "{cut}");
    let whole = ask(1, "+tcp");
    let records = whole.lines().filter(|line| line.starts_with("huge.example.test."));
    assert_eq!(records.count(), 6, "{whole}");
    server.stop();
}

#[test]
fn dns_serves_dnsperf() {
    let Some(dnsperf) = Tool::find("dnsperf", "dnsperf") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let queries = folder.path().join("queries");
    // All of them exist, so each answer has to say so.
    fs::write(
        &queries,
        "www.example.test A\nwww.example.test AAAA\nexample.test MX\nexample.test TXT\nalias.example.test A\n",
    )
    .unwrap();
    let server = name_server().log("warn").start();
    let report = dnsperf.run(&[
        "-s",
        "127.0.0.1",
        "-p",
        &port(&server),
        "-d",
        queries.to_str().unwrap(),
        "-l",
        "2",
        "-c",
        "16",
        "-q",
        "16",
    ]);
    let figure = |name: &str| {
        let line = report.lines().find(|line| line.trim_start().starts_with(name));
        let line = line.unwrap_or_else(|| panic!("{report}"));
        line.split_once(':').unwrap().1.trim().to_owned()
    };
    assert_eq!(figure("Queries lost"), "0 (0.00%)", "{report}");
    assert!(figure("Response codes").starts_with("NOERROR "), "{report}");
    assert!(figure("Response codes").ends_with("(100.00%)"), "{report}");
    let completed: u64 = figure("Queries completed").split(' ').next().unwrap().parse().unwrap();
    assert!(completed > 100, "{report}");
    assert_eq!(server.stop_without_books(), [""; 0]);
}

fn name_server() -> Setup {
    Server::of(Guest::Built("dns")).listen("udp://127.0.0.1:0")
}

fn port(server: &Server) -> String {
    let (_, port) = server.address().rsplit_once(':').unwrap();
    port.to_owned()
}
