//! Options that `wasmtime serve` has too.

use std::process::Command;

use crate::support::client::Client;
use crate::support::eventually::DEADLINE;
use crate::support::guest::{EACH_HTTP, Guest, HTTP};
use crate::support::http::serve;
use crate::support::process::{Process, lines_of};
use crate::support::server::{BINARY, Server, cache, run_serve};

#[test]
fn an_address_is_a_listener() {
    let mut command = Command::new(BINARY);
    command
        .arg("serve")
        .arg(HTTP.path())
        .args(["--addr", "127.0.0.1:0", "--cache-dir"])
        .arg(cache());
    let (process, output, _errors) = Process::start(&mut command);
    let line = lines_of(output).recv_timeout(DEADLINE).unwrap();
    let address = line.strip_prefix("listening ").unwrap();
    assert!(address.starts_with("http://127.0.0.1:"), "{address}");
    assert_eq!(Client::connect(address).unwrap().get("/").text(), "hello\n");
    drop(process);
}

#[test]
fn handlers_have_the_environment_that_they_are_given() {
    let server = serve(HTTP).with("env", "ONE=1").with("env", "TWO=a=b").start();
    let answer = server.connect().get("/reach").text().to_owned();
    assert!(answer.starts_with("2 variables"), "{answer}");
    server.stop();
}

#[test]
fn a_header_of_the_operator_stands_for_what_the_peer_sends() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("headers");
    std::fs::write(&file, "x-more: 1\n\nx-more: 2\n").unwrap();
    for guest in EACH_HTTP {
        let server = serve(guest)
            .with("header", "X-User: operator")
            .with("header", format!("@{}", file.display()))
            .start();
        let mut client = server.connect();
        client.send(crate::support::http::request(
            "GET",
            "/describe",
            "x-user: peer\r\nx-more: peer\r\nx-own: 3\r\n",
        ));
        let response = client.response();
        let headers: Vec<_> = response.text().lines().skip(4).collect();
        assert_eq!(headers, ["x-more: 1", "x-more: 2", "x-own: 3", "x-user: operator"]);
        drop(client);
        server.stop();
    }
}

#[test]
fn a_handler_finds_the_values_that_it_is_granted() {
    let guest = Guest::Built("http_config");
    let refused = run_serve(guest, &["--listen=http://127.0.0.1:0"]);
    assert_eq!(refused.code, Some(65));
    assert!(refused.errors.contains("-S config"), "{refused:?}");
    let server = serve(guest)
        .flag("-Sconfig,config-var=b=2")
        .flag("-Sconfig-var=a=1")
        .start();
    assert_eq!(server.connect().get("/").text(), "a=1\nb=2\n");
    server.stop();
}

#[test]
fn a_timeout_is_that_of_a_request() {
    let server: Server = serve(HTTP).flag("-Wtimeout=500ms").flag("-Opooling-allocator").start();
    assert_eq!(server.connect().get("/never").status, 504);
    server.stop();
}

#[test]
fn what_is_not_taken_is_refused_by_name_with_the_reason() {
    for (flag, words) in [
        (
            "-Sinherit-network",
            "`inherit-network` is not taken: say what handlers may connect to with --allow-connect",
        ),
        ("-Wfuel=5", "--max-cpu-time"),
        ("-Opooling-total-memories=5", "--max-concurrent-requests"),
        ("--dir=/tmp", "handlers have no files here"),
        ("--no-logging-prefix", "goes to the log"),
        ("--shutdown-addr=127.0.0.1:1", "send it SIGTERM"),
        ("--header=nonsense", "has no colon"),
        ("--env=A_NAME_THAT_NOBODY_HAS", "write A_NAME_THAT_NOBODY_HAS=VALUE"),
    ] {
        let run = run_serve(HTTP, &["--listen=http://127.0.0.1:0", flag]);
        assert_eq!(run.code, Some(64), "{flag}: {run:?}");
        let errors: Vec<_> = run.errors.split_whitespace().collect();
        assert!(errors.join(" ").contains(words), "{flag}: {run:?}");
    }
}
