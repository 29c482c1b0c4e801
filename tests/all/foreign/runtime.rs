//! The two runtimes that the same components are served by.

use std::net::SocketAddr;
use std::path::Path;

use wasmparser::{Parser, Payload};

use crate::support::server;
use crate::support::wasmtime::Serve;

#[derive(Clone, Copy, Debug)]
pub(super) enum Runtime {
    /// The binary that is tested, at a listener `http://`.
    Ours,
    /// `wasmtime serve`.
    Stock,
}

/// One of them, serving.
#[derive(Debug)]
pub(super) enum Server {
    Ours(server::Server),
    Stock(Serve),
}

impl Runtime {
    /// Serves a component that reaches nothing; nothing where stock wasmtime is not installed.
    pub(super) fn serve(self, component: &Path) -> Option<Server> {
        self.serve_with(component, &[], &[])
    }

    /// Serves a component with these variables in its environment, which may connect to these addresses.
    pub(super) fn serve_with(self, component: &Path, variables: &[&str], peers: &[SocketAddr]) -> Option<Server> {
        match self {
            Self::Ours => {
                let mut setup = server::Server::at(component).listen("http://127.0.0.1:0");
                for variable in variables {
                    setup = setup.with("env", variable);
                }
                for peer in peers {
                    setup = setup.with("allow-connect", peer);
                }
                Some(Server::Ours(setup.start()))
            }
            Self::Stock => {
                // `cli` because the standard libraries of most languages import it. It has outbound HTTP anyway.
                let mut flags = vec!["-Scli".to_owned()];
                flags.extend(variables.iter().map(|variable| format!("--env={variable}")));
                Some(Server::Stock(Serve::start(component, &flags)?))
            }
        }
    }
}

impl Server {
    pub(super) fn address(&self) -> SocketAddr {
        match self {
            Self::Ours(server) => {
                let address = server.address();
                let address = address.strip_prefix("http://").expect("it listens for HTTP");
                address.parse().expect("it says an address")
            }
            Self::Stock(serve) => serve.address(),
        }
    }

    /// Stops it: ours in order, with a look at its books.
    pub(super) fn stop(self) {
        match self {
            Self::Ours(server) => drop(server.stop()),
            Self::Stock(serve) => drop(serve),
        }
    }
}

/// The interfaces that a component exports, apart from that of a command: a program's `main` may be there as well.
pub(super) fn exports(component: &Path) -> Vec<String> {
    let bytes = std::fs::read(component).expect("it was built");
    let mut depth = 0;
    let mut names = Vec::new();
    for payload in Parser::new(0).parse_all(&bytes) {
        match payload.expect("it is a component") {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            Payload::ComponentExportSection(exports) if depth == 0 => {
                let exports = exports.into_iter().map(|export| export.expect("it is well formed"));
                names.extend(exports.map(|export| export.name.name.to_owned()));
            }
            _ => {}
        }
    }
    names.retain(|name| name.contains("handler@"));
    names
}
