//! D. J. Bernstein's tcpserver: a process for each connection.

use std::process::Command;

use anyhow::bail;

use super::{CAT, Peer, first_line};
use crate::bench::row::Service;
use crate::bench::server::{Ready, Server};

pub(super) const TCPSERVER: Peer = Peer {
    name: "tcpserver",
    what: "tcpserver of ucspi-tcp, which forks and executes `cat` for each connection",
    install: "apt-get install ucspi-tcp",
    version: |_| {
        first_line(&mut Command::new("tcpserver"))?;
        // It does not tell its version; only those who have packed it do.
        let mut package = Command::new("dpkg-query");
        let version = first_line(package.args(["-W", "-f", "${Version}", "ucspi-tcp"]));
        Ok(format!(
            "ucspi-tcp {}",
            version.unwrap_or_else(|_| "of unknown version".into())
        ))
    },
    start: |stage, demand| {
        if demand.service != Service::Echo {
            bail!("it has no such service");
        }
        let connections = (demand.connections + 200).to_string();
        let mut command = Command::new("tcpserver");
        // `-1` prints the port; `-HRl0` looks nothing up; `-D` sends small writes at once.
        command.args(["-1", "-H", "-R", "-l", "0", "-D", "-b", "1024", "-c", &connections]);
        command.args(["127.0.0.1", "0", CAT]);
        Server::start("tcpserver", &mut command, stage.cores, Ready::Port)
    },
};
