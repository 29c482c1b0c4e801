//! `inspect`: what a component is, without running it.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::guest::{ECHO, ECHO_ASYNC, ECHO_DATAGRAMS, Guest};
use crate::support::server::run;

fn inspect(guest: Guest) -> Value {
    let report = run(["inspect".as_ref(), guest.path().as_os_str(), "--output=json".as_ref()]).succeed();
    serde_json::from_str(&report).unwrap()
}

#[test]
fn the_kind_is_told_by_the_exports() {
    assert_eq!(inspect(ECHO)["roles"][0], "stream handler");
    assert_eq!(inspect(ECHO_ASYNC)["roles"][0], "async stream handler");
    assert_eq!(inspect(ECHO_DATAGRAMS)["roles"][0], "datagram handler");
    assert_eq!(inspect(Guest::Built("both"))["roles"].as_array().unwrap().len(), 2);
    let program = inspect(Guest::Built("threading_echo"));
    assert!(
        program["roles"].as_array().unwrap().contains(&"server program".into()),
        "{program}"
    );
}

#[test]
fn what_would_have_to_be_granted_is_told() {
    let report = inspect(Guest::Built("outbound"));
    let imports = report["imports"].as_array().unwrap();
    let sockets = imports
        .iter()
        .filter(|import| import["name"].as_str().unwrap().starts_with("wasi:sockets/"));
    assert!(sockets.clone().count() > 0 && sockets.clone().all(|import| import["grant"] == "allow-connect"));
    assert!(
        inspect(ECHO)["imports"]
            .as_array()
            .unwrap()
            .iter()
            .all(|import| import["grant"] == "given")
    );
}

/// Each instance pays for what its component imports, so the SDK prints without C's library and all that it knows of WASI.
#[test]
fn a_handler_in_rust_imports_its_connection_and_what_it_may_print_with() {
    let report = inspect(ECHO);
    let imports = report["imports"].as_array().unwrap();
    let of_wasi: BTreeSet<_> = imports
        .iter()
        .filter_map(|import| import["name"].as_str().unwrap().strip_prefix("wasi:"))
        .filter_map(|name| name.split_once('@'))
        .map(|(name, _)| name)
        .collect();
    let expected = [
        "cli/environment",
        "cli/exit",
        "cli/stderr",
        "cli/stdout",
        "io/error",
        "io/streams",
    ];
    assert_eq!(of_wasi, BTreeSet::from(expected));
}

#[test]
fn what_made_it_and_its_memory_are_told() {
    let report = inspect(ECHO);
    let producers = report["producers"].as_array().unwrap();
    assert!(
        producers
            .iter()
            .any(|producer| producer["field"] == "language" && producer["name"] == "Rust"),
        "{report}"
    );
    assert!(
        report["initial_memory"].as_u64().unwrap() >= 64 << 10 && report["names"] == true,
        "{report}"
    );
    assert_eq!(inspect(Guest::Text("big_memory"))["initial_memory"], 128 << 20);
}

#[test]
fn the_text_says_the_same_and_what_is_no_component_is_refused() {
    let text = run(["inspect".as_ref(), ECHO.path().as_os_str()]).succeed();
    assert!(text.starts_with("kind: stream handler\nmade by: Rust"), "{text}");
    let refused = run(["inspect".as_ref(), Guest::Text("core_module").path().as_os_str()]);
    assert_eq!(refused.code, Some(65), "{refused:?}");
    assert!(
        refused.errors.contains("is a core module, not a component"),
        "{refused:?}"
    );
}
