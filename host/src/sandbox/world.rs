//! What kind of component it is, by what it exports and what it is made of.

use wasmparser::{Parser, Payload, Validator, WasmFeatures};

use super::engine::Concurrency;
use super::inspect::Role;
use crate::address::Transport;

/// What makes a component a handler of connections.
const STREAM: &str = "socketserver:core/stream-handler@0.1.0";

/// What makes a component a handler of connections, with the streams of WASI 0.3.
const ASYNC_STREAM: &str = "socketserver:core/async-stream-handler@0.1.0";

/// What makes a component a handler of datagrams.
const DATAGRAM: &str = "socketserver:core/datagram-handler@0.1.0";

/// What makes a component a handler of requests of HTTP, in any version of WASI 0.2 that is understood.
const HTTP: &str = "wasi:http/incoming-handler@0.2.x";

/// The same of WASI 0.3.
const ASYNC_HTTP: &str = "wasi:http/handler@0.3.x";

/// Each export that makes a component a handler.
pub(super) const HANDLERS: &[&str] = &[STREAM, ASYNC_STREAM, DATAGRAM];

/// What makes a component a program, in any version that is understood.
const RUN: [&str; 2] = ["wasi:cli/run@0.2.", "wasi:cli/run@0.3."];

/// What a component with these exports can be run as.
pub(super) fn roles(exports: &[String]) -> Vec<Role> {
    let role = |export: &String| match export.as_str() {
        STREAM => Some(Role::StreamHandler),
        ASYNC_STREAM => Some(Role::AsyncHandler),
        DATAGRAM => Some(Role::DatagramHandler),
        export if fits(HTTP, export) || fits(ASYNC_HTTP, export) => Some(Role::HttpHandler),
        export => RUN.iter().any(|run| export.starts_with(run)).then_some(Role::Program),
    };
    exports.iter().filter_map(role).collect()
}

/// Whether an export is one that is wanted: `x` stands for any number at the end of its version.
pub(super) fn fits(wanted: &str, export: &str) -> bool {
    match wanted.strip_suffix('x') {
        Some(start) => export.starts_with(start),
        None => export == wanted,
    }
}

/// The exports by any of which a component handles what comes in over a transport.
pub(super) fn handlers_of(transport: Transport) -> &'static [&'static str] {
    if transport.is_datagram() {
        &[DATAGRAM]
    } else if transport.is_http() {
        &[HTTP, ASYNC_HTTP]
    } else {
        &[STREAM, ASYNC_STREAM]
    }
}

/// Whether a component uses what only concurrency has: async functions, streams, futures, or WASI 0.3, which is made of them.
///
/// Its structure is looked at, and no function body, so this takes less than a millisecond for the largest. A component that
/// is not valid counts as one that uses it: to compile it tells what is wrong.
pub(super) fn concurrency(component: &[u8]) -> Concurrency {
    let mut validator = Validator::new_with_features(WasmFeatures::all().difference(ASYNC));
    let mut depth = 0_u32;
    for payload in Parser::new(0).parse_all(component) {
        let Ok(payload) = payload else {
            return Concurrency::On;
        };
        if depth == 0 && imports_wasi_0_3(&payload) || validator.payload(&payload).is_err() {
            return Concurrency::On;
        }
        match payload {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Concurrency::Off
}

fn imports_wasi_0_3(payload: &Payload<'_>) -> bool {
    let Payload::ComponentImportSection(imports) = payload else {
        return false;
    };
    imports.clone().into_iter().flatten().any(|import| {
        let (package, version) = import.name.name.split_once('@').unwrap_or_default();
        package.starts_with("wasi:") && version.starts_with("0.3.")
    })
}

/// What wasmtime has only with concurrency.
const ASYNC: WasmFeatures = WasmFeatures::CM_ASYNC
    .union(WasmFeatures::CM_ASYNC_STACKFUL)
    .union(WasmFeatures::CM_ERROR_CONTEXT)
    .union(WasmFeatures::CM_MORE_ASYNC_BUILTINS)
    .union(WasmFeatures::CM_THREADING);

#[cfg(test)]
mod tests {
    use super::*;

    fn concurrency_of(text: &str) -> Concurrency {
        concurrency(&wat::parse_str(text).unwrap())
    }

    #[test]
    fn a_component_without_async_has_no_concurrency() {
        let text = r#"(component
            (import "wasi:random/random@0.2.0" (instance (export "get-random-u64" (func (result u64)))))
            (core module (func (export "f")))
        )"#;
        assert_eq!(concurrency_of(text), Concurrency::Off);
    }

    #[test]
    fn a_stream_or_an_async_function_or_wasi_0_3_has_it() {
        for text in [
            "(component (type (stream u8)))",
            "(component (type (func async)))",
            "(component (component (type (future))))",
            r#"(component (import "wasi:random/random@0.3.0" (instance (export "get-random-u64" (func (result u64))))))"#,
        ] {
            assert_eq!(concurrency_of(text), Concurrency::On, "{text}");
        }
    }

    #[test]
    fn what_is_broken_is_left_to_the_compiler() {
        assert_eq!(concurrency(b"\0asm\x0d\0\x01\0\xff"), Concurrency::On);
    }
}
