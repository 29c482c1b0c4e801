//! xinetd: the extended internet services daemon, a process for each connection.

use std::fs;
use std::process::Command;

use anyhow::{Context as _, bail};
use nix::unistd::{User, geteuid};

use super::{CAT, Peer, first_line};
use crate::bench::row::Service;
use crate::bench::server::{Ready, Server, free_address};

pub(super) const XINETD: Peer = Peer {
    name: "xinetd",
    what: "xinetd, which forks and executes `cat` for each connection; its limits of rate and number are off, and its log is",
    install: "apt-get install xinetd",
    version: |_| {
        Ok(format!(
            "xinetd {}",
            first_line(Command::new("xinetd").arg("-version"))?
        ))
    },
    start: |stage, demand| {
        if demand.service != Service::Echo {
            bail!("it has no such service");
        }
        let user = User::from_uid(geteuid())?.context("this user has no name")?.name;
        let address = free_address()?;
        let configuration = format!(
            "defaults\n{{\n    instances = UNLIMITED\n    per_source = UNLIMITED\n    cps = 1000000 1\n    log_type = FILE /dev/null\n}}\n\
             service echo-stream\n{{\n    type = UNLISTED\n    socket_type = stream\n    protocol = tcp\n    wait = no\n    flags = NODELAY\n    \
             user = {user}\n    bind = {}\n    port = {}\n    server = {CAT}\n}}\n",
            address.ip(),
            address.port()
        );
        let file = stage.folder.join("xinetd.conf");
        fs::write(&file, configuration).with_context(|| format!("cannot write {}", file.display()))?;
        let mut command = Command::new("xinetd");
        command.arg("-dontfork").arg("-f").arg(&file);
        command.arg("-pidfile").arg(stage.folder.join("xinetd.pid"));
        Server::start("xinetd", &mut command, stage.cores, Ready::Accepts(address))
    },
};
