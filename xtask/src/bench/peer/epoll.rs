//! C on epoll, without a runtime.

use std::process::Command;

use super::{Peer, Stage, compile, first_line, word};
use crate::bench::server::{Ready, Server};

pub(super) const EPOLL: Peer = Peer {
    name: "epoll",
    what: "C on epoll: one thread, level-triggered, no allocation for a connection",
    install: "apt-get install gcc libc6-dev",
    version: |_| first_line(Command::new("cc").arg("--version")),
    start: |stage, demand| {
        let program = stage.folder.join("epoll");
        if !program.exists() {
            compile(
                Command::new("cc")
                    .args(["-std=gnu11", "-O2", "-Wall", "-Wextra", "-o"])
                    .arg(&program)
                    .arg(Stage::source("epoll.c")),
            )?;
        }
        let mut command = Command::new(program);
        command.arg(word(demand.service)?);
        Server::start("epoll", &mut command, stage.cores, Ready::Output("listening "))
    },
};
