//! The options of `-S`, `-W` and `-O`: `NAME[=VALUE]`, several of them with commas between.

use std::time::Duration;

use socketserver::Config;

/// Which letter an option stands behind.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Family {
    Optimize,
    Wasi,
    Wasm,
}

/// The options of one argument.
#[derive(Clone, Debug)]
pub(super) struct Options(Vec<Effect>);

/// What an option does here.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Effect {
    Config,
    InheritEnvironment,
    MaxMemory(u64),
    /// It asks for what is so anyway.
    Nothing,
    Timeout(Duration),
    Variable(String, String),
}

/// What becomes of an option.
#[derive(Clone, Copy)]
enum Rule {
    Config,
    ConfigVariable,
    InheritEnvironment,
    MaxMemorySize,
    /// It is refused for this reason.
    Never(&'static str),
    /// It is so here, and cannot be otherwise for this reason.
    On(&'static str),
    Timeout,
}

const ALWAYS: &str = "it is always on here";
const NETWORK: &str = "say what handlers may connect to with --allow-connect";
const STREAMS: &str = "standard input is empty here, and standard output and error go to the log";
const POOL: &str = "the pool is made for --max-concurrent-requests and --max-memory, and with --memory-reset";
const OWN: &str = "the server bounds this itself";

/// Every option that is known, by its letter and name.
const RULES: &[(Family, &str, Rule)] = &[
    (Family::Optimize, "memory-init-cow", Rule::On(ALWAYS)),
    (
        Family::Optimize,
        "opt-level",
        Rule::Never("components are compiled for speed here"),
    ),
    (
        Family::Optimize,
        "pooling-allocator",
        Rule::On("instances come from a pool here, which is never turned off"),
    ),
    (Family::Optimize, "pooling-*", Rule::Never(POOL)),
    (Family::Optimize, "*", Rule::Never("the server lays memory out itself")),
    (Family::Wasi, "allow-ip-name-lookup", Rule::Never(NETWORK)),
    (
        Family::Wasi,
        "cli",
        Rule::On("handlers can import it always, and it reaches nothing"),
    ),
    (
        Family::Wasi,
        "common",
        Rule::On("handlers can import it always, and it reaches nothing"),
    ),
    (Family::Wasi, "config", Rule::Config),
    (Family::Wasi, "config-var", Rule::ConfigVariable),
    (Family::Wasi, "hostcall-fuel", Rule::Never(OWN)),
    (Family::Wasi, "http", Rule::On("http:// listeners are what it is for")),
    (Family::Wasi, "http-outgoing-body-buffer-chunks", Rule::Never(OWN)),
    (Family::Wasi, "http-outgoing-body-chunk-size", Rule::Never(OWN)),
    (Family::Wasi, "inherit-env", Rule::InheritEnvironment),
    (Family::Wasi, "inherit-network", Rule::Never(NETWORK)),
    (Family::Wasi, "inherit-stderr", Rule::Never(STREAMS)),
    (Family::Wasi, "inherit-stdin", Rule::Never(STREAMS)),
    (Family::Wasi, "inherit-stdout", Rule::Never(STREAMS)),
    (
        Family::Wasi,
        "keyvalue",
        Rule::Never("it would be empty again for each request, which has an instance of its own"),
    ),
    (
        Family::Wasi,
        "keyvalue-in-memory-data",
        Rule::Never("give values that do not change with -S config-var"),
    ),
    (
        Family::Wasi,
        "listenfd",
        Rule::Never("the server owns its sockets; name them with --listen"),
    ),
    (
        Family::Wasi,
        "max-http-fields-size",
        Rule::Never("--max-request-head bounds what peers send"),
    ),
    (Family::Wasi, "max-random-size", Rule::Never(OWN)),
    (Family::Wasi, "max-resources", Rule::Never(OWN)),
    (Family::Wasi, "nn", Rule::Never("no handler is given wasi:nn here")),
    (Family::Wasi, "p3", Rule::On("WASI 0.3 is there for who imports it")),
    (
        Family::Wasi,
        "preview2",
        Rule::On("WASI 0.2 is there for who imports it"),
    ),
    (Family::Wasi, "tcp", Rule::Never(NETWORK)),
    (
        Family::Wasi,
        "tcplisten",
        Rule::Never("the server owns its sockets; name them with --listen"),
    ),
    (Family::Wasi, "threads", Rule::Never("components have no threads")),
    (
        Family::Wasi,
        "tls",
        Rule::Never("no handler is given wasi:tls here; requests by https have it"),
    ),
    (Family::Wasi, "udp", Rule::Never(NETWORK)),
    (Family::Wasm, "async-stack-zeroing", Rule::On(ALWAYS)),
    (Family::Wasm, "component-model", Rule::On(ALWAYS)),
    (
        Family::Wasm,
        "component-model-async",
        Rule::On("it is on for who uses it"),
    ),
    (Family::Wasm, "epoch-interruption", Rule::On(ALWAYS)),
    (
        Family::Wasm,
        "fuel",
        Rule::Never("bound what a request computes with --max-cpu-time"),
    ),
    (Family::Wasm, "max-memory-size", Rule::MaxMemorySize),
    (
        Family::Wasm,
        "max-wasm-stack",
        Rule::Never("512 KiB, which interpreters need, is the only size here"),
    ),
    (Family::Wasm, "timeout", Rule::Timeout),
    (
        Family::Wasm,
        "*",
        Rule::Never("the server decides what WebAssembly it runs"),
    ),
];

impl Options {
    /// # Errors
    ///
    /// What is wrong with one of them, or why it is refused.
    pub(super) fn parse(family: Family, text: &str) -> Result<Self, String> {
        let effects = text.split(',').map(|option| {
            let (name, value) = match option.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (option, None),
            };
            let rule = find(family, name).ok_or_else(|| format!("there is no option `{name}`"))?;
            effect(rule, value).map_err(|why| format!("`{name}` is not taken: {why}"))
        });
        effects.collect::<Result<_, _>>().map(Self)
    }

    pub(super) fn configure(self, config: &mut Config) {
        for effect in self.0 {
            match effect {
                Effect::Config => {
                    config.variables.get_or_insert_default();
                }
                Effect::InheritEnvironment => config.environment.extend(own_environment()),
                Effect::MaxMemory(size) => config.limits.max_memory = size,
                Effect::Nothing => {}
                Effect::Timeout(time) => config.http.request_timeout = Some(time),
                Effect::Variable(name, value) => config.variables.get_or_insert_default().push((name, value)),
            }
        }
    }
}

/// What is text of the server's own environment.
fn own_environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

fn find(family: Family, name: &str) -> Option<Rule> {
    let fits = |pattern: &str| match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == pattern,
    };
    let rule = RULES.iter().find(|(of, pattern, _)| *of == family && fits(pattern));
    rule.map(|(.., rule)| *rule)
}

fn effect(rule: Rule, value: Option<&str>) -> Result<Effect, String> {
    match rule {
        Rule::Config => Ok(if is_on(value)? { Effect::Config } else { Effect::Nothing }),
        Rule::ConfigVariable => {
            let (name, value) = value
                .and_then(|value| value.split_once('='))
                .ok_or("write config-var=NAME=VALUE")?;
            Ok(Effect::Variable(name.to_owned(), value.to_owned()))
        }
        Rule::InheritEnvironment => Ok(if is_on(value)? {
            Effect::InheritEnvironment
        } else {
            Effect::Nothing
        }),
        Rule::MaxMemorySize => {
            let size = value.and_then(|value| value.parse().ok());
            size.map(Effect::MaxMemory)
                .ok_or_else(|| "write a number of bytes".to_owned())
        }
        // Who says that it should not be has what they want.
        Rule::Never(_) if value.is_some() && is_on(value) == Ok(false) => Ok(Effect::Nothing),
        Rule::Never(why) => Err(why.to_owned()),
        Rule::On(why) => match is_on(value)? {
            true => Ok(Effect::Nothing),
            false => Err(why.to_owned()),
        },
        Rule::Timeout => {
            let time = value.and_then(parse_time);
            time.map(Effect::Timeout)
                .ok_or_else(|| "write a time such as 30s or 500ms".to_owned())
        }
    }
}

fn is_on(value: Option<&str>) -> Result<bool, String> {
    match value {
        None | Some("y" | "yes" | "true") => Ok(true),
        Some("n" | "no" | "false") => Ok(false),
        Some(value) => Err(format!("`{value}` is neither y nor n")),
    }
}

/// A number without a unit is seconds, as with wasmtime.
fn parse_time(text: &str) -> Option<Duration> {
    match text.parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => humantime::parse_duration(text).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn configured(family: Family, text: &str) -> Config {
        let mut config = Config::new("x.wasm");
        Options::parse(family, text).unwrap().configure(&mut config);
        config
    }

    #[test]
    fn what_is_taken_has_its_effect() {
        let config = configured(
            Family::Wasi,
            "cli,http=y,config,config-var=a=b=c,config-var=d=,keyvalue=n",
        );
        let variables = [("a", "b=c"), ("d", "")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(config.variables, Some(variables.into()));
        let config = configured(
            Family::Wasm,
            "timeout=7,max-memory-size=1000000,component-model-async=y",
        );
        assert_eq!(
            (config.http.request_timeout, config.limits.max_memory),
            (Some(Duration::from_secs(7)), 1_000_000)
        );
        let config = configured(Family::Wasm, "timeout=500ms");
        assert_eq!(config.http.request_timeout, Some(Duration::from_millis(500)));
        assert!(!configured(Family::Wasi, "inherit-env").environment.is_empty());
        let default = format!("{:?}", Config::new("x.wasm"));
        assert_eq!(
            format!(
                "{:?}",
                configured(Family::Optimize, "pooling-allocator,memory-init-cow=y")
            ),
            default
        );
    }

    #[test]
    fn what_is_refused_says_why() {
        for (family, text, words) in [
            (Family::Optimize, "pooling-total-stacks=5", "--max-concurrent-requests"),
            (Family::Optimize, "pooling-allocator=n", "never turned off"),
            (Family::Optimize, "opt-level=0", "compiled for speed"),
            (Family::Wasi, "inherit-network", "--allow-connect"),
            (Family::Wasi, "keyvalue", "empty again"),
            (Family::Wasi, "cli=n", "reaches nothing"),
            (Family::Wasi, "cli=maybe", "neither y nor n"),
            (Family::Wasi, "nonsense", "no option `nonsense`"),
            (Family::Wasi, "config-var=a", "NAME=VALUE"),
            (Family::Wasm, "fuel=1000", "--max-cpu-time"),
            (Family::Wasm, "threads", "what WebAssembly it runs"),
            (Family::Wasm, "timeout=soon", "30s"),
        ] {
            let error = Options::parse(family, text).unwrap_err();
            assert!(error.contains(words), "{text}: {error}");
        }
    }
}
