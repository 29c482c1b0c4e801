//! `dev`: a change of the source reaches new connections, and no other.

use crate::support::client::End;
use crate::support::dev::Dev;

/// The open connection goes on in the old code, the next one has the new, and nobody is refused in between.
fn a_change_reaches_the_next_connection(language: &str, file: &str, before: &str, after: &str) {
    let Some(dev) = Dev::of(language, "stream", &["--listen", "tcp://127.0.0.1:0"]) else {
        return;
    };
    let mut old = dev.connect();
    assert_eq!(old.ask("Hello"), "HELLO");

    dev.change(file, before, after);
    let mut answers = Vec::new();
    dev.until_said("replaced the handler", || {
        let mut client = dev.connect();
        answers.push(client.ask("Hello"));
        client.finish();
        assert_eq!(client.end(), End::Closed);
    });
    assert!(
        answers.iter().all(|answer| answer == "HELLO" || answer == "hello"),
        "{answers:?}"
    );

    assert_eq!(dev.connect().ask("Hello"), "hello");
    assert_eq!(old.ask("Again"), "AGAIN");
    drop(old);
    assert!(!dev.announced_again(), "the listener stays the same");
    assert_eq!(dev.stop(), Some(0));
}

#[test]
fn a_change_in_rust_reaches_the_next_connection() {
    a_change_reaches_the_next_connection("rust", "src/lib.rs", "make_ascii_uppercase", "make_ascii_lowercase");
}

#[test]
fn a_change_in_python_reaches_the_next_connection() {
    a_change_reaches_the_next_connection("python", "handler.py", ".upper()", ".lower()");
}

#[test]
fn what_does_not_build_changes_nothing() {
    let Some(dev) = Dev::of("rust", "stream", &["--listen", "tcp://127.0.0.1:0"]) else {
        return;
    };
    dev.change(
        "src/lib.rs",
        "line.make_ascii_uppercase();",
        "line.make_ascii_uppercase(;",
    );
    let error = dev.until_said("error: ", || assert_eq!(dev.connect().ask("Hello"), "HELLO"));
    assert!(!error.contains("panicked"), "{error}");
    assert_eq!(dev.connect().ask("Hello"), "HELLO");

    dev.change(
        "src/lib.rs",
        "line.make_ascii_uppercase(;",
        "line.make_ascii_lowercase();",
    );
    dev.until_said("replaced the handler", || {});
    assert_eq!(dev.connect().ask("Hello"), "hello");
    assert_eq!(dev.stop(), Some(0));
}

/// A program is started anew, and the old one is told to stop when the new one listens.
#[test]
fn a_program_hands_its_address_over() {
    let Some(dev) = program() else { return };
    let mut old = dev.connect();
    assert_eq!(old.ask("Hello"), "HELLO");
    dev.change("src/lib.rs", "make_ascii_uppercase", "make_ascii_lowercase");
    // Some of them wait in the backlog when the one program goes and the other comes.
    dev.until_said("replaced the program", || {
        let clients: Vec<_> = (0..16).map(|_| dev.connect()).collect();
        for mut client in clients {
            let answer = client.ask("Hello");
            assert!(answer == "HELLO" || answer == "hello", "{answer}");
        }
    });
    assert_eq!(old.ask("Again"), "AGAIN");
    drop(old);
    dev.until_said("a program ended: it returned", || {});
    assert_eq!(dev.connect().ask("Hello"), "hello");
    assert_eq!(dev.stop(), Some(0));
}

/// The one that listens goes on, and the one after it takes its address over.
#[test]
fn a_program_that_fails_before_it_listens_replaces_nothing() {
    let Some(dev) = program() else { return };
    let fails = "    assert!(std::env::args().count() > 9);\n    let mut server";
    dev.change("src/lib.rs", "    let mut server", fails);
    dev.until_said("a program ended: it trapped", || {
        assert_eq!(dev.connect().ask("Hello"), "HELLO");
    });
    dev.change("src/lib.rs", fails, "    let mut server");
    dev.until_said("replaced the program", || {
        assert_eq!(dev.connect().ask("Hello"), "HELLO")
    });
    dev.until_said("a program ended: it returned", || {});
    assert_eq!(dev.connect().ask("Hello"), "HELLO");
    assert_eq!(dev.stop(), Some(0));
}

/// A program that is followed, at a port of its own, because a program's is in its source.
fn program() -> Option<Dev> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let free = listener.local_addr().unwrap().port().to_string();
    drop(listener);
    let bind = format!("--allow-bind=tcp://127.0.0.1:{free}");
    Dev::of_changed("rust", "program", &[&bind], ("src/lib.rs", "9999", free.as_str()))
}
