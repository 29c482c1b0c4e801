//! What a peer can say.

use std::time::Duration;

/// Shorter ones would be all that the handler does, and longer ones no use to a peer that the host closes when it is idle.
const SHORTEST: Duration = Duration::from_millis(1);
const LONGEST: Duration = Duration::from_hours(1);

#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Command {
    /// Tick at this interval.
    Every(Duration),
    /// Answer with the line.
    Hear,
    /// Tick no more.
    Quiet,
    /// Close the connection.
    Quit,
}

impl Command {
    /// A line that is no command is one to be heard, so there is no error.
    pub(crate) fn of(line: &[u8]) -> Self {
        match line {
            b"quiet" => Self::Quiet,
            b"quit" => Self::Quit,
            line => line
                .strip_prefix(b"every ")
                .and_then(interval)
                .map_or(Self::Hear, Self::Every),
        }
    }
}

/// `100ms` or `2s`.
fn interval(text: &[u8]) -> Option<Duration> {
    let text = str::from_utf8(text).ok()?;
    let interval = match text.strip_suffix("ms") {
        Some(milliseconds) => Duration::from_millis(milliseconds.parse().ok()?),
        None => Duration::from_secs(text.strip_suffix('s')?.parse().ok()?),
    };
    (SHORTEST..=LONGEST).contains(&interval).then_some(interval)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_have_a_unit_and_bounds() {
        let every = |text: &str| Command::of(format!("every {text}").as_bytes());
        assert_eq!(every("100ms"), Command::Every(Duration::from_millis(100)));
        assert_eq!(every("2s"), Command::Every(Duration::from_secs(2)));
        for text in ["0ms", "3601s", "100", "ms", "-1s", "1 s", "99999999999999999999s"] {
            assert_eq!(every(text), Command::Hear, "{text}");
        }
    }
}
