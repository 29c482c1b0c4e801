//! `new`, `build`, `serve` and `run`: from nothing to an answer, for each language and kind of component.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use crate::support::datagrams::Peer;
use crate::support::guest::project;
use crate::support::program::Program;
use crate::support::server::{Server, run};
use crate::support::source::build;

/// Every template answers in upper case.
const ASK: &str = "hello\n";
const ANSWER: &str = "HELLO\n";

fn create(language: &str, kind: &str, folder: &Path) -> String {
    let arguments = ["new", language, "--kind", kind].map(str::to_owned);
    run(arguments.into_iter().chain([folder.display().to_string()])).succeed()
}

/// The component of a new project; none where the toolchain is missing.
fn made(language: &str, kind: &str) -> Option<(tempfile::TempDir, PathBuf)> {
    let folder = tempfile::tempdir().unwrap();
    let project = folder.path().join(format!("{language}-{kind}"));
    let printed = create(language, kind, &project);
    assert!(printed.contains("socketserver dev ."), "{printed}");
    let component = build(&project)?;
    Some((folder, component))
}

fn a_stream_project_answers(language: &str) {
    let Some((_folder, component)) = made(language, "stream") else {
        return;
    };
    answers(component);
}

fn an_async_project_answers(language: &str) {
    let Some((_folder, component)) = made(language, "async") else {
        return;
    };
    answers(component);
}

fn answers(component: PathBuf) {
    let server = Server::at(component).start();
    let mut client = server.connect();
    assert_eq!(client.ask(ASK.trim_end()), ANSWER.trim_end());
    client.finish();
    client.receive_to_end();
    assert_eq!(server.stop().closed("completed"), 1);
}

fn a_datagram_project_answers(language: &str) {
    let Some((_folder, component)) = made(language, "datagram") else {
        return;
    };
    let server = Server::at(component).listen("udp://127.0.0.1:0").start();
    assert_eq!(Peer::of(server.address()).ask(ASK), ANSWER);
    server.stop();
}

/// At a port of its own, because a program's is in its source.
fn a_program_project_answers(language: &str) {
    let folder = tempfile::tempdir().unwrap();
    let project = folder.path().join(format!("{language}-program"));
    create(language, "program", &project);
    let port = free_port().to_string();
    replace_in(&project, "9999", &port);
    let Some(component) = build(&project) else { return };
    let program = Program::at(component)
        .allow_bind(format!("tcp://127.0.0.1:{port}"))
        .start();
    let mut client = program.connect(&program.listening());
    assert_eq!(client.ask(ASK.trim_end()), ANSWER.trim_end());
    drop(client);
    program.stop();
}

/// A port that nothing listens at, at this moment.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// Replaces a piece of text in the sources of a project; there must be one.
fn replace_in(project: &Path, before: &str, after: &str) {
    let mut replaced = 0;
    for folder in [project.to_owned(), project.join("src")] {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if let Ok(text) = fs::read_to_string(&path)
                && text.contains(before)
            {
                fs::write(&path, text.replace(before, after)).unwrap();
                replaced += 1;
            }
        }
    }
    assert!(replaced > 0, "{before} is nowhere in {}", project.display());
}

macro_rules! each {
    ($($language:ident: $($test:ident),+;)+) => {
        $(mod $language {
            $(
                #[test]
                fn $test() {
                    super::$test(stringify!($language));
                }
            )+
        })+
    };
}

each!(
    c: a_datagram_project_answers, a_program_project_answers, a_stream_project_answers, an_async_project_answers;
    cpp: a_datagram_project_answers, a_program_project_answers, a_stream_project_answers, an_async_project_answers;
    go: a_datagram_project_answers, a_program_project_answers, a_stream_project_answers;
    javascript: a_datagram_project_answers, a_program_project_answers, a_stream_project_answers, an_async_project_answers;
    python: a_datagram_project_answers, a_program_project_answers, a_stream_project_answers, an_async_project_answers;
    rust: a_datagram_project_answers, a_program_project_answers, a_stream_project_answers, an_async_project_answers;
    typescript: a_datagram_project_answers, a_program_project_answers, a_stream_project_answers, an_async_project_answers;
    zig: a_datagram_project_answers, a_program_project_answers, a_stream_project_answers, an_async_project_answers;
);

/// Each template that there is has a test above, and each combination without one is refused with the reason.
#[test]
fn every_kind_is_made_or_refused_with_the_reason() {
    let source = fs::read_to_string(project().join("tests/all/projects.rs")).unwrap();
    for language in ["c", "cpp", "go", "javascript", "python", "rust", "typescript", "zig"] {
        let tests = source
            .lines()
            .find(|line| line.starts_with(&format!("    {language}: ")))
            .unwrap();
        for kind in ["async", "datagram", "program", "stream"] {
            let folder = tempfile::tempdir().unwrap();
            let project = folder.path().join("made");
            let made = run(["new", language, "--kind", kind, project.to_str().unwrap()]);
            if tests.contains(&format!("{kind}_project")) {
                made.succeed();
            } else {
                assert_eq!(made.code, Some(64), "{language} {kind}: {made:?}");
                let reason = format!("there is no {kind} template in {language}: ");
                assert!(made.errors.contains(&reason), "{made:?}");
                assert!(!project.exists());
            }
        }
    }
}

#[test]
fn a_project_never_overwrites() {
    let folder = tempfile::tempdir().unwrap();
    let project = folder.path().join("mine");
    create("python", "stream", &project);
    let before = fs::read_to_string(project.join("handler.py")).unwrap();
    let again = run(["new", "python", project.to_str().unwrap()]);
    assert_eq!(again.code, Some(64), "{again:?}");
    assert!(again.errors.contains("exists and is not empty"), "{again:?}");
    assert_eq!(fs::read_to_string(project.join("handler.py")).unwrap(), before);
}

#[test]
fn a_source_that_does_not_compile_is_an_error_with_the_place() {
    for (name, source, place) in [
        ("handler.c", "#include <socketserver.h>\nint handle(\n", "handler.c:"),
        (
            "handler.py",
            "import socketserver\n\ndef broken(:\n    pass\n",
            "handler.py:3",
        ),
        ("handler.ts", "export function handle(: void {}\n", "handler.ts:1"),
        ("handler.go", "package main\n\nfunc main( {}\n", "handler.go:3"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        fs::write(&path, source).unwrap();
        let built = run(["build", path.to_str().unwrap()]);
        if built.errors.contains("which is not installed; ") {
            crate::support::tool::skip(built.errors.trim());
            continue;
        }
        assert_eq!(built.code, Some(65), "{built:?}");
        assert!(built.errors.contains(place) && built.output.is_empty(), "{built:?}");
        assert!(!built.errors.contains("panicked"), "{built:?}");
    }
}

#[test]
fn the_doctor_tells_what_is_there() {
    let all = run(["doctor"]).succeed();
    for language in ["c", "cpp", "go", "javascript", "python", "rust", "typescript", "zig"] {
        assert!(
            all.contains(&format!("\n{language}: ")) || all.starts_with(&format!("{language}: ")),
            "{all}"
        );
    }
    assert!(all.contains("cargo: cargo 1."), "{all}");
    let rust = run(["doctor", "rust"]).succeed();
    assert!(rust.starts_with("rust: ready\n") && !rust.contains("python"), "{rust}");
}
