//! All rows, in the order of the report.

use super::{Http, Load, Open, Reuse, Row, Series, Service, Wasi};
use crate::bench::load::Kind;
use crate::bench::quantity::Quantity;

pub(in crate::bench) const ROWS: &[Row] = &[
    Row {
        rounds: TARGET,
        ..echo(
            "connect-64",
            "connect, 64 bytes, close; 64 clients",
            Kind::Connect,
            64,
            CONNECTION,
            EVERYONE,
        )
    },
    echo(
        "connect-1",
        "connect, 64 bytes, close; 1 client",
        Kind::Connect,
        1,
        CONNECTION,
        LOOPS,
    ),
    Row {
        load: clients(Kind::ConnectAfterBurst, 64, Open::Number(5_000)),
        ..echo(
            "connect-after-burst",
            "connect, 64 bytes, close; 64 clients, after 5,000 connections at once",
            Kind::ConnectAfterBurst,
            64,
            CONNECTION,
            NEAREST,
        )
    },
    Row {
        rounds: TARGET,
        ..echo(
            "requests-64",
            "64-byte round trips; 64 connections",
            Kind::Requests,
            64,
            "request",
            EVERYONE,
        )
    },
    echo(
        "requests-1",
        "64-byte round trips; 1 connection",
        Kind::Requests,
        1,
        "request",
        LOOPS,
    ),
    echo(
        "requests-1000",
        "64-byte round trips; 1,000 connections",
        Kind::Requests,
        1_000,
        "request",
        EVERYONE_OF_OTHERS,
    ),
    Row {
        rounds: TARGET,
        ..echo(
            "bulk-1",
            "64 KiB writes, both directions at once; 1 connection",
            Kind::Bulk,
            1,
            "MiB",
            BULK,
        )
    },
    Row {
        rounds: TARGET,
        ..echo(
            "bulk-8",
            "64 KiB writes, both directions at once; 8 connections",
            Kind::Bulk,
            8,
            "MiB",
            BULK,
        )
    },
    Row {
        service: Service::EchoDatagrams,
        ..echo(
            "datagrams-64",
            "64-byte datagrams and their echo; 64 peers",
            Kind::Datagrams,
            64,
            "datagram",
            &[
                "socketserver",
                "tokio",
                "epoll",
                "python-threads",
                "python-forks",
                "asyncio",
                "node",
                "go",
            ],
        )
    },
    Row {
        service: Service::Time,
        ..echo(
            "first-byte",
            "connect, and the first byte of a server that sends at once; 1 client",
            Kind::FirstByte,
            1,
            CONNECTION,
            &[
                "socketserver",
                "tokio",
                "tokio-per-core",
                "epoll",
                "python-threads",
                "asyncio",
                "node",
                "go",
                "nginx",
            ],
        )
    },
    Row {
        service: Service::Resp,
        ..echo(
            "resp-pipeline",
            "redis-benchmark -t set -P 16; 50 connections",
            Kind::Resp,
            50,
            "request",
            &["socketserver", "redis"],
        )
    },
    http(
        "http-fresh",
        "HTTP, WASI 0.2, an instance for each request",
        Wasi::Preview2,
        Reuse::Fresh,
    ),
    Row {
        peers: &["socketserver", "wasmtime", "nginx"],
        ..http(
            "http-reused",
            "HTTP, WASI 0.2, an instance for 128 requests",
            Wasi::Preview2,
            Reuse::Reused,
        )
    },
    http(
        "http-async-fresh",
        "HTTP, WASI 0.3, an instance for each request",
        Wasi::Preview3,
        Reuse::Fresh,
    ),
    http(
        "http-async-reused",
        "HTTP, WASI 0.3, an instance for 128 requests",
        Wasi::Preview3,
        Reuse::Reused,
    ),
    http(
        "http-async-shared",
        "HTTP, WASI 0.3, an instance for 128 requests, and 16 of them at once where the server can do that",
        Wasi::Preview3,
        Reuse::Shared,
    ),
    Row {
        load: clients(Kind::Idle, 1, Open::Number(1_000)),
        rounds: FEW,
        ..echo("idle-1k", "1,000 idle connections", Kind::Idle, 1, CONNECTION, EVERYONE)
    },
    Row {
        rounds: TARGET,
        ..fill(
            "idle-10k",
            "10,000 idle connections, and the rate that they are opened at",
            Open::Number(10_000),
        )
    },
    Row {
        rounds: FEW,
        ..fill(
            "idle-most",
            "as many idle connections as this machine allows in a process",
            Open::Most,
        )
    },
    neighbour("neighbour-0", "0", Open::Number(0)),
    neighbour("neighbour-1", "1", Open::Number(1)),
    neighbour("neighbour-2", "2", Open::Number(2)),
    Row {
        rounds: TARGET,
        ..neighbour("neighbour-8", "8", Open::Number(8))
    },
    start("start-cold", "cold cache, ms", true),
    start("start-warm", "warm cache, ms", false),
    growth_connect("growth-connect-10", "10", 10),
    growth_connect("growth-connect-100", "100", 100),
    growth_connect("growth-connect-1k", "1,000", 1_000),
    growth_connect("growth-connect-10k", "10,000", 10_000),
    growth_requests("growth-requests-10", "10", 10),
    growth_requests("growth-requests-100", "100", 100),
    growth_requests("growth-requests-1k", "1,000", 1_000),
    growth_requests("growth-requests-10k", "10,000", 10_000),
];

const CONNECTION: &str = "connection";

/// For medians that a target is held against.
const TARGET: u32 = 5;
const USUAL: u32 = 3;
/// For what takes long, or varies little.
const FEW: u32 = 2;

const EVERYONE: &[&str] = &[
    "socketserver",
    "tokio",
    "tokio-per-core",
    "epoll",
    "go",
    "node",
    "socketserver-async",
    "socketserver-javascript",
    "socketserver-python",
    "asyncio",
    "python-threads",
    "python-forks",
    "tcpserver",
    "xinetd",
    "socket-activate",
];

/// Without the other languages of ours.
const EVERYONE_OF_OTHERS: &[&str] = &[
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
    "xinetd",
    "socket-activate",
];

const BULK: &[&str] = &[
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
const LOOPS: &[&str] = &[
    "socketserver",
    "tokio",
    "tokio-per-core",
    "epoll",
    "go",
    "node",
    "asyncio",
    "python-threads",
];

const NEAREST: &[&str] = &["socketserver", "tokio", "epoll"];

const fn clients(kind: Kind, clients: u32, open: Open) -> Load {
    Load::Clients { kind, clients, open }
}

const fn echo(
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
        service: Service::Echo,
        load: clients(kind, number, Open::Number(0)),
        operation,
        series: None,
        rounds: USUAL,
        peers,
    }
}

const fn http(name: &'static str, title: &'static str, wasi: Wasi, reuse: Reuse) -> Row {
    Row {
        name,
        title,
        service: Service::Http(Http { wasi, reuse }),
        load: clients(Kind::Http, 64, Open::Number(0)),
        operation: "request",
        series: None,
        rounds: TARGET,
        peers: &["socketserver", "wasmtime"],
    }
}

const fn fill(name: &'static str, title: &'static str, open: Open) -> Row {
    Row {
        load: clients(Kind::Fill, 64, open),
        ..echo(name, title, Kind::Fill, 64, CONNECTION, LOOPS)
    }
}

const fn neighbour(name: &'static str, column: &'static str, spinning: Open) -> Row {
    Row {
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

const fn start(name: &'static str, column: &'static str, cold: bool) -> Row {
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
const GROWING: &[&str] = &["socketserver", "tokio", "epoll", "go", "node", "python-threads"];

const fn growth_connect(name: &'static str, column: &'static str, open: u32) -> Row {
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

const fn growth_requests(name: &'static str, column: &'static str, open: u32) -> Row {
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
