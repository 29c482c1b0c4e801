//! Which component serves which listener.

use crate::support::client::Client;
use crate::support::guest::{ECHO, Guest, HTTP};
use crate::support::http::serve;
use crate::support::program::Program;
use crate::support::server::{Server, run, run_serve};

#[test]
fn a_component_without_the_kind_of_a_listener_is_refused() {
    let error = run_serve(ECHO, &["--listen=http://127.0.0.1:0"]);
    assert_eq!(error.code, Some(65));
    assert!(
        error
            .errors
            .contains("wasi:http/incoming-handler@0.2.x or wasi:http/handler@0.3.x is wanted"),
        "{error:?}"
    );
    let error = run_serve(HTTP, &["--listen=tcp://127.0.0.1:0"]);
    assert_eq!(error.code, Some(65));
    assert!(
        error.errors.contains("socketserver:core/stream-handler@0.1.0"),
        "{error:?}"
    );
}

#[test]
fn each_listener_has_the_handler_of_its_kind() {
    let server = Server::of(Guest::Built("http_and_stream"))
        .listen("http://127.0.0.1:0")
        .listen("tcp://127.0.0.1:0")
        .start();
    let [http, tcp] = [0, 1].map(|at: usize| Client::connect(&server.listeners()[at]).unwrap());
    let (mut http, mut tcp) = (http, tcp);
    assert_eq!(http.get("/").text(), "by HTTP\n");
    assert_eq!(tcp.receive_line(), "by a stream");
    drop((http, tcp));
    let books = server.stop();
    assert_eq!((books.accepted, books.requests), (2, 1));
}

#[test]
fn check_and_inspect_know_http() {
    let path = HTTP.path();
    let text = run(["inspect".as_ref(), path.as_os_str()]).succeed();
    assert!(text.starts_with("kind: HTTP handler\n"), "{text}");
    let report = run_check(&path);
    assert!(
        report.contains("the handler can be served") && report.contains("header-timeout"),
        "{report}"
    );
}

fn run_check(path: &std::path::Path) -> String {
    let cache = crate::support::server::cache();
    run([
        "check".as_ref(),
        path.as_os_str(),
        "--listen=http://127.0.0.1:0".as_ref(),
        "--cache-dir".as_ref(),
        cache.as_os_str(),
    ])
    .succeed()
}

/// What a program drives are connections.
#[test]
fn a_program_binds_no_http() {
    let program = Program::of(Guest::Built("program_grants"))
        .handler("echo", ECHO)
        .allow_bind("http://127.0.0.1:0")
        .argument("http://127.0.0.1:0")
        .start();
    let ended = program.ended();
    assert_eq!(ended.output, ["http://127.0.0.1:0: invalid argument"]);
}

#[test]
fn curl_is_served() {
    let Some(curl) = crate::support::tool::Tool::find("curl", "curl") else {
        return;
    };
    let server = serve(HTTP).start();
    let url = |path: &str| format!("{}{path}", server.address());
    assert_eq!(curl.run(&["-sS", &url("/")]), "hello\n");
    assert_eq!(
        curl.run(&["-sS", "--data-binary", "some words", &url("/echo")]),
        "some words\n"
    );
    assert_eq!(
        curl.run(&[
            "-sS",
            "--http2-prior-knowledge",
            "--data-binary",
            "some words",
            &url("/echo")
        ]),
        "some words\n"
    );
    assert_eq!(
        curl.run(&[
            "-sS",
            "-o",
            "/dev/null",
            "-w",
            "%{http_code} %{http_version}",
            "--http2-prior-knowledge",
            &url("/trap")
        ]),
        "500 2\n"
    );
    server.stop();
}
