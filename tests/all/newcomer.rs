//! What goes wrong on the first day: each in one line that says what, where and what to do, with the documented code.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use crate::support::guest::{ECHO, Guest};
use crate::support::process::Run;
use crate::support::server::{BINARY, cache, run};

const COMMANDS: [&str; 8] = ["build", "check", "dev", "doctor", "inspect", "new", "run", "serve"];

/// Those that take a component, or build what they take first.
const LOADING: [&str; 4] = ["check", "inspect", "run", "serve"];

/// Nobody may make anything there, not even root.
const FORBIDDEN: &str = "/sys/kernel";

/// A command that must be refused: one line on standard error and nothing on standard output.
fn refused(command: &mut Command, code: i32) -> String {
    let run = Run::of(command.env_remove("RUST_LOG"));
    assert_eq!(run.code, Some(code), "{command:?}: {run:?}");
    assert_eq!(
        (run.output.as_str(), run.errors.lines().count()),
        ("", 1),
        "{command:?}: {run:?}"
    );
    let error = run.errors.trim_end().strip_prefix("error: ");
    error.unwrap_or_else(|| panic!("{command:?}: {run:?}")).to_owned()
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(BINARY);
    command.args(arguments);
    command
}

#[test]
fn a_wrong_flag_is_named_by_every_command() {
    for name in COMMANDS {
        let refused = run([name, "--no-such-flag"]);
        assert_eq!((refused.code, refused.output.as_str()), (Some(64), ""), "{refused:?}");
        let first = refused.errors.lines().next().unwrap();
        assert_eq!(first, "error: unexpected argument '--no-such-flag' found", "{name}");
    }
}

#[test]
fn a_missing_file_is_named_by_every_command() {
    for name in ["build", "check", "dev", "inspect", "run", "serve"] {
        for path in ["no/such.wasm", "no/such.py", "no/such"] {
            let error = refused(&mut command(&[name, path]), 65);
            assert_eq!(
                error,
                format!("cannot read {path}: No such file or directory (os error 2)"),
                "{name}"
            );
        }
    }
}

#[test]
fn a_language_that_there_is_not_is_answered_with_those_that_there_are() {
    for arguments in [&["new", "cobol", "x"][..], &["doctor", "cobol"]] {
        let refused = run(arguments);
        assert_eq!(refused.code, Some(64), "{refused:?}");
        let first = refused.errors.lines().next().unwrap();
        assert!(
            first.ends_with("no such language; there are c, cpp, go, javascript, python, rust, typescript, zig"),
            "{first}"
        );
    }
}

#[test]
fn a_broken_component_is_refused_by_whatever_loads_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("broken.wasm");
    let mut component = fs::read(ECHO.path()).unwrap();
    component.truncate(component.len() / 2);
    fs::write(&path, component).unwrap();
    for name in LOADING {
        let error = refused(&mut command(&[name, path.to_str().unwrap()]), 65);
        assert!(error.starts_with("the component is not valid: "), "{name}: {error}");
    }
}

#[test]
fn a_component_is_nothing_to_build() {
    let echo = ECHO.path();
    for name in ["build", "dev"] {
        let error = refused(&mut command(&[name, echo.to_str().unwrap()]), 65);
        assert!(
            error.ends_with("`socketserver serve` or `run` takes it as it is"),
            "{name}: {error}"
        );
    }
}

#[test]
fn a_folder_without_a_project_is_refused_by_whatever_builds_it() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["build", "dev", "check", "inspect", "run", "serve"] {
        let error = refused(&mut command(&[name, folder.path().to_str().unwrap()]), 65);
        assert!(
            error.contains("no project in it: neither a Cargo.toml, nor"),
            "{name}: {error}"
        );
    }
}

#[test]
fn the_operator_of_a_program_whose_port_is_taken_is_told_which() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("tcp://{}", taken.local_addr().unwrap());
    let program = Guest::Built("program_once").path();
    let arguments = ["run", program.to_str().unwrap(), "--allow-bind", &url, "--cache-dir"];
    let run = Run::of(
        command(&arguments)
            .arg(cache())
            .args(["--", &url, "10"])
            .env_remove("RUST_LOG"),
    );
    assert_eq!(run.code, Some(1), "{run:?}");
    let why = format!(
        "the program cannot listen on {url}: something already listens there; stop it or choose another address"
    );
    assert!(run.errors.contains(&why), "{run:?}");
}

/// A source of each language, in a folder of its own.
fn sources() -> Vec<(&'static str, tempfile::TempDir, String)> {
    let names = ["c", "cpp", "go", "js", "py", "ts", "zig", "rs"];
    let made = names.map(|extension| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("handler").with_extension(extension);
        fs::write(&path, "").unwrap();
        if extension == "rs" {
            let manifest =
                "[package]\nname = \"handler\"\n[lib]\npath = \"handler.rs\"\ncrate-type = [\"cdylib\"]\n[workspace]\n";
            fs::write(folder.path().join("Cargo.toml"), manifest).unwrap();
        }
        (extension, folder, path.to_str().unwrap().to_owned())
    });
    made.into()
}

/// Whether it is built or served: the toolchain is missing in the same words.
#[test]
fn a_missing_toolchain_is_one_line_with_how_to_get_it() {
    for (extension, _folder, path) in sources() {
        let language = match extension {
            "js" => "javascript",
            "py" => "python",
            "rs" => "rust",
            "ts" => "typescript",
            other => other,
        };
        for name in ["build", "serve"] {
            let mut command = command(&[name, &path]);
            command
                .env("PATH", "/nowhere")
                .env_remove("VIRTUAL_ENV")
                .env_remove("WASI_SDK_PATH");
            let error = refused(&mut command, 65);
            assert!(error.starts_with(&format!("{language} needs ")), "{error}");
            let (_, hint) = error
                .split_once(", which is not installed; ")
                .unwrap_or_else(|| panic!("{error}"));
            assert!(hint.len() > 10, "{error}");
        }
    }
}

/// Cargo says itself where it cannot write, in its own lines.
#[test]
fn a_target_folder_that_cannot_be_written_is_named() {
    for (extension, folder, path) in sources() {
        symlink(FORBIDDEN, folder.path().join("target")).unwrap();
        if extension == "rs" {
            let run = Run::of(&mut command(&["build", &path]));
            assert_eq!((run.code, run.output.as_str()), (Some(65), ""), "{run:?}");
            assert!(run.errors.contains("/target/"), "{run:?}");
            continue;
        }
        let error = refused(&mut command(&["build", &path]), 65);
        let target = fs::canonicalize(folder.path()).unwrap().join("target");
        assert!(
            error.starts_with(&format!("cannot write {}/", target.display())),
            "{error}"
        );
    }
}

#[test]
fn a_folder_that_cannot_be_written_gets_no_project() {
    let project = format!("{FORBIDDEN}/shout");
    let error = refused(&mut command(&["new", "c", &project]), 64);
    assert!(error.starts_with(&format!("cannot write {project}/")), "{error}");
    assert!(!Path::new(&project).exists());
}

/// The variables that say where a user's files are.
fn at_home<'a>(command: &'a mut Command, home: Option<&str>) -> &'a mut Command {
    command.env_remove("XDG_CACHE_HOME").env_remove("HOME");
    command.envs(home.map(|home| ("HOME", home)))
}

/// As in a container whose user has none.
#[test]
fn a_home_that_cannot_be_written_is_told_with_what_to_do() {
    let error = refused(
        at_home(&mut command(&["serve", ECHO.path().to_str().unwrap()]), Some(FORBIDDEN)),
        78,
    );
    assert!(
        error.starts_with(&format!("cannot use the cache {FORBIDDEN}/.cache/socketserver: "))
            && error.contains("use --no-cache"),
        "{error}"
    );
    let (_, _folder, path) = sources().remove(0);
    let error = refused(at_home(&mut command(&["build", &path]), Some(FORBIDDEN)), 65);
    assert!(
        error.starts_with("cannot unpack the SDK into the cache folder; HOME or XDG_CACHE_HOME says where that is: "),
        "{error}"
    );
}

/// The user's entry in the password file, or nothing, says where the cache is then.
#[test]
fn without_a_home_a_component_is_served_from_the_flags_alone() {
    let echo = ECHO.path();
    let mut check = command(&["check", echo.to_str().unwrap(), "--no-cache"]);
    let checked = Run::of(at_home(&mut check, None)).succeed();
    assert!(checked.contains("the handler can be served"), "{checked}");
}
