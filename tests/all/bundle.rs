//! One source of a handler in each language, under stock wasmtime: the assertions of `languages.rs`, and what the command
//! says.

use std::fs;
use std::path::PathBuf;
use std::thread;

use crate::support::client::{End, noise};
use crate::support::guest::{CONFORMANCE, DATAGRAMS, ECHO, ECHO_ASYNC, ECHO_DATAGRAMS, Guest};
use crate::support::server::run;
use crate::support::source::component;
use crate::support::stock::Stock;
use crate::support::tool::Tool;

fn echo_by_run(echo: Option<PathBuf>) {
    let Some(stock) = echo.and_then(|echo| Stock::run(echo).start()) else {
        return;
    };
    stock.connect().echo("hello\n");
    // Both directions at once, until the peer has sent all.
    let bytes = noise(1 << 20);
    assert!(stock.connect().exchange(&bytes) == (bytes.clone(), End::Closed));
    for number in 0..20 {
        stock.connect().echo(format!("I am {number}\n"));
    }
}

fn echo_by_serve(echo: Option<PathBuf>) {
    let Some(curl) = Tool::find("curl", "curl") else { return };
    let Some(stock) = echo.and_then(|echo| Stock::serve(echo).start()) else {
        return;
    };
    let url = stock.address();
    assert_eq!(curl.run(&["-sS", "--fail", "-d", "hello", url]), "hello\n");
    let folder = tempfile::tempdir().unwrap();
    let [sent, received] = ["sent", "received"].map(|name| folder.path().join(name));
    fs::write(&sent, noise(1 << 20)).unwrap();
    let [from, to] = [&sent, &received].map(|path| path.to_str().unwrap());
    curl.run(&["-sS", "--fail", "-T", from, "-o", to, url]);
    assert!(fs::read(&sent).unwrap() == fs::read(&received).unwrap());
    // At once, each in its own instance.
    thread::scope(|scope| {
        for number in 0..8 {
            let (curl, url) = (&curl, &url);
            scope.spawn(move || {
                let text = format!("I am {number}");
                assert_eq!(curl.run(&["-sS", "--fail", "-d", &text, url]), text + "\n");
            });
        }
    });
}

macro_rules! each {
    ($($language:ident $extension:literal),+) => {
        $(mod $language {
            fn echo() -> Option<std::path::PathBuf> {
                super::component(concat!("guest/handlers/echo/handler.", $extension))
            }

            #[test]
            fn echo_runs_under_wasmtime_run() {
                super::echo_by_run(echo());
            }

            #[test]
            fn echo_runs_under_wasmtime_serve() {
                super::echo_by_serve(echo());
            }
        })+
    };
}

each!(c "c", cpp "cpp", go "go", javascript "js", python "py", rust "rs", typescript "ts", zig "zig");

/// A component has one bundle for each of its handlers.
#[test]
fn the_kind_of_handler_is_chosen() {
    let both = Guest::Built("both").path();
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("bundle.wasm");
    let bundle = |flags: &[&str]| {
        let arguments = ["bundle", "--for", "wasmtime-run", "-o"].map(Into::into);
        let paths = [output.clone().into_os_string(), both.clone().into_os_string()];
        run(arguments.into_iter().chain(paths).chain(flags.iter().map(Into::into)))
    };
    assert!(
        bundle(&[])
            .errors
            .contains("one instance serves all connections, one after the other")
    );
    let datagrams = bundle(&["--kind", "datagram"]);
    assert!(
        datagrams.errors.contains("one instance serves all datagrams"),
        "{datagrams:?}"
    );
    let absent = bundle(&["--kind", "async"]);
    assert_eq!(absent.code, Some(65));
    assert!(
        absent.errors.contains("it exports no handler of the kind async"),
        "{absent:?}"
    );
}

#[test]
fn the_command_says_how_to_run_the_bundle_and_what_is_different() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("echo.wasm");
    let output = output.to_str().unwrap();
    let echo = ECHO.path();
    let bundle = |handler: &Guest, runtime: &str| {
        let handler = handler.path();
        run(["bundle", handler.to_str().unwrap(), "--for", runtime, "-o", output])
    };
    for (guest, runtime, command, difference) in [
        (
            &ECHO,
            "wasmtime-run",
            format!("run -S inherit-network {output} 127.0.0.1:9999"),
            "a trap ends the process",
        ),
        (
            &ECHO,
            "wasmtime-serve",
            format!("serve -S cli --addr 127.0.0.1:8080 {output}"),
            "addresses are not told",
        ),
        (
            &ECHO_ASYNC,
            "wasmtime-serve",
            format!("serve -S cli --addr 127.0.0.1:8080 {output}"),
            "--max-instance-reuse-count 1",
        ),
        (
            &ECHO_ASYNC,
            "wasmtime-run",
            format!("run -S inherit-network {output} 127.0.0.1:9999"),
            "all connections at once",
        ),
        (
            &ECHO_DATAGRAMS,
            "wasmtime-run",
            format!("run -S inherit-network {output} 127.0.0.1:9999"),
            "no sessions",
        ),
    ] {
        let made = bundle(guest, runtime);
        assert!(
            made.errors.starts_with(&format!("run it: wasmtime {command}\n")),
            "{made:?}"
        );
        assert!(made.errors.contains(difference), "{made:?}");
        assert_eq!(made.succeed(), format!("{output}\n"));
    }
    // Nothing of ours is left to be imported.
    let inspected = run(["inspect", output]).succeed();
    assert!(!inspected.contains("socketserver:"), "{inspected}");
    assert!(fs::metadata(echo).unwrap().len() > 0);
}

#[test]
fn what_cannot_be_bundled_is_refused_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("bundle.wasm");
    let output = output.to_str().unwrap();
    let text = folder.path().join("text.wasm");
    fs::write(&text, "no component").unwrap();
    let text = text.to_str().unwrap();
    let path = |guest: Guest| guest.path().to_str().unwrap().to_owned();
    for (handler, flags, code, error) in [
        (
            path(DATAGRAMS),
            &["--for", "wasmtime-serve"][..],
            65,
            "a handler of datagrams is no HTTP server",
        ),
        (
            path(ECHO),
            &["--for", "wasmtime-run", "--http-wire"],
            64,
            "--http-wire is for wasmtime-serve",
        ),
        (
            path(ECHO),
            &["--for", "spin"],
            64,
            "no such runtime; there are wasmtime-run, wasmtime-serve",
        ),
        (
            path(Guest::Built("program_grants")),
            &["--for", "wasmtime-run"],
            65,
            "it is a server program",
        ),
        (
            path(Guest::Text("wrong_world")),
            &["--for", "wasmtime-run"],
            65,
            "it exports no handler",
        ),
        (
            path(Guest::Text("core_module")),
            &["--for", "wasmtime-run"],
            65,
            "no component that can be read",
        ),
        (text.to_owned(), &["--for", "wasmtime-run"], 65, "cannot read"),
        (
            "nowhere.wasm".to_owned(),
            &["--for", "wasmtime-run"],
            65,
            "cannot read nowhere.wasm",
        ),
    ] {
        let mut arguments = vec!["bundle", handler.as_str(), "-o", output];
        arguments.extend(flags);
        let refused = run(arguments);
        assert_eq!(refused.code, Some(code), "{refused:?}");
        assert!(
            refused.errors.contains(error) && refused.output.is_empty(),
            "{refused:?}"
        );
        assert!(!fs::exists(output).unwrap());
    }
    let handler = path(CONFORMANCE);
    let itself = run(["bundle", &handler, "--for", "wasmtime-run", "-o", &handler]);
    assert_eq!(itself.code, Some(64));
    assert!(itself.errors.contains("is the handler itself"), "{itself:?}");
    let nowhere = run([
        "bundle",
        &handler,
        "--for",
        "wasmtime-run",
        "-o",
        "no/such/folder/bundle.wasm",
    ]);
    assert!(
        nowhere.errors.contains("cannot write no/such/folder/bundle.wasm"),
        "{nowhere:?}"
    );
}
