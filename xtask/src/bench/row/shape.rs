//! What rows have in common: who is measured, how often, and what a row of each kind is.

use super::{Http, Load, Open, Reuse, Row, Series, Service, Wasi};
use crate::bench::load::Kind;
use crate::bench::quantity::Quantity;

pub(super) const CONNECTION: &str = "connection";

/// For medians that a target is held against.
pub(super) const TARGET: u32 = 5;
pub(super) const USUAL: u32 = 3;
/// For what takes long, or varies little.
pub(super) const FEW: u32 = 2;
/// For what takes a minute and varies least.
pub(super) const ONCE: u32 = 1;

pub(super) const EVERYONE: &[&str] = &[
    "socketserver",
    "tokio",
    "tokio-per-core",
    "epoll",
    "go",
    "node",
    "socketserver-slab",
    "socketserver-async",
    "socketserver-c",
    "socketserver-javascript",
    "socketserver-python",
    "asyncio",
    "python-threads",
    "python-forks",
    "tcpserver",
    "xinetd",
    "socket-activate",
];

/// Without the other languages of ours, and those that a thousand clients at once cannot connect to.
pub(super) const THOUSANDS: &[&str] = &[
    "socketserver",
    "tokio",
    "tokio-per-core",
    "epoll",
    "go",
    "node",
    "asyncio",
    "python-threads",
    "python-forks",
    "tcpserver",
    "socket-activate",
];

pub(super) const BULK: &[&str] = &[
    "socketserver",
    "tokio",
    "tokio-per-core",
    "epoll",
    "go",
    "node",
    "socketserver-async",
    "asyncio",
    "python-threads",
    "python-forks",
    "tcpserver",
];

/// Those that have one process for all connections.
pub(super) const LOOPS: &[&str] = &[
    "socketserver",
    "tokio",
    "tokio-per-core",
    "epoll",
    "go",
    "node",
    "socketserver-slab",
    "socketserver-c",
    "asyncio",
    "python-threads",
];

pub(super) const NEAREST: &[&str] = &["socketserver", "tokio", "epoll"];

pub(super) const fn clients(kind: Kind, clients: u32, open: Open) -> Load {
    Load::Clients { kind, clients, open }
}

pub(super) const fn echo(
    name: &'static str,
    title: &'static str,
    kind: Kind,
    number: u32,
    operation: &'static str,
    peers: &'static [&'static str],
) -> Row {
    Row {
        name,
        title,
        note: "",
        service: Service::Echo,
        load: clients(kind, number, Open::Number(0)),
        operation,
        series: None,
        rounds: USUAL,
        peers,
    }
}

pub(super) const fn http(name: &'static str, title: &'static str, wasi: Wasi, reuse: Reuse) -> Row {
    Row {
        name,
        title,
        note: "",
        service: Service::Http(Http { wasi, reuse }),
        load: clients(Kind::Http, 64, Open::Number(0)),
        operation: "request",
        series: None,
        rounds: TARGET,
        peers: &["socketserver", "wasmtime"],
    }
}

pub(super) const fn fill(name: &'static str, title: &'static str, open: Open) -> Row {
    Row {
        load: clients(Kind::Fill, 64, open),
        ..echo(name, title, Kind::Fill, 64, CONNECTION, LOOPS)
    }
}

pub(super) const fn neighbour(name: &'static str, column: &'static str, spinning: Open) -> Row {
    Row {
        note: "All of them share one core. Native tokio, asyncio and Node.js have no figure: one endless loop stops them.",
        service: Service::Spin,
        load: clients(Kind::Neighbour, 1, spinning),
        series: Some(Series {
            title: "64-byte round trips on one connection beside others whose handlers loop for ever: p99 in µs by their number",
            column,
            quantity: Quantity::P99,
        }),
        ..echo(
            name,
            "a neighbour of handlers that loop for ever",
            Kind::Neighbour,
            1,
            "request",
            &["socketserver", "go", "python-threads", "python-forks"],
        )
    }
}

pub(super) const fn start(name: &'static str, column: &'static str, cold: bool) -> Row {
    let peers: &[&str] = if cold {
        &["socketserver", "socketserver-javascript", "socketserver-python"]
    } else {
        &[
            "socketserver",
            "socketserver-javascript",
            "socketserver-python",
            "tokio",
            "epoll",
            "go",
            "node",
            "asyncio",
            "python-threads",
        ]
    };
    Row {
        note: "A cold cache is one without the compiled component, which is compiled on one core then.",
        load: Load::Start { cold },
        series: Some(Series {
            title: "from the start of the process to the first byte of an answer",
            column,
            quantity: Quantity::Start,
        }),
        rounds: if cold { FEW } else { TARGET },
        ..echo(
            name,
            "from the start of the process to the first byte",
            Kind::Connect,
            1,
            CONNECTION,
            peers,
        )
    }
}

/// Those whose way of waiting for many connections is of interest.
pub(super) const GROWING: &[&str] = &["socketserver", "tokio", "epoll", "go", "node", "python-threads"];

pub(super) const fn growth_connect(name: &'static str, column: &'static str, open: u32) -> Row {
    Row {
        load: clients(Kind::Connect, 64, Open::Number(open)),
        series: Some(Series {
            title: "connect, 64 bytes, close; 64 clients: CPU µs per connection by the number of others that are open",
            column,
            quantity: Quantity::Cpu,
        }),
        rounds: FEW,
        ..echo(
            name,
            "connect, 64 bytes, close; 64 clients, beside others that are open",
            Kind::Connect,
            64,
            CONNECTION,
            GROWING,
        )
    }
}

pub(super) const fn growth_requests(name: &'static str, column: &'static str, open: u32) -> Row {
    Row {
        load: clients(Kind::Requests, 64, Open::Number(open)),
        series: Some(Series {
            title: "64-byte round trips; 64 connections: CPU µs per request by the number of others that are open",
            column,
            quantity: Quantity::Cpu,
        }),
        rounds: FEW,
        ..echo(
            name,
            "64-byte round trips; 64 connections, beside others that are open",
            Kind::Requests,
            64,
            "request",
            GROWING,
        )
    }
}
