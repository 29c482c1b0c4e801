//! The command line: what can be asked for, and how it becomes a [`Config`].

mod carried;
mod http;
mod settings;
mod value;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::ArgPredicate;
use clap::{ArgMatches, Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};
use socketserver::{Config, Grants, Listen};
use socketserver_project::{Kind, Language, Runtime};

use self::carried::CarriedArgs;
pub(crate) use self::settings::{ProcessArgs, Settings};
pub(crate) use self::value::NamedHandler;

/// Python's socketserver for WebAssembly components: each connection in its own fresh sandbox.
#[derive(Debug, Parser)]
#[command(
    name = "socketserver",
    bin_name = "socketserver",
    version,
    propagate_version = true,
    max_term_width = 100
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve connections with a handler.
    ///
    /// Standard output gets one line for each listener, such as `listening tcp://127.0.0.1:9999`, once all of them are
    /// bound, and nothing else. Logs go to standard error.
    ///
    /// SIGINT or SIGTERM stops: listeners close, open connections may finish within --drain-grace, and a second signal
    /// kills them at once. SIGUSR1 logs the counters.
    ///
    /// Exit codes: 0 stopped, every connection had finished; 64 wrong usage; 65 the handler cannot be built or loaded;
    /// 70 the server itself failed; 71 a listener cannot be bound; 75 stopped, but connections had to be killed; 78 a
    /// setting is out of its bounds.
    Serve(Box<Serve>),
    /// Serve a source while it is being written.
    ///
    /// Builds it, serves it as `serve` would (a server program: as `run` would), and watches its folder. After each change it is
    /// built again; what comes in from then on is served by the new component, and what is open goes on with the one that it
    /// began with. A build that fails says why, and changes nothing.
    Dev(Box<Dev>),
    /// Run a server program: a component that drives its servers itself.
    ///
    /// The program binds what --allow-bind grants, and nothing else. Each request that it takes is handled in a fresh sandbox:
    /// by the program's own component, where that exports a handler, or by one that --handler names. Standard output gets a
    /// line for each server that the program activates, such as `listening tcp://127.0.0.1:9999`, and what the program
    /// prints.
    ///
    /// SIGINT or SIGTERM tells the program to stop, and open requests may finish within --drain-grace; a second signal kills.
    ///
    /// Exit codes: 0 the program returned, every request had finished; 1 it returned a failure, or trapped; 64 wrong usage;
    /// 65 the program or a handler cannot be built or loaded; 70 the server itself failed; 75
    /// stopped, but the program or requests had to be killed; 78 a setting is out of its bounds.
    Run(Box<Run>),
    /// Print how many sandboxes fit at once, what bounds them first, and what lifts that bound.
    ///
    /// Takes what `serve` takes, and binds nothing. Sandboxes of the handler are made to find out how much memory one takes:
    /// each runs until it waits for its peer, which says nothing.
    Capacity(Box<CapacityArgs>),
    /// Check the handler and the settings, and print them, without binding anything.
    ///
    /// Takes what `serve` takes. Each setting is printed with its value, where it came from, and its default.
    Check(Box<Check>),
    /// Build a source, in any language, into a component, and print where it is.
    Build(Build),
    /// Make of a handler a component that runs without this server: under `wasmtime run` or `wasmtime serve`.
    ///
    /// Standard output gets the path of the bundle. Standard error gets the command that runs it, and what is different there:
    /// no runtime offers all that `serve` does.
    Bundle(Bundle),
    /// Write a new project into a folder.
    New(New),
    /// Print what a component is: its kind, its imports and who grants them, what made it, its size and memory.
    Inspect(Inspect),
    /// Print which toolchains are there, and how to get what is missing.
    ///
    /// With languages, fails if something of one of them is missing.
    Doctor(Doctor),
}

#[derive(Debug, Args)]
pub(crate) struct CapacityArgs {
    /// The form of what is printed.
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub(crate) output: Output,

    /// How many sandboxes are made.
    #[arg(long, value_name = "NUMBER", default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) sandboxes: u32,

    #[command(flatten)]
    pub(crate) serve: Serve,
}

#[derive(Debug, Args)]
pub(crate) struct Build {
    /// A source file, or the folder of a project.
    #[arg(default_value = ".")]
    pub(crate) source: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Bundle {
    /// The component that handles, or a source, a file or a project's folder, which is built first.
    pub(crate) handler: PathBuf,

    /// What it is to run under: wasmtime-run, where it listens by itself, or wasmtime-serve, where each HTTP request is a
    /// connection.
    #[arg(long = "for", value_name = "RUNTIME")]
    pub(crate) runtime: Runtime,

    /// The handler speaks HTTP/1.1 itself: it receives each request as bytes, and what it sends is read as the response.
    ///
    /// Without it, a handler receives the body of a request, and sends the body of the response. For wasmtime-serve.
    #[arg(long)]
    pub(crate) http_wire: bool,

    /// Which handler, of a component that has several: stream, async or datagram. The first of these that there is, without it.
    #[arg(long, value_name = "KIND")]
    pub(crate) kind: Option<Kind>,

    /// Where to write the bundle. Without it, into the current folder, by the name of the handler: echo.wasmtime-run.wasm.
    #[arg(short, long, value_name = "PATH")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct New {
    /// c, cpp, go, javascript, python, rust, typescript or zig.
    pub(crate) language: Language,

    /// The folder to make; its name becomes the project's.
    pub(crate) folder: PathBuf,

    /// What it is to serve: stream, datagram, async, or program for a server program.
    #[arg(long, value_name = "KIND", default_value_t)]
    pub(crate) kind: Kind,
}

#[derive(Debug, Args)]
pub(crate) struct Inspect {
    /// A component, or a source, which is built first.
    pub(crate) component: PathBuf,

    /// The form of what is printed.
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub(crate) output: Output,
}

#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// The languages to look for; all without one.
    #[arg(value_name = "LANGUAGE")]
    pub(crate) languages: Vec<Language>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Dev {
    /// A source file, or the folder of a project.
    #[arg(default_value = ".")]
    pub(crate) source: PathBuf,

    /// Arguments for a server program, after `--`.
    #[arg(last = true, value_name = "ARGUMENT")]
    arguments: Vec<String>,

    /// Where a handler listens, as for `serve`. May be given several times.
    #[arg(short, long, value_name = "URL", default_value = Config::DEFAULT_LISTEN)]
    listen: Vec<Listen>,

    /// An address that a server program may bind, as for `run`. May be given several times.
    #[arg(long, value_name = "URL")]
    allow_bind: Vec<Listen>,

    /// A component that a server program may have requests handled by, as for `run`. May be given several times.
    #[arg(long, value_name = "NAME=PATH")]
    pub(crate) handler: Vec<NamedHandler>,

    #[command(flatten)]
    pub(crate) settings: Settings,
}

impl Dev {
    /// The configuration that serves `handler`.
    pub(crate) fn serve(self, handler: PathBuf) -> Config {
        let mut config = Config::new(handler);
        config.listen = self.listen;
        self.settings.configure(&mut config);
        config
    }

    /// The configuration that runs `program`, and what it is granted; `handlers` are components.
    pub(crate) fn run(&self, program: PathBuf, handlers: BTreeMap<String, PathBuf>) -> (Config, Grants) {
        let Self {
            arguments,
            allow_bind,
            settings,
            ..
        } = self.clone();
        let mut grants = Grants::default();
        grants.allow_bind = allow_bind;
        grants.handlers = handlers;
        grants.arguments = arguments;
        let mut config = Config::new(program);
        settings.configure(&mut config);
        (config, grants)
    }
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The form of what is printed.
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub(crate) output: Output,

    #[command(flatten)]
    pub(crate) serve: Serve,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Output {
    Json,
    Text,
}

#[derive(Debug, Args)]
pub(crate) struct Run {
    /// The server program: a component that exports wasi:cli/run, or a source, a file or a project's folder, which is built first.
    pub(crate) program: PathBuf,

    /// Arguments for the program, after `--`.
    #[arg(last = true, value_name = "ARGUMENT")]
    arguments: Vec<String>,

    /// An address that the program may bind, spelled as for `serve --listen`. May be given several times.
    #[arg(long, value_name = "URL")]
    allow_bind: Vec<Listen>,

    /// A component that the program may have requests handled by, and its name. May be given several times.
    #[arg(long, value_name = "NAME=PATH")]
    handler: Vec<NamedHandler>,

    #[command(flatten)]
    pub(crate) settings: Settings,
}

impl Run {
    /// What is to be built before it runs, or read: the program, and its handlers.
    pub(crate) fn handlers(&self) -> &[NamedHandler] {
        &self.handler
    }

    /// The configuration for `program`, and what it is granted; `handlers` are components.
    pub(crate) fn config(self, program: PathBuf, handlers: BTreeMap<String, PathBuf>) -> (Config, Grants) {
        let mut grants = Grants::default();
        grants.allow_bind = self.allow_bind;
        grants.handlers = handlers;
        grants.arguments = self.arguments;
        let mut config = Config::new(program);
        self.settings.configure(&mut config);
        (config, grants)
    }
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// The component that serves, or a source, a file or a project's folder, which is built first.
    pub(crate) handler: PathBuf,

    /// Where to listen: tcp://host:port, udp://host:port, icmp://host, http://host:port, unix:///path, unix:@name, or
    /// unixpacket:, unixgram: or http+unix: in place of unix:. May be given several times.
    ///
    /// Port 0 lets the system choose. `tcp://[::]:9999` takes IPv6 and IPv4. A Unix path may say who may connect:
    /// unix:///run/echo.sock?mode=0660; only the server's own user otherwise.
    #[arg(short, long, value_name = "URL", default_value = Config::DEFAULT_LISTEN)]
    #[arg(default_value_if("addr", ArgPredicate::IsPresent, None))]
    listen: Vec<Listen>,

    /// Processes that serve together, from the same listeners. Limits are for all of them.
    ///
    /// A process has its bounds: of open files, of mappings, of address space. Each worker has an equal part of
    /// --max-connections and --max-concurrent-requests; one that dies is replaced, and costs its own connections only.
    #[arg(long, value_name = "NUMBER", default_value_t = 1, help_heading = "Process")]
    workers: u16,

    #[command(flatten)]
    carried: CarriedArgs,

    #[command(flatten)]
    pub(crate) settings: Settings,
}

impl Cli {
    /// Parses a command line, and keeps where each value came from.
    pub(crate) fn parse_with_sources(
        line: impl IntoIterator<Item = OsString>,
    ) -> Result<(Self, ArgMatches), clap::Error> {
        let matches = Self::command().try_get_matches_from(line)?;
        let cli = Self::from_arg_matches(&matches)?;
        Ok((cli, matches))
    }
}

impl Serve {
    /// How many processes serve: 0 is out of bounds, and said to be when the settings are looked at.
    pub(crate) fn workers(&self) -> u16 {
        self.workers.max(1)
    }

    /// The configuration for `handler`, a component.
    pub(crate) fn config(self, handler: PathBuf) -> Config {
        let mut config = Config::new(handler);
        config.listen = self.listen;
        config.workers = self.workers;
        self.settings.configure(&mut config);
        self.carried.configure(&mut config);
        config
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::value::Size;
    use super::*;

    fn config(line: &[&str]) -> Config {
        let line = ["socketserver", "serve", "x.wasm"]
            .iter()
            .chain(line)
            .map(OsString::from);
        match Cli::parse_with_sources(line).unwrap().0.command {
            Command::Serve(serve) => serve.config("x.wasm".into()),
            _ => unreachable!("the line says serve"),
        }
    }

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn without_flags_the_settings_are_the_defaults() {
        let mut from_line = config(&["--no-cache"]);
        from_line.cache = None;
        assert_eq!(format!("{from_line:?}"), format!("{:?}", Config::new("x.wasm")));
    }

    #[test]
    fn none_lifts_a_limit() {
        let config = config(&[
            "--idle-timeout=none",
            "--max-cpu-time=none",
            "--max-connections-per-source=none",
            "--exempt-source=none",
        ]);
        assert!(config.timeouts.idle.is_none() && config.limits.max_cpu_time.is_none());
        assert!(config.limits.max_connections_per_source.is_none() && config.limits.exempt_sources.is_empty());
    }

    #[test]
    fn sizes_are_printed_as_they_are_given() {
        for text in ["64MiB", "3GiB", "1536KiB", "1000", "0"] {
            assert_eq!(text.parse::<Size>().unwrap().to_string(), text);
        }
        assert!("64MB64".parse::<Size>().is_err());
    }

    #[test]
    fn times_and_sizes_have_units() {
        let config = config(&["--drain-grace=1500ms", "--max-memory=2MiB"]);
        assert_eq!(config.timeouts.drain_grace, Duration::from_millis(1500));
        assert_eq!(config.limits.max_memory, 2 << 20);
    }
}
