//! Tests of the real binary over real sockets.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::expect_used,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "these bans are for the server: its tests watch it from another process, in real time"
)]

mod accept;
mod async_outbound;
mod asynchronous;
mod asynchronous_misbehaving;
mod bundle;
mod bundle_contract;
mod bundle_http;
mod bundle_request;
mod bundle_run;
mod cache;
mod canary;
mod capacity;
mod cli;
mod compliance;
mod contract;
mod datagrams;
mod dev;
mod dns;
mod documentation;
mod drain;
mod foreign;
mod go;
mod guides;
mod handlers;
mod http;
mod http_load;
mod icmp;
mod inspect;
mod javascript;
mod languages;
mod limits;
mod log;
mod misbehaving;
mod newcomer;
mod outbound;
mod outbound_limits;
mod programs;
mod projects;
mod python;
mod sdk;
mod services;
mod sessions;
mod sockets;
mod socks;
mod streams;
mod support;
mod ticks;
mod unix;
mod unixgram;
mod unixpacket;
mod workers;
