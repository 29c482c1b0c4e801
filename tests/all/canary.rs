//! Nothing that one connection wrote can be read by another, however memory is made new.
//!
//! The canary compares all of its memory, its globals and its table with what the component defines, and overwrites all
//! of it with a secret when it is told to. With few slots, every instance gets one that was used before.

use std::fs;
use std::path::Path;

use crate::support::client::End;
use crate::support::guest::Guest;
use crate::support::server::{Server, run};

const CANARY: Guest = Guest::Text("canary");

/// Few, so that each slot is used again and again.
const SLOTS: usize = 4;

#[test]
fn nothing_is_found_in_a_pool_after_decommit() {
    nothing_is_found("pool", "decommit");
}

#[test]
fn nothing_is_found_in_a_pool_after_zero() {
    nothing_is_found("pool", "zero");
}

#[test]
fn nothing_is_found_in_a_pool_after_pagemap_scan() {
    nothing_is_found("pool", "pagemap-scan");
}

#[test]
fn nothing_is_found_in_a_slab_after_decommit() {
    nothing_is_found("slab", "decommit");
}

#[test]
fn nothing_is_found_in_a_slab_after_zero() {
    nothing_is_found("slab", "zero");
}

#[test]
fn nothing_is_found_in_a_slab_after_pagemap_scan() {
    nothing_is_found("slab", "pagemap-scan");
}

/// The canary can fail: it finds one byte of memory, one global and one entry of the table that are not as it expects
/// them, in components that define them otherwise.
#[test]
fn the_canary_finds_what_is_not_its_own() {
    for (own, other, found) in [
        (
            r#"(data (i32.const 0x10000) "0"#,
            r#"(data (i32.const 0x10000) "!"#,
            "dirty memory 65536",
        ),
        (
            r#"(data (i32.const 0x5ffc0) "0"#,
            r#"(data (i32.const 0x5ffc0) "!"#,
            "dirty memory 393152",
        ),
        (
            "(data (i32.const 0x10000)",
            r#"(data (i32.const 0x1fffff) "!") (data (i32.const 0x10000)"#,
            "dirty memory 2097151",
        ),
        (
            "(mut i32) (i32.const 0x1234)",
            "(mut i32) (i32.const 0x1235)",
            "dirty global 0",
        ),
        ("(v128.const i64x2 3 4))", "(v128.const i64x2 3 5))", "dirty global 4"),
        ("func $eleven $twelve)", "func $twelve $twelve)", "dirty table 0"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("canary.wat");
        let text = fs::read_to_string(CANARY.path()).unwrap();
        assert!(text.contains(own), "the canary defines {own}");
        fs::write(&path, text.replacen(own, other, 1)).unwrap();

        let server = Server::at(path).with("max-connections", SLOTS).start();
        assert_eq!(tell(&server, "r"), found);
        server.stop();
    }
}

/// On either engine: a component that mentions a stream runs on the one with concurrency.
fn nothing_is_found(allocation: &str, memory_reset: &str) {
    let path = CANARY.path();
    let flags = [
        format!("--allocation={allocation}"),
        format!("--memory-reset={memory_reset}"),
    ];
    let check = [
        &["check", path.to_str().unwrap(), "--no-cache"][..],
        &flags.each_ref().map(String::as_str),
    ]
    .concat();
    let check = run(check);
    if check.code == Some(78) && memory_reset == "pagemap-scan" {
        // The kernel is too old, or there is swap: then the server refuses it, and there is nothing to look at.
        eprintln!("skipped: {}", check.errors.trim_end());
        return;
    }
    nothing_is_found_by(&path, allocation, memory_reset, false);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("canary.wat");
    let text = fs::read_to_string(CANARY.path()).unwrap();
    let (body, end) = text.trim_end().split_at(text.trim_end().len() - 1);
    fs::write(&path, format!("{body}  (type (stream u8))\n{end}\n")).unwrap();
    nothing_is_found_by(&path, allocation, memory_reset, true);
}

/// A slot is really used again: there are as many as there may be connections, and more of them come.
fn nothing_is_found_by(canary: &Path, allocation: &str, memory_reset: &str, concurrency: bool) {
    let server = Server::at(canary)
        .with("max-connections", SLOTS)
        .with("allocation", allocation)
        .with("memory-reset", memory_reset)
        .start();
    let loaded = &server.log().wait_for("handler loaded", 1)[0];
    assert_eq!(
        (loaded.text("allocation"), loaded.text("memory_reset")),
        (allocation, memory_reset)
    );
    assert_eq!(loaded.flag("concurrency"), concurrency);
    let connections = connections();
    // All slots are overwritten at once, so that none is spared.
    for _ in 0..connections / SLOTS {
        let mut clients: Vec<_> = (0..SLOTS).map(|_| server.connect()).collect();
        for client in &mut clients {
            client.send("w");
            assert_eq!(client.receive_line(), "written");
        }
    }
    for _ in 0..connections {
        assert_eq!(tell(&server, "r"), "clean");
    }
    // Once more in turns, because a slot that was only looked at is cleaner than one that was overwritten.
    for _ in 0..connections / 2 {
        assert_eq!(tell(&server, "w"), "written");
        assert_eq!(tell(&server, "r"), "clean");
    }
    server.stop();
}

fn tell(server: &Server, what: &str) -> String {
    let mut client = server.connect();
    client.send(what);
    let line = client.receive_line();
    assert_eq!(client.end(), End::Closed);
    line
}

/// How many connections leave a secret, and how many look for it.
fn connections() -> usize {
    if std::env::var_os("SOCKETSERVER_LONG").is_some() {
        10_000
    } else {
        200
    }
}
