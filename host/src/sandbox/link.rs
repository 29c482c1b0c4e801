//! What a component may import, and what it is linked to.

use wasmtime::Engine;
use wasmtime::component::{Component, HasSelf, Linker};
use wasmtime_wasi::WasiView as _;
use wasmtime_wasi::cli::{WasiCli, WasiCliView as _};
use wasmtime_wasi::filesystem::{WasiFilesystem, WasiFilesystemView as _};
use wasmtime_wasi::p2::bindings as wasi;
use wasmtime_wasi::random::WasiRandom;
use wasmtime_wasi_config::WasiConfig;

use super::engine::Concurrency;
use super::load::{LoadError, list};
use super::state::State;
use super::{async_sockets, bindings, connections, datagrams, driven, sockets};
use crate::config::Config;

/// # Errors
///
/// The component imports what it is not given.
pub(super) fn check_imports(engine: &Engine, component: &Component, config: &Config) -> Result<(), LoadError> {
    let has_sockets = !config.allow_connect.is_empty();
    let world = component.component_type();
    let missing: Vec<_> = world
        .imports(engine)
        .map(|(name, _)| name)
        .filter(|name| match grant_of(name) {
            Grant::AllowConnect => !has_sockets,
            Grant::Config => config.variables.is_none(),
            Grant::Given => false,
            Grant::Never => true,
        })
        .collect();
    if missing.is_empty() {
        Ok(())
    } else {
        Err(LoadError::NotGranted {
            advice: if missing.iter().any(|name| grant_of(name) == Grant::AllowConnect) {
                "; sockets are granted by --allow-connect, with where they may connect to"
            } else if missing.iter().any(|name| grant_of(name) == Grant::Config) {
                "; wasi:config is granted by -S config, with -S config-var=NAME=VALUE for each of its values"
            } else {
                ""
            },
            imports: list(missing.into_iter()),
        })
    }
}

/// Who grants what a component imports.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Grant {
    /// The operator, with `--allow-connect`.
    AllowConnect,
    /// The operator, with `-S config`.
    Config,
    /// Every handler has it.
    Given,
    /// Nobody: a component that imports it is refused.
    Never,
}

pub(super) fn grant_of(import: &str) -> Grant {
    if is_granted(import, GRANTED) {
        Grant::Given
    } else if is_granted(import, SOCKETS) {
        Grant::AllowConnect
    } else if is_granted(import, CONFIG) {
        Grant::Config
    } else {
        Grant::Never
    }
}

fn is_granted(import: &str, interfaces: &[(&str, &str)]) -> bool {
    let (interface, version) = import.split_once('@').unwrap_or((import, ""));
    interfaces.iter().any(|(granted, versions)| {
        interface
            .strip_prefix(granted)
            .is_some_and(|rest| rest.is_empty() || granted.ends_with('/'))
            && version.starts_with(versions)
    })
}

/// Grants what every handler gets: its connection, and the parts of WASI that reach nothing outside the sandbox but the
/// clock, the log and random numbers. A guest sees no file, and of an environment what the operator gives it: these interfaces
/// are there because language libraries import them. Sockets are there where a rule grants them.
///
/// # Errors
///
/// Something is defined twice.
pub(super) fn linker(
    engine: &Engine,
    component: &Component,
    concurrency: Concurrency,
    config: &Config,
) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    let l = &mut linker;
    bindings::socketserver::core::network::add_to_linker::<_, HasSelf<State>>(l, |state| state)?;
    bindings::socketserver::core::http_requests::add_to_linker::<_, HasSelf<State>>(l, |state| state)?;
    connections::add_to_linker(l)?;
    datagrams::add_to_linker(l)?;

    // Clocks, random numbers, standard input, output and error, and the streams of which they are made.
    wasmtime_wasi::p2::add_to_linker_proxy_interfaces_async(l)?;
    wasi::random::insecure::add_to_linker::<State, WasiRandom>(l, |state| state.ctx().ctx.random())?;
    wasi::random::insecure_seed::add_to_linker::<State, WasiRandom>(l, |state| state.ctx().ctx.random())?;
    wasi::cli::environment::add_to_linker::<State, WasiCli>(l, State::cli)?;
    wasi::cli::exit::add_to_linker::<State, WasiCli>(l, State::cli)?;
    wasi::cli::terminal_input::add_to_linker::<State, WasiCli>(l, State::cli)?;
    wasi::cli::terminal_output::add_to_linker::<State, WasiCli>(l, State::cli)?;
    wasi::cli::terminal_stdin::add_to_linker::<State, WasiCli>(l, State::cli)?;
    wasi::cli::terminal_stdout::add_to_linker::<State, WasiCli>(l, State::cli)?;
    wasi::cli::terminal_stderr::add_to_linker::<State, WasiCli>(l, State::cli)?;
    wasi::filesystem::types::add_to_linker::<State, WasiFilesystem>(l, State::filesystem)?;
    wasi::filesystem::preopens::add_to_linker::<State, WasiFilesystem>(l, State::filesystem)?;
    let has_sockets = !config.allow_connect.is_empty();
    if has_sockets {
        sockets::add_to_linker(l)?;
    }
    // What of it reaches the network asks for each request whether it may.
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(l)?;
    if config.variables.is_some() {
        wasmtime_wasi_config::add_to_linker(l, |state: &mut State| WasiConfig::from(&state.shared.variables))?;
    }
    driven::deny_in_linker(l, component)?;

    if concurrency == Concurrency::On {
        // The same of WASI 0.3.
        wasmtime_wasi::p3::cli::add_to_linker(l)?;
        wasmtime_wasi::p3::clocks::add_to_linker(l)?;
        wasmtime_wasi::p3::filesystem::add_to_linker(l)?;
        wasmtime_wasi::p3::random::add_to_linker(l)?;
        wasmtime_wasi_http::p3::add_to_linker(l)?;
        if has_sockets {
            async_sockets::add_to_linker(l)?;
        }
    }
    Ok(linker)
}

/// Interfaces that are granted, and the versions that are understood; an ending `/` stands for a whole package.
const GRANTED: &[(&str, &str)] = &[
    ("socketserver:core/connections", "0.1."),
    ("socketserver:core/datagrams", "0.1."),
    ("socketserver:core/http-requests", "0.1."),
    ("socketserver:core/network", "0.1."),
    // A program has it; a handler that is a program too is denied it when it asks.
    ("socketserver:core/server", "0.1."),
    ("wasi:cli/", "0.2."),
    ("wasi:cli/", "0.3."),
    ("wasi:clocks/", "0.2."),
    ("wasi:clocks/", "0.3."),
    ("wasi:filesystem/", "0.2."),
    ("wasi:filesystem/", "0.3."),
    ("wasi:http/client", "0.3."),
    ("wasi:http/outgoing-handler", "0.2."),
    ("wasi:http/types", "0.2."),
    ("wasi:http/types", "0.3."),
    ("wasi:io/", "0.2."),
    ("wasi:random/", "0.2."),
    ("wasi:random/", "0.3."),
];

/// What is granted where there are values for it.
const CONFIG: &[(&str, &str)] = &[("wasi:config/", "0.2.")];

/// What is granted where guests may connect to something.
const SOCKETS: &[(&str, &str)] = &[("wasi:sockets/", "0.2."), ("wasi:sockets/", "0.3.")];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_listed_is_granted() {
        for granted in [
            "socketserver:core/connections@0.1.0",
            "wasi:io/streams@0.2.6",
            "wasi:cli/stdout@0.2.0",
            "wasi:http/types@0.2.6",
        ] {
            assert!(is_granted(granted, GRANTED), "{granted}");
        }
        for refused in [
            "socketserver:core/connections-and-more@0.1.0",
            "wasi:sockets/tcp@0.2.6",
            "wasi:http/handler@0.3.0",
            "wasi:io/streams@0.3.0",
            "wasi:ioctl/x@0.2.0",
            "env",
        ] {
            assert!(!is_granted(refused, GRANTED), "{refused}");
        }
    }
}
