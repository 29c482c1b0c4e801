//! Options of `wasmtime serve`, for whoever comes from there: each is taken with the same spelling and meaning, or refused by
//! name with the reason.

mod option;

use std::fs;
use std::net::SocketAddr;
use std::str::FromStr;

use clap::Args;
use socketserver::Config;

use self::option::{Family, Options};

#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "As with `wasmtime serve`")]
pub(super) struct CarriedArgs {
    /// Listen there, as by --listen http://ADDRESS.
    #[arg(long, value_name = "ADDRESS")]
    addr: Option<SocketAddr>,

    /// A variable of the handlers' environment; without a value it has that of the server's own. May be given several times.
    #[arg(long = "env", value_name = "NAME[=VALUE]")]
    environment: Vec<Variable>,

    /// A header that each request has for its handler, in place of what the peer has sent: `name: value`, or @FILE with one
    /// in each line. May be given several times.
    #[arg(short = 'H', long = "header", value_name = "HEADER")]
    headers: Vec<Headers>,

    /// What of WASI handlers have, such as config, config-var=NAME=VALUE, or inherit-env. May be given several times.
    #[arg(short = 'S', value_name = "OPTION", value_parser = |text: &str| Options::parse(Family::Wasi, text))]
    wasi: Vec<Options>,

    /// How WebAssembly is run, such as timeout=30s or max-memory-size=64000000. May be given several times.
    #[arg(short = 'W', value_name = "OPTION", value_parser = |text: &str| Options::parse(Family::Wasm, text))]
    wasm: Vec<Options>,

    /// How it is made fast, such as pooling-allocator. May be given several times.
    #[arg(short = 'O', value_name = "OPTION", value_parser = |text: &str| Options::parse(Family::Optimize, text))]
    optimize: Vec<Options>,

    #[arg(long, hide = true, value_parser = |_: &str| refuse(NO_FILES))]
    dir: Option<String>,

    #[arg(long, hide = true, num_args = 0..=1, default_missing_value = "", value_parser = |_: &str| refuse(NO_PREFIX))]
    no_logging_prefix: Option<String>,

    #[arg(long, hide = true, value_parser = |_: &str| refuse(NO_SHUTDOWN_ADDRESS))]
    shutdown_addr: Option<String>,
}

const NO_FILES: &str = "handlers have no files here; put what one needs into the component, or into --env";
const NO_PREFIX: &str =
    "what a handler writes goes to the log here, each line with its connection and request; leave this option out";
const NO_SHUTDOWN_ADDRESS: &str = "whoever reaches an address could stop the server; send it SIGTERM";

fn refuse(why: &'static str) -> Result<String, &'static str> {
    Err(why)
}

impl CarriedArgs {
    pub(super) fn configure(self, config: &mut Config) {
        if let Some(address) = self.addr {
            // What is printed of an address is one of a URL.
            config.listen.extend(format!("http://{address}").parse().ok());
        }
        let headers = self.headers.into_iter().flat_map(|headers| headers.0);
        config.http.headers = headers.collect();
        for options in [self.wasi, self.wasm, self.optimize].into_iter().flatten() {
            options.configure(config);
        }
        let given = self.environment.into_iter().map(|variable| variable.0);
        config.environment.extend(given);
    }
}

/// A variable of the environment.
#[derive(Clone, Debug)]
struct Variable((String, String));

impl FromStr for Variable {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some(("", _)) => Err("write a name, as in NAME=VALUE".to_owned()),
            Some((name, value)) => Ok(Self((name.to_owned(), value.to_owned()))),
            None => own_variable(text).map(|value| Self((text.to_owned(), value))),
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the command line, and the option asks for it"
)]
fn own_variable(name: &str) -> Result<String, String> {
    std::env::var(name).map_err(|_| format!("the server's environment has no text `{name}`; write {name}=VALUE"))
}

/// One header, or those of a file.
#[derive(Clone, Debug)]
struct Headers(Vec<(http::HeaderName, http::HeaderValue)>);

impl FromStr for Headers {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some(path) = text.strip_prefix('@') else {
            return header(text).map(|header| Self(vec![header]));
        };
        let lines = fs::read_to_string(path).map_err(|error| format!("cannot read {path}: {error}"))?;
        let lines = lines.lines().filter(|line| !line.trim().is_empty());
        lines.map(header).collect::<Result<_, _>>().map(Self)
    }
}

fn header(text: &str) -> Result<(http::HeaderName, http::HeaderValue), String> {
    let (name, value) = text
        .split_once(':')
        .ok_or_else(|| format!("`{text}` has no colon; write `name: value`"))?;
    let name = name
        .trim()
        .parse()
        .map_err(|_| format!("`{}` is no name of a header", name.trim()))?;
    let value = value
        .trim()
        .parse()
        .map_err(|_| format!("`{}` is no value of a header", value.trim()))?;
    Ok((name, value))
}
