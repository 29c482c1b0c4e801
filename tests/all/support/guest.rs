//! The components that the tests serve, built once for each run of the tests.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

/// A component.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Guest {
    /// A package of `guest/handlers`, or a program of `tests/programs`, by its name.
    Built(&'static str),
    /// A file of `tests/programs` in the text form of WebAssembly.
    Text(&'static str),
}

pub(crate) const ANY: Guest = Guest::Built("any");
pub(crate) const CHARGEN: Guest = Guest::Built("chargen");
pub(crate) const CONFORMANCE: Guest = Guest::Built("conformance");
pub(crate) const DATAGRAMS: Guest = Guest::Built("datagrams");
pub(crate) const DISCARD: Guest = Guest::Built("discard");
pub(crate) const ECHO: Guest = Guest::Built("echo");
pub(crate) const ECHO_ASYNC: Guest = Guest::Built("echo_async");
pub(crate) const ECHO_DATAGRAMS: Guest = Guest::Built("echo_datagrams");
pub(crate) const HTTP: Guest = Guest::Built("blocking_http");
pub(crate) const HTTP_ASYNC: Guest = Guest::Built("async_http");
pub(crate) const HTTP_RELAY: Guest = Guest::Built("async_http_relay");
/// The same handler of WASI 0.2 and of WASI 0.3.
pub(crate) const EACH_HTTP: [Guest; 2] = [HTTP, HTTP_ASYNC];
pub(crate) const MESSAGES: Guest = Guest::Built("messages");

impl Guest {
    /// Where the component is; it is built first.
    pub(crate) fn path(self) -> PathBuf {
        match self {
            Self::Built(name) => {
                let built = BUILT.get_or_init(build);
                let path = built.get(name).unwrap_or_else(|| {
                    panic!(
                        "guest/ builds no component `{name}`; see above, and try it with: cd guest && cargo build \
                         --release --workspace --lib --examples"
                    )
                });
                path.clone()
            }
            Self::Text(name) => project().join("tests/programs").join(name).with_extension("wat"),
        }
    }
}

/// The folder of the whole project.
pub(crate) fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("host/ is in the project")
}

static BUILT: OnceLock<HashMap<String, PathBuf>> = OnceLock::new();

const TARGET: &str = "wasm32-wasip2";

/// Builds every guest, and returns the components by name. One that does not build is missing, and fails its own tests.
fn build() -> HashMap<String, PathBuf> {
    let guest = project().join("guest");
    install_target(&guest);
    let output = Command::new(env!("CARGO"))
        .args([
            "build",
            "--release",
            "--target",
            TARGET,
            "--workspace",
            "--lib",
            "--examples",
        ])
        .args(["--message-format", "json-render-diagnostics"])
        .current_dir(&guest)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .expect("cargo, which runs these tests, can be run");
    serde_json::Deserializer::from_slice(&output.stdout)
        .into_iter::<Value>()
        .map(|message| message.expect("cargo writes JSON"))
        .filter_map(|message| component_of(&message))
        .collect()
}

/// The name and the file of a component, if this message of cargo's is about one.
fn component_of(message: &Value) -> Option<(String, PathBuf)> {
    let name = message["target"]["name"].as_str()?;
    let files = message["filenames"].as_array()?.iter().filter_map(Value::as_str);
    let component = files
        .map(PathBuf::from)
        .find(|file| file.extension().is_some_and(|e| e == "wasm"))?;
    Some((name.to_owned(), component))
}

/// Installs the target if it is missing, so that the tests need no preparation.
pub(crate) fn install_target(guest: &Path) {
    let library = Command::new("rustc")
        .args(["--print", "target-libdir", "--target", TARGET])
        .current_dir(guest)
        .output()
        .expect("rustc is installed");
    if Path::new(String::from_utf8_lossy(&library.stdout).trim()).is_dir() {
        return;
    }
    let installed = Command::new("rustup")
        .args(["target", "add", TARGET])
        .current_dir(guest)
        .status();
    assert!(
        installed.is_ok_and(|status| status.success()),
        "the guests need the Rust target {TARGET}; install it with: rustup target add {TARGET}"
    );
}
