//! The settings of HTTP listeners.

use std::time::Duration;

use clap::Args;
use socketserver::Http;

use super::value::{Optional, Size, Time};

#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "HTTP")]
pub(super) struct HttpArgs {
    /// Requests at the same time, over all http listeners, each in a sandbox. Further ones wait for --queue-timeout.
    #[arg(long, value_name = "NUMBER", default_value_t = Http::default().max_concurrent_requests)]
    max_concurrent_requests: u32,

    /// A request's first line and headers. Longer ones are answered 431 (or 414).
    #[arg(long, value_name = "SIZE", default_value_t = Size(Http::default().max_request_head.into()))]
    max_request_head: Size,

    /// A request's body; none for no limit. A longer one is answered 413.
    #[arg(long, value_name = "SIZE", default_value_t = Optional(Http::default().max_request_body).map(Size))]
    max_request_body: Optional<Size>,

    /// A response's body; none for no limit. A longer one is broken off.
    #[arg(long, value_name = "SIZE", default_value_t = Optional(Http::default().max_response_body).map(Size))]
    max_response_body: Optional<Size>,

    /// Requests at the same time on one connection of HTTP/2.
    #[arg(long, value_name = "NUMBER", default_value_t = Http::default().max_streams)]
    max_streams: u32,

    /// Requests on one connection, which then closes; none for no limit.
    #[arg(long, value_name = "NUMBER", default_value_t = Optional(Http::default().max_connection_requests))]
    max_connection_requests: Optional<u32>,

    /// Close a connection whose request's head takes so long.
    #[arg(long, value_name = "TIME", default_value_t = Time(Http::default().header_timeout))]
    header_timeout: Time,

    /// Close a connection that has had no request for so long.
    #[arg(long, value_name = "TIME", default_value_t = Time(Http::default().keep_alive_timeout))]
    keep_alive_timeout: Time,

    /// Break a request off whose peer does not send its body, or does not take the response, for so long.
    #[arg(long, value_name = "TIME", default_value_t = Time(Http::default().body_idle_timeout))]
    body_idle_timeout: Time,

    /// Break a request off that takes so long in all; none for no limit. It is answered 504 if it can be.
    #[arg(long, value_name = "TIME", default_value_t = Optional(Http::default().request_timeout).map(Time))]
    request_timeout: Optional<Time>,

    /// When all --max-concurrent-requests are under way: how long a further one waits until it is answered 503.
    #[arg(long, value_name = "TIME", default_value_t = Time(Http::default().queue_timeout))]
    queue_timeout: Time,

    /// Requests that one instance handles, one after the other. With 1 each request has a fresh one; with more, what a
    /// request leaves in its instance reaches later ones.
    #[arg(long, value_name = "NUMBER", default_value_t = Http::default().max_instance_reuse_count)]
    max_instance_reuse_count: u32,

    /// Requests that one instance handles at the same time. Here that is always 1: what fails costs no request but its own.
    #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = one_at_a_time)]
    max_instance_concurrent_reuse_count: u32,

    /// Drop an instance that could be used again after it has waited for so long.
    #[arg(long, value_name = "TIME", default_value_t = Time(Http::default().idle_instance_timeout))]
    idle_instance_timeout: Time,
}

fn one_at_a_time(text: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(1) => Ok(1),
        _ => Err(
            "an instance handles one request at a time here, so that a trap costs one request; leave it out, or give 1"
                .into(),
        ),
    }
}

impl HttpArgs {
    pub(super) fn configure(self, http: &mut Http) {
        let Self {
            max_concurrent_requests,
            max_request_head,
            max_request_body,
            max_response_body,
            max_streams,
            max_connection_requests,
            header_timeout,
            keep_alive_timeout,
            body_idle_timeout,
            request_timeout,
            queue_timeout,
            max_instance_reuse_count,
            max_instance_concurrent_reuse_count: _,
            idle_instance_timeout,
        } = self;
        http.max_concurrent_requests = max_concurrent_requests;
        // What does not fit is out of its bounds too, and is said to be.
        http.max_request_head = u32::try_from(max_request_head.0).unwrap_or(u32::MAX);
        http.max_request_body = max_request_body.map(|size| size.0).0;
        http.max_response_body = max_response_body.map(|size| size.0).0;
        http.max_streams = max_streams;
        http.max_connection_requests = max_connection_requests.0;
        http.header_timeout = header_timeout.0;
        http.keep_alive_timeout = keep_alive_timeout.0;
        http.body_idle_timeout = body_idle_timeout.0;
        http.request_timeout = request_timeout.map(Duration::from).0;
        http.queue_timeout = queue_timeout.0;
        http.max_instance_reuse_count = max_instance_reuse_count;
        http.idle_instance_timeout = idle_instance_timeout.0;
    }
}
