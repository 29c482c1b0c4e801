//! Node.js.

use std::process::Command;

use super::{Peer, Stage, first_line, word};
use crate::bench::server::{Ready, Server};

pub(super) const NODE: Peer = Peer {
    name: "node",
    what: "Node.js: one thread, `socket.pipe(socket)`",
    install: "apt-get install nodejs",
    version: |_| {
        Ok(format!(
            "Node.js {}",
            first_line(Command::new("node").arg("--version"))?
        ))
    },
    start: |stage, demand| {
        let mut command = Command::new("node");
        command.arg(Stage::source("server.mjs")).arg(word(demand.service)?);
        Server::start("node", &mut command, stage.cores, Ready::Output("listening "))
    },
};
