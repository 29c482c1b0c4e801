//! systemd's tool that accepts in place of a socket unit with `Accept=yes`: a process for each connection.

use std::process::Command;

use anyhow::bail;

use super::{CAT, Peer, first_line};
use crate::bench::row::Service;
use crate::bench::server::{Ready, Server, free_address};

pub(super) const SOCKET_ACTIVATE: Peer = Peer {
    name: "socket-activate",
    what: "`systemd-socket-activate --accept --inetd`, which forks and executes `cat` for each connection; a test tool, without the \
           unit and the control group that systemd itself makes for each",
    install: "apt-get install systemd",
    version: |_| first_line(Command::new("systemd-socket-activate").arg("--version")),
    start: |stage, demand| {
        if demand.service != Service::Echo {
            bail!("it has no such service");
        }
        let address = free_address()?;
        let mut command = Command::new("systemd-socket-activate");
        command.args(["--accept", "--inetd", "--listen", &address.to_string(), CAT]);
        // It would log each connection.
        command.env("SYSTEMD_LOG_LEVEL", "err");
        Server::start("socket-activate", &mut command, stage.cores, Ready::Accepts(address))
    },
};
