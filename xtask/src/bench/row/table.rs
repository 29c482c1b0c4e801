//! All rows, in the order of the report.

use super::shape::{
    BULK, CONNECTION, EVERYONE, FEW, LOOPS, NEAREST, ONCE, TARGET, THOUSANDS, clients, echo, fill, growth_connect,
    growth_requests, http, neighbour, start,
};
use super::{Open, Reuse, Row, Service, Wasi};
use crate::bench::load::Kind;

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
        note: "What 5,000 sandboxes have used has to be used again.",
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
    Row {
        note: "All clients connect at once. xinetd has no figure: its backlog of 64 cannot be changed, and who finds it full tries again \
               after seconds.",
        rounds: FEW,
        ..echo(
            "requests-1000",
            "64-byte round trips; 1,000 connections",
            Kind::Requests,
            1_000,
            "request",
            THOUSANDS,
        )
    },
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
        note: "The server sends the time (RFC 868) without waiting for a word, so its handler has begun when the first byte is there; what \
               ours takes longer than native is the price of a fresh sandbox until its first instruction.",
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
        note: "Redis has one set of keys for all; with ours each connection has its own, in its sandbox.",
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
        note: "nginx answers from its configuration and runs no component: a floor, and no rival.",
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
        note: "What is left after closing may serve the next connections: it is a leak only if it grows when as many come again. Memory of \
               the kernel for sockets, some KiB on either side, is in none of the figures.",
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
        note: "Until a server does not answer a further one, or has as many as a process may open files.",
        rounds: ONCE,
        ..fill(
            "idle-most",
            "as many idle connections as this machine allows in a process",
            Open::Most,
        )
    },
    Row {
        note: "More than a process may have open here: of the server, and of its clients. Each is asked once more when all are open, and \
               answers.",
        load: clients(Kind::Crowd, 64, Open::Beyond(50_000)),
        rounds: ONCE,
        ..echo(
            "idle-50k",
            "50,000 idle connections, in 4 workers",
            Kind::Crowd,
            64,
            CONNECTION,
            &["socketserver"],
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
