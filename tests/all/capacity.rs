//! How many sandboxes fit: what the command says, and that it is so.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::Value;

use crate::support::guest::{ECHO, Guest, HTTP, project};
use crate::support::server::{Server, cache, run};

fn capacity(guest: Guest, flags: &[&str]) -> (String, Value) {
    let path = guest.path();
    let arguments = |output: &str| {
        let mut arguments = vec!["capacity".into(), path.clone().into_os_string()];
        arguments.extend(["--cache-dir".into(), cache().into(), output.into()]);
        arguments.extend(flags.iter().map(std::ffi::OsString::from));
        run(arguments)
    };
    let text = arguments("--output=text");
    assert_eq!(text.code, Some(0), "{}", text.errors);
    let json = arguments("--output=json");
    (text.output, serde_json::from_str(&json.output).expect("it is JSON"))
}

fn bound<'a>(report: &'a Value, resource: &str) -> Option<&'a Value> {
    let bounds = report["bounds"].as_array().unwrap();
    bounds.iter().find(|bound| bound["resource"] == resource)
}

#[test]
fn the_first_bound_is_named_with_what_lifts_it() {
    let (text, report) = capacity(ECHO, &["--max-connections=7", "--allocation=pool"]);
    assert!(
        text.starts_with("7 sandboxes fit at once, in a pool; max-connections is the first bound, and there is more with --max-connections\n"),
        "{text}"
    );
    assert!(text.contains("7 sandboxes were made in "), "{text}");
    assert_eq!(
        (&report["sandboxes"], &report["first"]),
        (&7.into(), &"max-connections".into())
    );
    for resource in ["max-connections", "open-files", "mappings", "address-space", "memory"] {
        let bound = bound(&report, resource).unwrap_or_else(|| panic!("no {resource}: {text}"));
        let [each, available, sandboxes] = ["each", "available", "sandboxes"].map(|name| bound[name].as_u64().unwrap());
        assert!(each > 0 && sandboxes == available / each, "{bound}");
    }
    assert!(report["measured"]["sandboxes_at_max_memory"].as_u64().unwrap() > 0);
}

/// The numbers are those of a machine; everything else of the example is so.
#[test]
fn the_example_of_the_documentation_is_what_is_printed() {
    let page = std::fs::read_to_string(project().join("docs/scale.md")).unwrap();
    let (_, example) = page.split_once("$ socketserver capacity echo.wasm ").unwrap();
    let (example, _) = example.split_once("```").unwrap();
    let (flags, expected) = example.split_once('\n').unwrap();
    let flags = flags.replace("--sandboxes 200000", "--sandboxes 200");
    let (printed, _) = capacity(ECHO, &flags.split(' ').collect::<Vec<_>>());
    let words = |text: &str| {
        let is_number = |word: &str| word.starts_with(|first: char| first.is_ascii_digit());
        let lines = text.lines().map(|line| {
            let words = line.split_whitespace();
            words.filter(|word| !is_number(word)).collect::<Vec<_>>().join(" ")
        });
        // The order of bounds, and the units of their amounts, are the machine's.
        lines
            .map(|line| {
                line.replace("KiB", "")
                    .replace("MiB", "")
                    .replace("GiB", "")
                    .replace("TiB", "")
            })
            .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(words(&printed), words(expected), "{printed}");
}

/// An echo handler is small, whatever its own toolchain.
#[test]
fn what_a_sandbox_takes_is_measured() {
    for allocation in ["--allocation=pool", "--allocation=slab"] {
        let (_, report) = capacity(ECHO, &["--sandboxes=500", allocation]);
        let measured = &report["measured"];
        assert_eq!(
            (&measured["sandboxes"], &measured["returned"]),
            (&500.into(), &0.into())
        );
        let each = measured["memory_each"].as_u64().unwrap();
        assert!((10 << 10..150 << 10).contains(&each), "{measured}");
    }
    let (_, http) = capacity(HTTP, &["--listen=http://127.0.0.1:0", "--sandboxes=100"]);
    assert_eq!(http["measured"]["sandboxes"], 100);
    assert!(bound(&http, "max-concurrent-requests").is_some() && bound(&http, "max-connections").is_none());
}

#[test]
fn a_handler_that_does_not_wait_is_none_that_waits() {
    let (text, report) = capacity(Guest::Built("daytime"), &["--sandboxes=20"]);
    let measured = &report["measured"];
    assert_eq!(
        (&measured["sandboxes"], &measured["returned"]),
        (&0.into(), &20.into()),
        "{text}"
    );
    assert!(text.contains("20 handlers returned instead of waiting"), "{text}");
    assert!(bound(&report, "memory").is_none());
}

/// What a pool does not hold, a slab does; and every one of them is served.
#[test]
fn a_slab_holds_more_connections_than_a_pool() {
    const CONNECTIONS: u32 = 12_000;
    let server = Server::of(ECHO).with("max-connections", CONNECTIONS).alone().start();
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        ..limit
    };
    setrlimit(Resource::Nofile, raised).expect("a process may have what it may have");
    let mut clients: Vec<_> = (0..CONNECTIONS).map(|_| server.connect()).collect();
    for round in 0_u32..2 {
        for (number, client) in (0_u32..).zip(&mut clients) {
            client.echo((number ^ round).to_le_bytes());
        }
    }
    assert_eq!(server.books().active, u64::from(CONNECTIONS));
    drop(clients);
    assert_eq!(server.stop().closed("completed"), u64::from(CONNECTIONS));
}

#[test]
fn a_pool_is_taken_where_it_fits() {
    let check = |flags: &[&str]| {
        let path = ECHO.path();
        let mut arguments = vec!["check", path.to_str().unwrap(), "--no-cache", "--output=json"];
        arguments.extend(flags);
        let report: Value = serde_json::from_str(&run(arguments).output).expect("it is JSON");
        report["handler"]["allocation"].as_str().unwrap().to_owned()
    };
    assert_eq!(check(&["--max-connections=100000"]), "slab");
    assert_eq!(check(&["--allocation=slab"]), "slab");
    assert_eq!(check(&["--allocation=pool"]), "pool");
}
