//! The command line: what it refuses, in one line and with a code, and what it says of itself.

use std::fs;
use std::net::TcpListener;
use std::path::Path;

use serde_json::Value;

use crate::support::client::End;
use crate::support::guest::{ECHO, Guest, project};
use crate::support::process::Run;
use crate::support::server::{Server, cache, run, run_serve};

#[test]
fn a_file_that_does_not_exist() {
    let error = refused(65, &["serve", "no/such/handler.wasm"]);
    assert_eq!(
        error,
        "cannot read no/such/handler.wasm: No such file or directory (os error 2)"
    );
}

#[test]
fn a_file_that_is_not_webassembly() {
    let path = project().join("Cargo.toml");
    let error = refused(65, &["serve", text(&path)]);
    assert!(error.contains("is not WebAssembly; give a component"), "{error}");
}

#[test]
fn a_core_module() {
    let error = refused(65, &["serve", text(&Guest::Text("core_module").path())]);
    assert!(error.contains("is a core module, not a component"), "{error}");
}

#[test]
fn a_component_of_another_world() {
    let error = refused(65, &["serve", text(&Guest::Text("wrong_world").path())]);
    assert_eq!(
        error,
        "the component cannot serve tcp://127.0.0.1:9999: it exports example:deep-thought/question@1.0.0, and \
         socketserver:core/stream-handler@0.1.0 or socketserver:core/async-stream-handler@0.1.0 is wanted"
    );
}

#[test]
fn an_import_that_is_not_granted() {
    let error = refused(65, &["serve", text(&Guest::Built("sockets_import").path())]);
    assert!(
        error.starts_with("the component imports what a handler is not given: "),
        "{error}"
    );
    assert!(error.contains("wasi:sockets/tcp@0.2."), "{error}");
}

#[test]
fn a_component_that_is_broken() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("broken.wasm");
    let mut component = fs::read(ECHO.path()).unwrap();
    component.truncate(component.len() / 2);
    fs::write(&path, component).unwrap();
    let error = refused(65, &["serve", text(&path)]);
    assert!(error.starts_with("the component is not valid: "), "{error}");
}

#[test]
fn a_text_that_is_no_component() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("broken.wat");
    fs::write(&path, "(component").unwrap();
    let error = refused(65, &["serve", text(&path)]);
    assert!(error.starts_with("not the text of a component: "), "{error}");
}

#[test]
fn a_folder_without_a_project() {
    let folder = tempfile::tempdir().unwrap();
    let error = refused(65, &["serve", text(folder.path())]);
    assert!(error.contains("no project in it: neither a Cargo.toml"), "{error}");
}

#[test]
fn a_component_with_more_memory_than_its_limit() {
    let error = refused_with(78, Guest::Text("big_memory"), &[]);
    assert!(
        error.contains("128") && error.contains("max-memory is 64") && error.contains("raise it"),
        "{error}"
    );
}

#[test]
fn a_port_that_is_taken() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("tcp://{}", taken.local_addr().unwrap());
    let error = refused_with(71, ECHO, &["--listen", &url]);
    assert_eq!(
        error,
        format!("cannot listen on {url}: something already listens there; stop it or choose another address")
    );
}

#[test]
fn an_address_that_is_not_of_this_machine() {
    // 192.0.2.0/24 is for documentation (RFC 5737).
    let error = refused_with(71, ECHO, &["--listen=tcp://192.0.2.1:0"]);
    assert!(error.starts_with("cannot listen on tcp://192.0.2.1:0: "), "{error}");
}

/// Nobody may make a socket there, not even root.
#[test]
fn a_folder_that_is_not_ours_to_write() {
    let error = refused_with(71, ECHO, &["--listen=unix:///sys/kernel/socket"]);
    assert!(
        error.starts_with("cannot listen on unix:///sys/kernel/socket: permission denied"),
        "{error}"
    );
}

#[test]
fn urls_that_are_no_listeners() {
    for (url, why) in [
        ("127.0.0.1:9999", "write tcp://127.0.0.1:9999 or unix:///path"),
        ("tcp://127.0.0.1", "the port is missing"),
        ("tcp://:9999", "write tcp://127.0.0.1:9999"),
        ("tcp://127.0.0.1:99999", "invalid port number"),
        (
            "tcp://127.0.0.1:1/path",
            "write tcp://host:port, or icmp://host, and nothing after it",
        ),
        (
            "https://127.0.0.1:1",
            "its scheme is none of tcp, udp, icmp, http, unix, http+unix, unixpacket and unixgram",
        ),
        ("udp://127.0.0.1", "the port is missing"),
        ("icmp://127.0.0.1:1", "ICMP has no ports"),
        ("unix://socket", "three slashes"),
        ("unix:///socket?mode=999", "mode `999` is not an octal number"),
        ("unix:@name?mode=0600", "an abstract name has no file"),
        ("", "write tcp://127.0.0.1:9999 or unix:///path"),
    ] {
        let error = refused_with(64, ECHO, &["--listen", url]);
        assert!(error.contains(why), "{url}: {error}");
    }
}

#[test]
fn values_that_cannot_be_read() {
    for (flag, value) in [
        ("--max-connections", "many"),
        ("--max-connections", "-1"),
        ("--max-memory", "64 bananas"),
        ("--idle-timeout", "10"),
        ("--exempt-source", "10.0.0.0/99"),
        ("--allocation", "heap"),
        ("--memory-reset", "never"),
        ("--log-format", "xml"),
        ("--log", "socketserver=[[["),
        ("--threads", "0"),
        ("--no-such-flag", "1"),
    ] {
        let error = refused_with(64, ECHO, &[&format!("{flag}={value}")]);
        assert!(error.contains(flag) || error.contains(value), "{flag}={value}: {error}");
    }
}

#[test]
fn values_that_are_absurd() {
    for (flag, bound) in [
        (
            "--max-connections=0",
            "max-connections cannot be 0: a number from 1 to 1000000",
        ),
        (
            "--max-connections=4294967295",
            "max-connections cannot be 4294967295: a number from 1 to 1000000",
        ),
        (
            "--max-connections-per-source=0",
            "max-connections-per-source cannot be 0: at least 1, or none",
        ),
        ("--max-memory=1B", "max-memory cannot be 1 B: a size from 64KiB"),
        ("--max-memory=1TiB", "max-memory cannot be 1.0 TiB: a size from 64KiB"),
        ("--max-guest-output=1TiB", "max-guest-output cannot be"),
        (
            "--max-cpu-time=1us",
            "max-cpu-time cannot be 1us: a duration from 1ms to 10years, or none",
        ),
        ("--idle-timeout=0s", "idle-timeout cannot be 0s"),
        ("--datagram-session=0s", "datagram-session cannot be 0s"),
        (
            "--max-packet-size=0",
            "max-packet-size cannot be 0: a size from 1 to 65535 bytes",
        ),
        ("--max-packet-size=65536", "max-packet-size cannot be 65536"),
        (
            "--keep-alive=500ms",
            "keep-alive cannot be 500ms: a duration from 1s to 32767s, or none",
        ),
        ("--max-lifetime=11years", "max-lifetime cannot be 11years"),
        ("--drain-grace=1000years", "drain-grace cannot be 1000years"),
    ] {
        let error = refused_with(78, ECHO, &[flag]);
        assert!(error.starts_with(bound), "{flag}: {error}");
    }
}

#[test]
fn more_connections_than_the_machine_holds() {
    let error = refused_with(78, ECHO, &["--allocation=pool", "--max-connections=1000000"]);
    assert!(error.starts_with("max-connections 1000000 "), "{error}");
    assert!(
        error.contains("lower it") && error.contains("--allocation slab"),
        "{error}"
    );
    let error = refused_with(
        78,
        ECHO,
        &["--allocation=slab", "--max-connections=1000000", "--max-memory=4GiB"],
    );
    assert!(error.contains("address space"), "{error}");
}

#[test]
fn everything_that_is_absurd_is_said_at_once() {
    let error = refused_with(78, ECHO, &["--max-connections=0", "--idle-timeout=0s"]);
    assert!(
        error.contains("max-connections cannot be 0") && error.contains("; idle-timeout cannot be 0s"),
        "{error}"
    );
}

#[test]
fn what_check_refuses_is_what_serve_refuses() {
    let error = refused(65, &["check", "no/such/handler.wasm"]);
    assert!(error.starts_with("cannot read no/such/handler.wasm"), "{error}");
}

#[test]
fn nothing_to_do_is_a_wrong_usage() {
    assert_eq!(run::<&str>([]).code, Some(64));
    assert_eq!(run(["dance"]).code, Some(64));
    refused(64, &["serve"]);
}

#[test]
fn check_shows_each_setting_with_its_source_and_default() {
    let echo = ECHO.path();
    let report = check(&[text(&echo), "--max-connections=7", "--output=json"]);
    let report: Value = serde_json::from_str(&report).unwrap();
    let settings = report["settings"].as_array().unwrap();
    let setting = |name| settings.iter().find(|setting| setting["name"] == name).unwrap();
    let connections = setting("max-connections");
    assert_eq!(
        (&connections["value"], &connections["source"], &connections["default"]),
        (&"7".into(), &"command line".into(), &"3072".into())
    );
    assert_eq!(setting("idle-timeout")["value"], "1m");
    assert_eq!(setting("idle-timeout")["source"], "default");
    for (name, default) in [
        ("backlog", "1024"),
        ("datagram-session", "none"),
        ("keep-alive", "none"),
        ("max-packet-size", "8192"),
        ("no-delay", "true"),
        ("reuse-address", "true"),
        ("reuse-port", "false"),
    ] {
        assert_eq!(
            (&setting(name)["value"], &setting(name)["default"]),
            (&default.into(), &default.into()),
            "{name}"
        );
    }
    assert!(["pagemap-scan", "decommit"].contains(&report["handler"]["memory_reset"].as_str().unwrap()));
}

#[test]
fn check_reads_well_as_text() {
    let echo = ECHO.path();
    let report = check(&[text(&echo), "--max-connections=7"]);
    let row = report
        .lines()
        .find(|line| line.starts_with("max-connections "))
        .unwrap();
    let words: Vec<_> = row.split_whitespace().collect();
    assert_eq!(words, ["max-connections", "7", "command", "line", "3072"]);
    assert!(report.contains("the handler can be served: "), "{report}");
}

/// `check` binds nothing, so it finds a taken port fine.
#[test]
fn check_binds_nothing() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("tcp://{}", taken.local_addr().unwrap());
    let echo = ECHO.path();
    check(&[text(&echo), "--listen", &url]);
}

#[test]
fn help_names_every_exit_code() {
    let help = run(["serve", "--help"]).succeed();
    for code in [
        "0 stopped",
        "64 wrong usage",
        "65 the handler",
        "70 the server",
        "71 a listener",
        "75 stopped",
        "78 a",
    ] {
        assert!(help.replace('\n', " ").contains(code), "{code}: {help}");
    }
    assert!(help.contains("--max-connections <NUMBER>"), "{help}");
    assert!(run(["--help"]).succeed().contains("Serve connections with a handler"));
    assert!(run(["--version"]).succeed().starts_with("socketserver "));
}

/// A project is built first, and what is said about that does not get into standard output.
#[test]
fn a_folder_with_a_project_is_built_and_served() {
    let server = Server::at(project().join("guest/handlers/echo"))
        .beside_other_output()
        .start();
    let mut client = server.connect();
    client.echo("built");
    client.finish();
    assert_eq!(client.end(), End::Closed);
    server.stop();
}

/// Runs a command line that must be refused: one line on standard error, nothing on standard output, this code.
fn refused(code: i32, arguments: &[&str]) -> String {
    assess(code, &run(arguments.iter().copied()))
}

/// Runs `serve` with this handler and flags, which must be refused.
fn refused_with(code: i32, guest: Guest, flags: &[&str]) -> String {
    assess(code, &run_serve(guest, flags))
}

fn assess(code: i32, run: &Run) -> String {
    assert_eq!(run.code, Some(code), "{run:?}");
    assert_eq!(run.output, "", "nothing listens");
    let error = run
        .errors
        .strip_prefix("error: ")
        .unwrap_or_else(|| panic!("no `error:` first: {run:?}"));
    assert!(!error.contains("panicked") && !error.contains("backtrace"), "{error}");
    // The parser of the command line adds a hint below.
    let (line, more) = error.split_once('\n').expect("it is a line");
    assert!(more.is_empty() || code == 64, "one line is enough: {run:?}");
    line.to_owned()
}

fn check(arguments: &[&str]) -> String {
    run(["check", "--cache-dir", text(cache())].iter().chain(arguments)).succeed()
}

fn text(path: &Path) -> &str {
    path.to_str().expect("the paths of the tests are text")
}
