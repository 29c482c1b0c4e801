//! Bundles: a handler and what stands between it and a runtime that knows nothing of `socketserver`.
//!
//! ```text
//!   wasmtime run          the loop ──▶ handler            wasmtime serve     HTTP adapter ──▶ handler
//!                           │             │                                    │                 │
//!                           ▼             ▼                                    ▼                 ▼
//!   wasi:sockets ◀── listeners and connections            wasi:http ◀── exchanges and connections
//! ```
//!
//! The connection is defined by a component of its own, because the loop and the handler both use it: defined by either of
//! the two, it would need the other. An async handler is given the streams of the runtime themselves and needs none. The
//! adapters are the crates of `guest/adapters`, embedded as components; which of them a bundle takes is told by what the
//! handler exports.

mod adapters;
mod closed;
mod compose;

use std::fmt::{self, Display, Formatter};
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::str::FromStr;

use thiserror::Error;

use crate::language::Kind;

/// The command of a stock runtime that a bundle is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Runtime {
    /// `wasmtime run`: the bundle listens by itself.
    WasmtimeRun,
    /// `wasmtime serve`: each HTTP request is a connection.
    WasmtimeServe,
}

impl Runtime {
    /// Every one, by name.
    pub const ALL: [Self; 2] = [Self::WasmtimeRun, Self::WasmtimeServe];

    /// The name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::WasmtimeRun => "wasmtime-run",
            Self::WasmtimeServe => "wasmtime-serve",
        }
    }
}

impl Display for Runtime {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Runtime {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|runtime| runtime.name() == name);
        found.ok_or_else(|| format!("no such runtime; there are {}", Self::ALL.map(Self::name).join(", ")))
    }
}

/// How a handler is bundled.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct BundleOptions {
    /// What the bundle is for.
    pub runtime: Runtime,
    /// Whether the handler speaks HTTP/1.1 itself, so that it is given requests as bytes and its bytes are read as
    /// responses; for `wasmtime serve`.
    pub http_wire: bool,
    /// Which of its handlers, where a component has several.
    pub kind: Option<Kind>,
}

impl BundleOptions {
    /// For this runtime, with the defaults.
    #[must_use]
    pub const fn new(runtime: Runtime) -> Self {
        Self {
            runtime,
            http_wire: false,
            kind: None,
        }
    }
}

/// A component that a stock runtime takes.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Bundle {
    /// The component.
    pub component: Vec<u8>,
    /// The kind of handler that is in it.
    pub kind: Kind,
    /// What it still imports, by name: what the runtime has to offer.
    pub imports: Vec<String>,
}

impl Bundle {
    /// Writes it to `path`, whole or not at all.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        // `parent` of a bare name is empty, which is no folder.
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        // A component is no secret: it has the mode of any new file.
        let mut file = tempfile::Builder::new()
            .permissions(fs::Permissions::from_mode(0o666))
            .tempfile_in(parent.unwrap_or_else(|| Path::new(".")))?;
        file.write_all(&self.component)?;
        file.persist(path)?;
        Ok(())
    }
}

/// Bundles `handler`, a component.
///
/// Without [`BundleOptions::kind`], a component with several handlers is bundled by the first of: connections, connections
/// with async, datagrams.
///
/// # Errors
///
/// The component has no handler that this runtime can be given, or it imports what does not fit together.
pub fn bundle(handler: &[u8], options: BundleOptions) -> Result<Bundle, BundleError> {
    let exports = compose::exports_of(handler)?;
    let kind = choose(&exports, options)?;
    let adapters = adapters::of(kind, options)?;
    let (component, imports) = compose::compose(handler, adapters)?;
    Ok(Bundle {
        component,
        kind,
        imports,
    })
}

/// The kinds of handler, in the order in which they are chosen, and the exports that make a component one.
const HANDLERS: [(Kind, &str); 3] = [
    (Kind::Stream, "socketserver:core/stream-handler@0.1.0"),
    (Kind::Async, "socketserver:core/async-stream-handler@0.1.0"),
    (Kind::Datagram, "socketserver:core/datagram-handler@0.1.0"),
];

fn choose(exports: &[String], options: BundleOptions) -> Result<Kind, BundleError> {
    let has = |export: &str| exports.iter().any(|there| there == export);
    let mut there = HANDLERS
        .into_iter()
        .filter(|(_, export)| has(export))
        .map(|(kind, _)| kind);
    if let Some(wanted) = options.kind {
        return there
            .find(|kind| *kind == wanted)
            .ok_or(BundleError::NoSuchHandler(wanted));
    }
    let is_program = exports.iter().any(|export| export.starts_with("wasi:cli/run@"));
    there.next().ok_or(if is_program {
        BundleError::Program
    } else {
        BundleError::NoHandler
    })
}

/// A component that cannot be bundled.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BundleError {
    /// What it imports or exports does not fit the adapters, or not itself.
    #[error(
        "the handler and the adapters do not fit together: {0}; the handler may be made for other WIT than this version's"
    )]
    Compose(String),
    /// Datagrams are not HTTP.
    #[error("a handler of datagrams is no HTTP server; bundle it for wasmtime-run")]
    DatagramsByHttp,
    /// Only for `wasmtime serve`.
    #[error("--http-wire is for wasmtime-serve: by wasmtime-run the handler has the bytes of its peers already")]
    HttpWireByRun,
    /// It is not a component.
    #[error("no component that can be read: {0}")]
    Invalid(String),
    /// It has no handler.
    #[error(
        "it exports no handler: neither stream-handler, nor async-stream-handler, nor datagram-handler of socketserver:core@0.1.0"
    )]
    NoHandler,
    /// It has not the handler that was asked for.
    #[error("it exports no handler of the kind {0}")]
    NoSuchHandler(Kind),
    /// It is a server program.
    #[error(
        "it is a server program, whose listeners are those of socketserver: no stock runtime has them; bundle its handler"
    )]
    Program,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A component with exports of these names, each of which has nothing in it.
    fn exporting(names: &[&str]) -> Vec<u8> {
        let exports: String = names
            .iter()
            .map(|name| format!("(export \"{name}\" (instance $i))\n"))
            .collect();
        wat::parse_str(format!("(component (instance $i) {exports})")).unwrap()
    }

    fn error(component: &[u8], options: BundleOptions) -> BundleError {
        bundle(component, options).unwrap_err()
    }

    #[test]
    fn what_cannot_be_bundled_is_told_apart() {
        let run = BundleOptions::new(Runtime::WasmtimeRun);
        let serve = BundleOptions::new(Runtime::WasmtimeServe);
        let [stream, asynchronous, datagram] = HANDLERS.map(|(_, export)| exporting(&[export]));
        assert!(matches!(error(b"nothing", run), BundleError::Invalid(_)));
        assert!(matches!(error(&exporting(&[]), run), BundleError::NoHandler));
        assert!(matches!(
            error(&exporting(&["wasi:cli/run@0.2.6"]), run),
            BundleError::Program
        ));
        assert!(matches!(error(&datagram, serve), BundleError::DatagramsByHttp));
        let wire = BundleOptions { http_wire: true, ..run };
        assert!(matches!(error(&stream, wire), BundleError::HttpWireByRun));
        let kind = Some(Kind::Stream);
        let wanted = BundleOptions { kind, ..run };
        assert!(matches!(
            error(&asynchronous, wanted),
            BundleError::NoSuchHandler(Kind::Stream)
        ));
        // An export of the right name that has not what belongs to it.
        assert!(matches!(error(&stream, run), BundleError::Compose(_)));
    }

    #[test]
    fn a_handler_of_several_kinds_is_bundled_by_the_first() {
        let all = HANDLERS.map(|(_, export)| export.to_owned());
        let options = BundleOptions::new(Runtime::WasmtimeRun);
        assert_eq!(choose(&all, options).unwrap(), Kind::Stream);
        assert_eq!(choose(&all[1..], options).unwrap(), Kind::Async);
        let kind = Some(Kind::Datagram);
        assert_eq!(choose(&all, BundleOptions { kind, ..options }).unwrap(), Kind::Datagram);
    }
}
