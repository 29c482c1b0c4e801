//! Redis itself.

use std::process::Command;

use anyhow::bail;

use super::{Peer, first_line};
use crate::bench::row::Service;
use crate::bench::server::{Ready, Server, free_address};

pub(super) const REDIS: Peer = Peer {
    name: "redis",
    what: "Redis, one thread, without persistence",
    install: "apt-get install redis-server",
    version: |_| first_line(Command::new("redis-server").arg("--version")),
    start: |stage, demand| {
        if demand.service != Service::Resp {
            bail!("it has no such service");
        }
        let address = free_address()?;
        let mut command = Command::new("redis-server");
        command
            .args(["--bind", &address.ip().to_string()])
            .args(["--port", &address.port().to_string()])
            // What comes from other loopback addresses than 127.0.0.1 is refused otherwise.
            .args(["--protected-mode", "no"])
            .args(["--save", "", "--appendonly", "no", "--daemonize", "no", "--dir"])
            .arg(&stage.folder);
        Server::start("redis", &mut command, stage.cores, Ready::Accepts(address))
    },
};
