//! Who may use what: the directions of dependency that the design promises.
//!
//! A module that names nothing of the engine, of the network or of the process can be read, tested and changed without
//! them. The compiler cannot keep modules of one crate apart, so this does.

use super::rust::{self, Kind, Name};
use super::tree::File;
use super::{Finding, Level};

/// Something that only some files may name.
#[derive(Debug)]
struct Boundary {
    /// Paths from the root of the project that begin so are bound by it.
    scope: &'static str,
    /// Unless they are one of these files, or lie in one of these folders.
    allowed: &'static [&'static str],
    /// Whether code for tests is bound too.
    in_tests: bool,
    names: &'static [Pattern],
    why: &'static str,
    advice: &'static str,
}

#[derive(Debug)]
enum Pattern {
    /// A call of a function or method of this name, whatever stands before it.
    Call(&'static str),
    /// A crate, or one of its family: `wasmtime` and `wasmtime_wasi`.
    Crate(&'static str),
    Macro(&'static str),
    /// These segments one after the other, anywhere in a path.
    Path(&'static [&'static str]),
}

const BOUNDARIES: [Boundary; 5] = [
    Boundary {
        scope: "host/src/",
        allowed: &["host/src/sandbox.rs", "host/src/sandbox/"],
        in_tests: true,
        names: &[Pattern::Crate("wasmtime")],
        why: "only the sandbox knows its engine",
        advice: "let `sandbox` offer what is needed in the words of the server",
    },
    Boundary {
        scope: "host/src/",
        allowed: &["host/src/dial.rs", "host/src/listener.rs", "host/src/listener/"],
        in_tests: true,
        names: &[
            Pattern::Path(&["tokio", "net"]),
            Pattern::Crate("rustls"),
            Pattern::Crate("tokio_rustls"),
        ],
        why: "only listeners, and what dials, know what kind of socket a connection is, so that all else is tested without one",
        advice: "take anything that is `AsyncRead` and `AsyncWrite`",
    },
    Boundary {
        scope: "host/src/",
        allowed: &[
            "host/src/main.rs",
            "host/src/cli.rs",
            "host/src/cli/",
            "host/src/command.rs",
            "host/src/command/",
            "host/src/exit.rs",
        ],
        in_tests: false,
        names: &[
            Pattern::Macro("print"),
            Pattern::Macro("println"),
            Pattern::Macro("eprint"),
            Pattern::Macro("eprintln"),
            Pattern::Path(&["process", "exit"]),
            Pattern::Path(&["process", "abort"]),
            Pattern::Path(&["ExitCode"]),
            Pattern::Path(&["env", "var"]),
            Pattern::Path(&["env", "var_os"]),
            Pattern::Path(&["env", "vars"]),
        ],
        why: "nothing below `main` exits, prints or reads the environment: the server is a library too",
        advice: "return a value or an error, emit an event, or take a setting from `Config`",
    },
    Boundary {
        scope: "host/src/",
        allowed: &["host/src/drain.rs"],
        in_tests: false,
        names: &[
            Pattern::Path(&["tokio", "spawn"]),
            Pattern::Path(&["task", "spawn"]),
            Pattern::Path(&["task", "spawn_local"]),
        ],
        why: "when the server has stopped no task is left, which only the drain can know",
        advice: "use `Drain::spawn`",
    },
    Boundary {
        scope: "tests/all/",
        allowed: &["tests/all/support/"],
        in_tests: true,
        names: &[Pattern::Call("sleep"), Pattern::Call("sleep_until")],
        why: "a test that waits for time to pass is slow on a fast machine and wrong on a slow one",
        advice: "wait for the event, with `support`",
    },
];

pub(super) fn check(file: &File) -> Vec<Finding> {
    let boundaries: Vec<&Boundary> = BOUNDARIES
        .iter()
        .filter(|boundary| boundary.binds(&file.path))
        .collect();
    if boundaries.is_empty() {
        return Vec::new();
    }
    let finding = |line, what, why, advice| Finding {
        path: file.path.clone(),
        line,
        level: Level::Failure,
        what,
        why,
        advice,
    };
    let names = match rust::names(&file.text) {
        Ok(names) => names,
        Err(error) => return vec![finding(1, error.to_string(), "it cannot be checked", "make it compile")],
    };
    let mut findings = Vec::new();
    for boundary in boundaries {
        for name in names.iter().filter(|name| boundary.forbids(name)) {
            let what = format!("`{}`", name.segments.join("::"));
            findings.push(finding(name.line, what, boundary.why, boundary.advice));
        }
    }
    // A group of names is several names on one line, and one mistake.
    findings.dedup_by(|a, b| (a.line, a.why) == (b.line, b.why));
    findings
}

impl Boundary {
    fn binds(&self, path: &str) -> bool {
        let is_allowed = |allowed: &&str| path == *allowed || (allowed.ends_with('/') && path.starts_with(*allowed));
        path.starts_with(self.scope) && !self.allowed.iter().any(is_allowed)
    }

    fn forbids(&self, name: &Name) -> bool {
        (self.in_tests || !name.is_test) && self.names.iter().any(|pattern| pattern.matches(name))
    }
}

impl Pattern {
    fn matches(&self, name: &Name) -> bool {
        let last_is = |expected: &str| name.segments.last().is_some_and(|last| last == expected);
        match self {
            Self::Call(function) => name.kind == Kind::Call && last_is(function),
            Self::Crate(family) => name.segments.first().is_some_and(|first| {
                first
                    .strip_prefix(family)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
            }),
            Self::Macro(expected) => name.kind == Kind::Macro && last_is(expected),
            Self::Path(path) => name.segments.windows(path.len()).any(|segments| segments == *path),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: [usize; 0] = [];

    fn lines(path: &str, source: &str) -> Vec<usize> {
        check(&File::of(path, source))
            .iter()
            .map(|finding| finding.line)
            .collect()
    }

    #[test]
    fn only_the_sandbox_names_its_engine() {
        let source = "use std::io;\nuse wasmtime::Store;\nfn f(e: wasmtime_wasi::ResourceTable) {}\n";
        assert_eq!(lines("host/src/server.rs", source), [2, 3]);
        assert_eq!(lines("host/src/sandbox.rs", source), NONE);
        assert_eq!(lines("host/src/sandbox/engine.rs", source), NONE);
        assert_eq!(lines("host/src/sandboxes.rs", source), [2, 3]);
        assert_eq!(lines("guest/sdk/rust/src/lib.rs", source), NONE);
    }

    #[test]
    fn only_listeners_name_sockets() {
        let source = "use tokio::{io, net::{TcpListener, TcpStream}};\nuse std::net::SocketAddr;\n";
        assert_eq!(lines("host/src/accept.rs", source), [1]);
        assert_eq!(lines("host/src/listener/tcp.rs", source), NONE);
    }

    #[test]
    fn only_the_command_talks_to_the_process() {
        let source = "use std::process::{self, ExitCode};\nfn f() {\n    println!();\n    process::exit(1);\n    env::var(\"A\");\n}\n";
        assert_eq!(lines("host/src/log.rs", source), [1, 3, 4, 5]);
        assert_eq!(lines("host/src/main.rs", source), NONE);
        assert_eq!(lines("host/src/cli/help.rs", source), NONE);
        // Compile-time facts, and formatting into a buffer, are something else.
        assert_eq!(lines("host/src/log.rs", "fn f() { env!(\"A\"); writeln!(f); }"), NONE);
    }

    #[test]
    fn tests_may_print_and_spawn() {
        let source = "#[cfg(test)]\nmod tests {\n    fn f() { println!(); tokio::spawn(g()); }\n}\n";
        assert_eq!(lines("host/src/log.rs", source), NONE);
        assert_eq!(lines("host/src/log.rs", "fn f() { tokio::spawn(g()); }"), [1]);
        assert_eq!(lines("host/src/drain.rs", "fn f() { tokio::spawn(g()); }"), NONE);
    }

    #[test]
    fn tests_do_not_sleep() {
        let source = "async fn a() {\n    // sleep(1)\n    tokio::time::sleep(D).await;\n    sleep(D).await;\n}\n";
        assert_eq!(lines("tests/all/streams.rs", source), [3, 4]);
        assert_eq!(lines("tests/all/support/eventually.rs", source), NONE);
    }

    #[test]
    fn what_is_not_rust_is_a_finding() {
        assert_eq!(lines("host/src/lib.rs", "fn f( {"), [1]);
    }
}
