//! The handlers that come with the project, seen by their peers: those of the RFCs by plain sockets, those of real
//! protocols by real clients.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::support::client::End;
use crate::support::datagrams::Peer;
use crate::support::guest::{CHARGEN, DISCARD, ECHO, ECHO_DATAGRAMS, Guest};
use crate::support::server::Server;
use crate::support::tool::Tool;

const RESP: Guest = Guest::Built("resp");
const HTTP: Guest = Guest::Built("http");

const UDP: &str = "udp://127.0.0.1:0";

#[test]
fn echo_sends_back_what_it_receives() {
    let server = Server::of(ECHO).start();
    let mut client = server.connect();
    client.echo("hello\n");
    drop(client);
    server.stop();
}

#[test]
fn echo_sends_back_each_datagram() {
    let server = Server::of(ECHO_DATAGRAMS).listen(UDP).start();
    assert_eq!(Peer::of(server.address()).ask("hello\n"), "hello\n");
    server.stop();
}

#[test]
fn discard_sends_nothing() {
    let server = Server::of(DISCARD).start();
    let mut client = server.connect();
    client.send("hello\n");
    client.finish();
    assert_eq!(client.end(), End::Closed);
    server.stop();
}

#[test]
fn discard_answers_no_datagram() {
    let server = Server::of(DISCARD).listen(UDP).start();
    let peer = Peer::of(server.address());
    peer.send("hello\n");
    assert_eq!(server.closed(1)[0].text("reason"), "completed");
    assert!(peer.is_silent());
    server.stop();
}

#[test]
fn chargen_sends_the_pattern_of_rfc_864() {
    let server = Server::of(CHARGEN).start();
    let mut client = server.connect();
    let lines: Vec<_> = (0..3).map(|_| client.receive_line()).collect();
    assert!(lines[0].starts_with(" !\"#$%&'()*+,-./0123456789") && lines[0].ends_with("defg\r"));
    assert!(lines[1].starts_with("!\"#$%") && lines[2].starts_with("\"#$%"));
    drop(client);
    server.wait_for("it ends with its peer", |books| books.closed("completed") == 1);
    server.stop();
}

/// RFC 864: "a random number (between 0 and 512) of characters" for each datagram.
#[test]
fn chargen_answers_a_datagram_with_some_of_the_pattern() {
    let server = Server::of(CHARGEN).listen(UDP).start();
    let peer = Peer::of(server.address());
    let answers: Vec<_> = (0..20).map(|_| peer.ask("")).collect();
    let longest = answers.iter().max_by_key(|answer| answer.len()).unwrap();
    assert!(longest.len() <= 512 && longest.starts_with(" !\"#"), "{longest}");
    assert!(answers.iter().all(|answer| longest.starts_with(answer.as_str())));
    assert!(
        answers.iter().any(|answer| answer.len() < longest.len()),
        "all of one length"
    );
    server.stop();
}

/// RFC 867: one line, with weekday, month, day, year, time and time zone.
#[test]
fn daytime_sends_the_date() {
    let server = Server::of(Guest::Built("daytime")).start();
    let (line, end) = server.connect().receive_to_end();
    assert_eq!(end, End::Closed);
    assert_is_date(&String::from_utf8(line).unwrap());
    server.stop();
}

#[test]
fn daytime_answers_a_datagram_with_the_date() {
    let server = Server::of(Guest::Built("daytime")).listen(UDP).start();
    assert_is_date(&Peer::of(server.address()).ask(""));
    server.stop();
}

/// RFC 868: the seconds since 1900 in 32 bits.
#[test]
fn time_sends_the_seconds() {
    let server = Server::of(Guest::Built("time")).start();
    let (bytes, end) = server.connect().receive_to_end();
    assert_eq!(end, End::Closed);
    assert_is_now(bytes);
    server.stop();
}

#[test]
fn time_answers_a_datagram_with_the_seconds() {
    let server = Server::of(Guest::Built("time")).listen(UDP).start();
    let peer = Peer::of(server.address());
    peer.send("");
    assert_is_now(peer.receive());
    server.stop();
}

#[test]
fn resp_serves_redis_cli() {
    let Some(redis_cli) = Tool::find("redis-cli", "redis-tools") else {
        return;
    };
    let server = Server::of(RESP).start();
    let port = port(&server);
    let ask = |command: &[&str]| redis_cli.run(&[&["-p", &port, "-e"], command].concat());
    assert_eq!(ask(&["ping"]), "PONG\n");
    assert_eq!(ask(&["set", "greeting", "hello"]), "OK\n");
    // State lives as long as the connection, and every run of redis-cli is one.
    assert_eq!(ask(&["get", "greeting"]), "\n");
    // With `-r` one connection repeats the command.
    assert_eq!(ask(&["-r", "3", "incr", "count"]), "1\n2\n3\n");
    assert_eq!(server.stop().closed("completed"), 4);
}

#[test]
fn resp_serves_redis_benchmark() {
    let Some(redis_benchmark) = Tool::find("redis-benchmark", "redis-tools") else {
        return;
    };
    let server = Server::of(RESP).start();
    let port = port(&server);
    for pipeline in ["1", "16"] {
        let report = redis_benchmark.run(&[
            "-p",
            &port,
            "-t",
            "ping_inline,ping_mbulk,set,get",
            "-n",
            "5000",
            "-P",
            pipeline,
            "--csv",
        ]);
        for test in ["PING_INLINE", "PING_MBULK", "SET", "GET"] {
            assert!(report.contains(&format!("\"{test}\",")), "{report}");
        }
    }
    let books = server.stop();
    assert_eq!(books.closed("completed"), books.accepted, "{books:?}");
    assert!(
        books.accepted >= 4 * 50,
        "redis-benchmark opens 50 connections for each test"
    );
}

#[test]
fn http_serves_curl() {
    let Some(curl) = Tool::find("curl", "curl") else {
        return;
    };
    let server = Server::of(HTTP).start();
    let url = format!("http://127.0.0.1:{}/", port(&server));
    let page = curl.run(&["-sS", "--fail", &url]);
    assert!(page.to_lowercase().contains("<html"), "{page}");
    let head = curl.run(&["-sS", "--fail", "--head", &url]);
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");

    // Two pages in one run use one connection.
    let before = server.books().accepted;
    curl.run(&["-sS", "--fail", &url, &url]);
    assert_eq!(server.books().accepted, before + 1);

    let status = curl.run(&[
        "-sS",
        "-o",
        "/dev/null",
        "-w",
        "%{http_code}",
        &format!("{url}no-such-page"),
    ]);
    assert_eq!(status.trim_end(), "404");
    let status = curl.run(&["-sS", "-o", "/dev/null", "-w", "%{http_code}", "-d", "x=1", &url]);
    assert_eq!(status.trim_end(), "405");
    let books = server.stop();
    assert_eq!(books.closed("completed"), books.accepted, "{books:?}");
}

#[test]
fn http_serves_wrk() {
    let Some(wrk) = Tool::find("wrk", "wrk") else {
        return;
    };
    let server = Server::of(HTTP).start();
    let report = wrk.run(&["-t1", "-c16", "-d1s", &format!("http://127.0.0.1:{}/", port(&server))]);
    assert!(
        !report.contains("Socket errors") && !report.contains("Non-2xx"),
        "{report}"
    );
    let requests = report
        .lines()
        .find_map(|line| line.trim_start().split_once(" requests in "));
    let requests: u32 = requests.unwrap_or_else(|| panic!("{report}")).0.parse().unwrap();
    assert!(requests > 100, "{report}");
    let books = server.stop();
    // It opens one more to find out whether the server answers.
    assert!(books.accepted <= 17, "keep-alive: {books:?}");
}

fn assert_is_date(line: &str) {
    let words: Vec<_> = line.trim_end().split(' ').collect();
    let [weekday, _month, _day, _year, time] = words[..] else {
        panic!("{line:?}");
    };
    assert!(
        weekday.ends_with("day,") && time.ends_with("-UTC") && line.ends_with("\r\n"),
        "{line:?}"
    );
}

fn assert_is_now(bytes: Vec<u8>) {
    let sent = u32::from_be_bytes(bytes.try_into().unwrap());
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() + 2_208_988_800;
    // The number begins again at 0 in 2036.
    let late = (now - u64::from(sent)) % (1 << 32);
    assert!(late < 60, "{late} s");
}

fn port(server: &Server) -> String {
    let (_, port) = server.address().rsplit_once(':').unwrap();
    port.to_owned()
}
