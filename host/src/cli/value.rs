//! Values of flags that have a spelling of their own.

use std::fmt::{self, Display, Formatter};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use bytesize::ByteSize;

/// `name=path`.
#[derive(Clone, Debug)]
pub(crate) struct NamedHandler {
    pub(crate) name: String,
    pub(crate) path: PathBuf,
}

impl FromStr for NamedHandler {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((name, path)) if !name.is_empty() && !path.is_empty() => Ok(Self {
                name: name.to_owned(),
                path: path.into(),
            }),
            _ => Err("write a name and a path, as in echo=echo.wasm".to_owned()),
        }
    }
}

/// A value, or the word `none`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Optional<T>(pub(super) Option<T>);

impl<T> Optional<T> {
    pub(super) fn map<U>(self, convert: impl FnOnce(T) -> U) -> Optional<U> {
        Optional(self.0.map(convert))
    }
}

impl<T: FromStr> FromStr for Optional<T> {
    type Err = T::Err;

    fn from_str(text: &str) -> Result<Self, T::Err> {
        match text {
            "none" => Ok(Self(None)),
            _ => text.parse().map(|value| Self(Some(value))),
        }
    }
}

impl<T: Display> Display for Optional<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(value) => value.fmt(f),
            None => f.write_str("none"),
        }
    }
}

/// A number of bytes, with a unit such as `64MiB` or without one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size(pub(super) u64);

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse().map(|ByteSize(bytes)| Self(bytes))
    }
}

/// The largest binary unit that says it exactly, so that what is printed can be given back.
impl Display for Size {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let units = [(30, "GiB"), (20, "MiB"), (10, "KiB")];
        match units
            .into_iter()
            .find(|(bits, _)| self.0 > 0 && self.0.is_multiple_of(1 << bits))
        {
            Some((bits, unit)) => write!(f, "{}{unit}", self.0 >> bits),
            None => write!(f, "{}", self.0),
        }
    }
}

/// A duration with a unit, such as `500ms` or `1h`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Time(pub(super) Duration);

impl FromStr for Time {
    type Err = humantime::DurationError;

    fn from_str(text: &str) -> Result<Self, humantime::DurationError> {
        humantime::parse_duration(text).map(Self)
    }
}

impl Display for Time {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        humantime::format_duration(self.0).fmt(f)
    }
}

impl From<Time> for Duration {
    fn from(time: Time) -> Self {
        time.0
    }
}
