//! The bounds of settings, and what is out of them.

use std::time::Duration;

use thiserror::Error;

use super::Config;
use crate::server::{Problems, StartError};

impl Config {
    /// What is wrong with these settings in themselves.
    ///
    /// # Errors
    ///
    /// All of it, as [`StartError::Config`].
    pub fn validate(&self) -> Result<(), StartError> {
        let problems = self.problems();
        if problems.is_empty() {
            Ok(())
        } else {
            Err(StartError::Config(Problems::new(problems)))
        }
    }

    /// What is wrong with these settings in themselves, all of it.
    pub(crate) fn problems(&self) -> Vec<ConfigError> {
        let limits = &self.limits;
        let mut problems = Vec::new();
        let mut check = |setting, value: String, fine: bool, bound| {
            if !fine {
                problems.push(ConfigError { setting, value, bound });
            }
        };
        check(
            "listen",
            "nothing".into(),
            !self.listen.is_empty(),
            "at least one listener is needed",
        );
        check(
            "max-connections",
            limits.max_connections.to_string(),
            (1..=MAX_CONNECTIONS).contains(&limits.max_connections),
            "a number from 1 to 1000000",
        );
        check(
            "workers",
            self.workers.to_string(),
            (1..=MAX_WORKERS).contains(&self.workers)
                && u32::from(self.workers) <= limits.max_connections.min(self.http.max_concurrent_requests),
            "a number from 1 to 256, and no more than max-connections and max-concurrent-requests",
        );
        check(
            "workers",
            self.workers.to_string(),
            self.workers <= 1
                || self.listen.is_empty()
                || self.listen.iter().any(|listen| listen.transport().is_spread()),
            "several processes cannot share icmp and unixgram listeners, and there are no others",
        );
        check(
            "max-connections-per-source",
            limits
                .max_connections_per_source
                .map_or_else(String::new, |n| n.to_string()),
            limits.max_connections_per_source != Some(0),
            "at least 1, or none",
        );
        check(
            "max-memory",
            bytesize::ByteSize(limits.max_memory).display().iec().to_string(),
            (WASM_PAGE..=MAX_MEMORY).contains(&limits.max_memory),
            "a size from 64KiB, one page of WebAssembly, to 4GiB, the most that one memory can have",
        );
        check(
            "max-guest-output",
            limits.max_guest_output.to_string(),
            limits.max_guest_output <= u64::from(u32::MAX),
            "less than 4GiB a second",
        );
        check(
            "max-packet-size",
            limits.max_packet_size.to_string(),
            (1..=MAX_PACKET_SIZE).contains(&limits.max_packet_size),
            "a size from 1 to 65535 bytes, the longest datagram of IP",
        );
        check(
            "max-outbound",
            limits.max_outbound.to_string(),
            (1..=MAX_OUTBOUND).contains(&limits.max_outbound),
            "a number from 1 to 128",
        );
        self.http.check(&mut check);
        let keep_alive = self.sockets.keep_alive;
        check(
            "keep-alive",
            humantime::format_duration(keep_alive.unwrap_or_default()).to_string(),
            keep_alive.is_none_or(|time| (MIN_KEEP_ALIVE..=MAX_KEEP_ALIVE).contains(&time)),
            "a duration from 1s to 32767s, or none",
        );
        for (setting, duration) in [
            ("max-cpu-time", limits.max_cpu_time),
            ("idle-timeout", self.timeouts.idle),
            ("max-lifetime", self.timeouts.lifetime),
            ("datagram-session", self.timeouts.datagram_session),
        ] {
            check(
                setting,
                humantime::format_duration(duration.unwrap_or_default()).to_string(),
                duration.is_none_or(|d| (MIN_TIME..=MAX_TIME).contains(&d)),
                "a duration from 1ms to 10years, or none",
            );
        }
        for (setting, duration) in [
            ("linger", self.timeouts.linger),
            ("drain-grace", self.timeouts.drain_grace),
        ] {
            check(
                setting,
                humantime::format_duration(duration).to_string(),
                duration <= MAX_TIME,
                "a duration up to 10years",
            );
        }
        problems
    }
}

/// A setting that is out of its bounds.
#[derive(Debug, Error)]
#[error("{setting} cannot be {value}: {bound}")]
pub struct ConfigError {
    setting: &'static str,
    value: String,
    bound: &'static str,
}

/// A sanity bound: beyond it the numbers of a pool no longer fit their types. What the machine holds is far less, and is
/// found out when the pool is made.
pub(super) const MAX_CONNECTIONS: u32 = 1_000_000;
/// More processes than any machine has processors for would share little beside the work of starting them.
const MAX_WORKERS: u16 = 256;
const WASM_PAGE: u64 = 64 << 10;
const MAX_MEMORY: u64 = 4 << 30;
/// The length of an IP datagram is a number of 16 bits. A Unix datagram may be longer, and is cut.
const MAX_PACKET_SIZE: u32 = 65_535;
/// Each socket may take eight of the handles that a guest may hold (`sandbox::state`): itself, two streams, what it waits
/// for.
const MAX_OUTBOUND: u32 = 128;
/// The bounds of `TCP_KEEPIDLE` (`tcp(7)`).
const MIN_KEEP_ALIVE: Duration = Duration::from_secs(1);
const MAX_KEEP_ALIVE: Duration = Duration::from_secs(32_767);
/// The tick by which processor time is measured.
pub(super) const MIN_TIME: Duration = Duration::from_millis(1);
/// Timers count milliseconds from the start of the process; ten years are far from their end.
pub(super) const MAX_TIME: Duration = Duration::from_secs(10 * 366 * 24 * 3600);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_have_no_problems() {
        assert!(Config::new("x.wasm").problems().is_empty());
    }

    #[test]
    fn every_problem_is_reported() {
        let mut config = Config::new("x.wasm");
        config.listen.clear();
        config.limits.max_connections = 0;
        config.limits.max_memory = 1;
        config.limits.max_outbound = 0;
        config.timeouts.idle = Some(Duration::ZERO);
        let problems: Vec<_> = config.problems().iter().map(ToString::to_string).collect();
        assert_eq!(problems.len(), 6, "{problems:?}");
        assert!(problems[3].starts_with("max-memory cannot be 1 B:"), "{problems:?}");
    }
}
