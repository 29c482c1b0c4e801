//! What a bundle is told on its command line.

use std::fmt::{self, Display, Formatter};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// What a bundle listens with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Transport {
    /// Connections.
    Tcp,
    /// Datagrams.
    Udp,
}

/// What a bundle was told.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Arguments {
    /// Where to listen; at least one place, and port 0 lets the system choose.
    pub addresses: Vec<SocketAddr>,
    /// For how long a connection may be idle, in milliseconds.
    pub idle_timeout: Option<u32>,
}

/// As the server's own default is.
const DEFAULT_ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9999);

/// As the server's own default is.
const DEFAULT_IDLE_TIMEOUT: u32 = 60_000;

const IDLE_TIMEOUT: &str = "--idle-timeout";

impl Arguments {
    /// Reads what stands after the name of the program.
    ///
    /// # Errors
    ///
    /// One that is no address of this transport and no option, with what would be one.
    pub fn parse(transport: Transport, arguments: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let mut parsed = Self {
            addresses: Vec::new(),
            idle_timeout: Some(DEFAULT_IDLE_TIMEOUT),
        };
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            if let Some(value) = argument.strip_prefix(IDLE_TIMEOUT) {
                let value = match value.strip_prefix('=') {
                    Some(value) => value.to_owned(),
                    None if value.is_empty() => arguments.next().unwrap_or_default(),
                    None => return Err(unknown(&argument)),
                };
                parsed.idle_timeout = parse_time(&value)?;
            } else if argument.starts_with('-') {
                return Err(unknown(&argument));
            } else {
                parsed.addresses.push(parse_address(transport, &argument)?);
            }
        }
        if parsed.addresses.is_empty() {
            parsed.addresses.push(DEFAULT_ADDRESS);
        }
        Ok(parsed)
    }

    /// The same for a loop that hands streams on, and does not see whether anything moves in them.
    ///
    /// # Errors
    ///
    /// As above, and the option.
    pub fn parse_without_idle_timeout(
        transport: Transport,
        arguments: impl IntoIterator<Item = String>,
    ) -> Result<Self, String> {
        let arguments: Vec<String> = arguments.into_iter().collect();
        match arguments.iter().find(|argument| argument.starts_with('-')) {
            Some(option) => Err(format!(
                "`{option}` is no option of a bundle whose handler is async or has datagrams"
            )),
            None => Self::parse(transport, arguments),
        }
    }
}

fn unknown(argument: &str) -> String {
    format!("`{argument}` is no option; the only one is {IDLE_TIMEOUT}")
}

/// An address, or a URL as the server takes them.
fn parse_address(transport: Transport, argument: &str) -> Result<SocketAddr, String> {
    let address = match argument.split_once("://") {
        None => argument,
        Some((scheme, address)) if scheme == transport.name() => address.strip_suffix('/').unwrap_or(address),
        Some((scheme, _)) => return Err(format!("`{argument}`: this bundle serves {transport} and not {scheme}")),
    };
    address.parse().map_err(|_| {
        format!("`{argument}` is no address; give an IP address and a port, such as {DEFAULT_ADDRESS} or [::1]:9999")
    })
}

/// Milliseconds; nothing for `none`.
fn parse_time(value: &str) -> Result<Option<u32>, String> {
    if value == "none" {
        return Ok(None);
    }
    let unit = value.trim_start_matches(|digit: char| digit.is_ascii_digit());
    let number: Option<u32> = value.strip_suffix(unit).and_then(|number| number.parse().ok());
    let milliseconds = match unit {
        "ms" => Some(1),
        "s" => Some(1000),
        "m" => Some(60_000),
        "h" => Some(3_600_000),
        _ => None,
    };
    let time = number
        .zip(milliseconds)
        .and_then(|(number, unit)| number.checked_mul(unit));
    let time = time.filter(|time| *time > 0);
    let error = || format!("{IDLE_TIMEOUT} `{value}` is no time; give a number with a unit, such as 60s, or none");
    time.map(Some).ok_or_else(error)
}

impl Transport {
    const fn name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        }
    }
}

impl Display for Transport {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Arguments, String> {
        Arguments::parse(Transport::Tcp, arguments.iter().map(|argument| (*argument).to_owned()))
    }

    #[test]
    fn without_arguments_there_are_the_defaults_of_the_server() {
        let defaults = parse(&[]).unwrap();
        assert_eq!(defaults.addresses, [DEFAULT_ADDRESS]);
        assert_eq!(defaults.idle_timeout, Some(60_000));
    }

    #[test]
    fn addresses_are_spelled_with_a_scheme_or_without() {
        let several = parse(&["127.0.0.1:7777", "[::]:0", "tcp://0.0.0.0:1/"]).unwrap();
        let expected = ["127.0.0.1:7777", "[::]:0", "0.0.0.0:1"].map(|address| address.parse().unwrap());
        assert_eq!(several.addresses, expected);
    }

    #[test]
    fn times_have_units() {
        for (value, time) in [
            ("90s", Some(90_000)),
            ("2m", Some(120_000)),
            ("5ms", Some(5)),
            ("none", None),
        ] {
            assert_eq!(parse(&[&format!("--idle-timeout={value}")]).unwrap().idle_timeout, time);
            assert_eq!(parse(&["--idle-timeout", value, "[::1]:1"]).unwrap().idle_timeout, time);
        }
    }

    #[test]
    fn a_loop_that_cannot_keep_time_takes_no_time() {
        let parse = |argument: &str| Arguments::parse_without_idle_timeout(Transport::Udp, [argument.to_owned()]);
        assert!(
            parse("--idle-timeout=1s")
                .unwrap_err()
                .contains("is no option of a bundle")
        );
        assert_eq!(parse("127.0.0.1:1").unwrap().addresses.len(), 1);
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (arguments, error) in [
            (&["localhost:1"][..], "`localhost:1` is no address"),
            (&["7777"], "`7777` is no address"),
            (&["udp://127.0.0.1:1"], "this bundle serves tcp and not udp"),
            (&["--idle"], "`--idle` is no option"),
            (&["--idle-timeouts=1s"], "is no option"),
            (&["--idle-timeout=60"], "`60` is no time"),
            (&["--idle-timeout=0s"], "`0s` is no time"),
            (&["--idle-timeout=2000h"], "`2000h` is no time"),
            (&["--idle-timeout"], "`` is no time"),
        ] {
            let said = parse(arguments).unwrap_err();
            assert!(said.contains(error) && !said.contains('\n'), "{said}");
        }
    }
}
