//! What is set for HTTP listeners beside what holds for every connection.

use std::time::Duration;

use http::{HeaderName, HeaderValue};

use super::bounds::{MAX_CONNECTIONS, MAX_TIME, MIN_TIME};

/// Limits and deadlines of HTTP listeners.
///
/// Those of all connections ([`Limits`](super::Limits), [`Timeouts`](super::Timeouts)) hold as well: a connection counts for
/// its source and ends at its lifetime, and each request has the memory, the processor time and the output of one guest.
/// Only `idle` does not: [`keep_alive_timeout`](Self::keep_alive_timeout) and
/// [`body_idle_timeout`](Self::body_idle_timeout) stand for it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Http {
    /// Requests at the same time, over all listeners, each in a sandbox. Further ones wait for at most
    /// [`queue_timeout`](Self::queue_timeout).
    pub max_concurrent_requests: u32,
    /// Bytes of a request's head: its first line and its headers. A longer one is answered 431, or 414 where it is the
    /// target that is too long.
    pub max_request_head: u32,
    /// Bytes of a request's body; `None` is no limit. A longer one is answered 413.
    pub max_request_body: Option<u64>,
    /// Bytes of a response's body; `None` is no limit. A longer one is broken off, or answered 500 if it says its length.
    pub max_response_body: Option<u64>,
    /// Requests at the same time on one connection of HTTP/2. Further ones are refused (`REFUSED_STREAM`, RFC 9113).
    pub max_streams: u32,
    /// Requests on one connection, which closes after the last of them; `None` is no limit.
    pub max_connection_requests: Option<u32>,
    /// A connection is closed when a request's head takes longer: from when the connection was accepted, or from the first
    /// byte of a later request. It is answered 408 when it has begun.
    pub header_timeout: Duration,
    /// A connection without a request is closed after so long.
    pub keep_alive_timeout: Duration,
    /// A request is broken off when a body does not move for so long because its peer does not send what the handler reads
    /// (it is answered 408), or does not take what the handler sends.
    pub body_idle_timeout: Duration,
    /// A request is broken off when it takes longer in all; it is answered 504 if its response has not begun.
    pub request_timeout: Option<Duration>,
    /// A request that finds all sandboxes in use waits for one for so long; then it is answered 503.
    pub queue_timeout: Duration,
    /// Headers that each request has for its handler, in the place of those of the same names that its peer has sent.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Requests that one instance handles, one after the other, before it is dropped. 1 is a fresh instance for each request.
    ///
    /// More of them saves the making of instances, and gives up what that is for: an instance that is used again brings along
    /// whatever earlier requests have left in it.
    pub max_instance_reuse_count: u32,
    /// An instance that waits for another request is dropped after so long.
    pub idle_instance_timeout: Duration,
}

impl Default for Http {
    fn default() -> Self {
        Self {
            // As `wasmtime serve` has it, rounded: enough for a machine, and a pool of it fits the kernel's defaults.
            max_concurrent_requests: 1024,
            // Headers with a few large cookies; the buffer of a connection grows to it only when it is needed.
            max_request_head: 64 << 10,
            max_request_body: Some(64 << 20),
            max_response_body: Some(1 << 30),
            // What RFC 9113 recommends as the least, so that clients do not wait for each other.
            max_streams: 100,
            max_connection_requests: None,
            header_timeout: Duration::from_secs(10),
            // As long as a connection of any kind may be silent.
            keep_alive_timeout: Duration::from_secs(60),
            body_idle_timeout: Duration::from_secs(30),
            request_timeout: Some(Duration::from_secs(300)),
            queue_timeout: Duration::from_secs(5),
            headers: Vec::new(),
            max_instance_reuse_count: 1,
            // As `wasmtime serve` has it.
            idle_instance_timeout: Duration::from_secs(1),
        }
    }
}

impl Http {
    /// Tells each setting, its value, whether it is within its bounds, and which those are.
    pub(super) fn check(&self, check: &mut impl FnMut(&'static str, String, bool, &'static str)) {
        for (setting, number) in [
            ("max-concurrent-requests", Some(self.max_concurrent_requests)),
            ("max-streams", Some(self.max_streams)),
            ("max-connection-requests", self.max_connection_requests),
            ("max-instance-reuse-count", Some(self.max_instance_reuse_count)),
        ] {
            check(
                setting,
                number.map_or_else(String::new, |n| n.to_string()),
                number.is_none_or(|n| (1..=MAX_CONNECTIONS).contains(&n)),
                "a number from 1 to 1000000",
            );
        }
        check(
            "max-request-head",
            self.max_request_head.to_string(),
            (MIN_HEAD..=MAX_HEAD).contains(&self.max_request_head),
            "a size from 8KiB to 1MiB",
        );
        for (setting, duration) in [
            ("header-timeout", Some(self.header_timeout)),
            ("keep-alive-timeout", Some(self.keep_alive_timeout)),
            ("body-idle-timeout", Some(self.body_idle_timeout)),
            ("request-timeout", self.request_timeout),
            ("idle-instance-timeout", Some(self.idle_instance_timeout)),
        ] {
            check(
                setting,
                humantime::format_duration(duration.unwrap_or_default()).to_string(),
                duration.is_none_or(|d| (MIN_TIME..=MAX_TIME).contains(&d)),
                "a duration from 1ms to 10years",
            );
        }
        check(
            "queue-timeout",
            humantime::format_duration(self.queue_timeout).to_string(),
            self.queue_timeout <= MAX_TIME,
            "a duration up to 10years",
        );
    }
}

/// The least that hyper can be told; a head that fits a packet or two should never be refused either.
const MIN_HEAD: u32 = 8 << 10;

/// What the buffers of all connections together may come to is bounded by this.
const MAX_HEAD: u32 = 1 << 20;
